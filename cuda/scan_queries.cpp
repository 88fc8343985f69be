#include "scan_queries.hpp"

#include "compute/scan_queries.hpp"

#include <cstring>

namespace learndock::cuda {
namespace {

using compute::CodeType;

ScanTerms device_terms(const compute::ScanQueries::Terms& terms) {
  return {terms.step,     terms.offset,       terms.vector_norm, terms.vector_error,
          terms.residual, terms.squared_norm, terms.rounding};
}

std::int32_t byte_sum(std::int32_t word) {
  std::int32_t sum = 0;
  for (int byte = 0; byte < 4; ++byte) sum += static_cast<std::int8_t>(word >> (8 * byte));
  return sum;
}

/// The CPU takes byte codes as 0..255, the device as -128..127: v = 2 (q - 128) + 1, so the constant is -sum
/// p.
float byte_offset(const compute::ScanQueries& query) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < query.words.size(); ++i)
    sum += byte_sum(query.words[i]) * (query.bytes == 2 && i % 2 == 0 ? 128 : 1);
  return -static_cast<float>(sum);
}

}  // namespace

HostQueries host_queries(const compute::ScanCodesView& codes, std::span<const compute::EmbeddingView> queries,
                         unsigned query_bytes, std::uint32_t at_once) {
  const bool whole = codes.type == CodeType::int8 || codes.type == CodeType::int4;
  HostQueries host;
  host.at_once = at_once;
  host.bytes = whole ? query_bytes : 1;
  host.words_each = static_cast<std::uint32_t>(codes.padded_dimension() / (whole ? 4 : 1));
  host.groups = static_cast<std::uint32_t>((queries.size() + at_once - 1) / at_once);
  host.words.assign(host.padded_count() * host.words_each * host.bytes, 0);
  host.terms.resize(host.padded_count());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    // One query at a time, so that its byte lanes are interleaved word by word.
    const compute::ScanQueries one =
        compute::prepare_queries(codes.type, codes.padded_dimension(), queries.subspan(q, 1), query_bytes);
    host.terms[q] = device_terms(one.terms.front());
    if (codes.type == CodeType::int8) host.terms[q].offset = byte_offset(one);
    for (std::size_t g = 0; g < host.words_each; ++g)
      for (std::size_t lane = 0; lane < host.bytes; ++lane) {
        const std::size_t from = g * host.bytes + lane;
        std::uint32_t& word =
            host.words[((q / at_once * host.words_each + g) * at_once + q % at_once) * host.bytes + lane];
        if (whole)
          word = static_cast<std::uint32_t>(one.words[from]);
        else
          std::memcpy(&word, &one.values[from], sizeof word);
      }
  }
  return host;
}

}  // namespace learndock::cuda
