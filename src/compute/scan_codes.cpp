#include "learndock/compute/scan_codes.hpp"

#include "compute/checks.hpp"
#include "compute/half.hpp"
#include "numeric/sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

namespace learndock::compute {
namespace {

float rounded_up(double value) {
  return std::nextafter(static_cast<float>(value), std::numeric_limits<float>::infinity());
}
float rounded_down(double value) { return std::nextafter(static_cast<float>(value), 0.0F); }

/// A coded vector v, its scale t in a ~ t v, and |a - t v|.
struct Code {
  std::vector<double> vector;
  double scale = 0, error = 0, inverse_norm = 0;
};

/// The best scale also makes a - t v orthogonal to v, which the bound's proof needs; that t is rounded to
/// fp32 is within the scans' allowance for rounding.
void measure(Code& code, std::span<const double> a) {
  const double norm = numeric::dot(code.vector, code.vector);
  code.scale = norm > 0 ? static_cast<double>(static_cast<float>(numeric::dot(a, code.vector) / norm)) : 1;
  double error = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double difference = a[k] - code.scale * code.vector[k];
    error += difference * difference;
  }
  code.error = std::sqrt(error);
  code.inverse_norm = norm > 0 ? 1 / norm : 0;
}

/// The uniform quantiser with `levels` odd integers whose range, a share of the largest coordinate, leaves
/// the smallest error.
Code quantised(std::span<const double> a, int levels) {
  double largest = 0;
  for (const double value : a) largest = std::max(largest, std::abs(value));
  Code best;
  best.error = std::numeric_limits<double>::infinity();
  for (const double share : {1.0, 0.85, 0.7, 0.6, 0.5, 0.4, 0.3}) {
    if (levels > 16 && share < 0.85) break;  // clipping pays only when steps are coarse
    const double step = share * largest / (levels - 1);
    Code code;
    for (const double value : a) {
      const double q = step > 0 ? std::round((value / step + (levels - 1)) / 2) : levels / 2;
      code.vector.push_back(2 * std::clamp(q, 0.0, levels - 1.0) - (levels - 1));
    }
    measure(code, a);
    if (code.error < best.error) best = std::move(code);
  }
  return best;
}

Code floating(std::span<const double> a, bool half) {
  Code code;
  for (const double value : a) {
    const auto single = static_cast<float>(value);
    code.vector.push_back(static_cast<double>(half ? from_half(to_half(single)) : single));
  }
  measure(code, a);
  return code;
}

Code make_code(CodeType type, std::span<const double> a) {
  switch (type) {
    case CodeType::fp32:
      return floating(a, false);
    case CodeType::fp16:
      return floating(a, true);
    case CodeType::int8:
      return quantised(a, 256);
    case CodeType::int4:
      return quantised(a, 16);
  }
  return {};
}

void store(CodeType type, const Code& code, std::size_t lane, std::byte* block) {
  for (std::size_t k = 0; k < code.vector.size(); ++k) {
    const double v = code.vector[k];
    if (type == CodeType::fp32) {
      const auto value = static_cast<float>(v);
      std::memcpy(block + (k * kBlockItems + lane) * 4, &value, 4);
    } else if (type == CodeType::fp16) {
      const std::uint16_t value = to_half(static_cast<float>(v));
      std::memcpy(block + (k * kBlockItems + lane) * 2, &value, 2);
    } else if (type == CodeType::int8) {
      block[k / 4 * 4 * kBlockItems + lane * 4 + k % 4] =
          static_cast<std::byte>(static_cast<int>((v + 255) / 2));
    } else {
      const auto q = static_cast<unsigned>((v + 15) / 2);
      std::byte& pair = block[k / 8 * 4 * kBlockItems + lane * 4 + k % 4];
      pair |= static_cast<std::byte>(k % 8 < 4 ? q : q << 4);
    }
  }
}

constexpr std::array<std::string_view, 4> kTypeNames = {"fp32", "fp16", "int8", "int4"};

}  // namespace

std::string_view code_type_name(CodeType type) { return kTypeNames[static_cast<std::size_t>(type)]; }

std::optional<CodeType> code_type_of_name(std::string_view name) {
  const auto found = std::find(kTypeNames.begin(), kTypeNames.end(), name);
  if (found == kTypeNames.end()) return std::nullopt;
  return static_cast<CodeType>(found - kTypeNames.begin());
}

std::size_t ScanCodesView::block_bytes() const {
  constexpr std::array<std::size_t, 4> kHalfBytes = {8, 4, 2, 1};
  return padded_dimension() * kBlockItems * kHalfBytes[static_cast<std::size_t>(type)] / 2;
}

double ScanCodesView::code_value(std::size_t item, std::size_t k) const {
  const std::byte* const block = codes + item / kBlockItems * block_bytes();
  const std::size_t lane = item % kBlockItems;
  if (type == CodeType::fp32) {
    float value = 0;
    std::memcpy(&value, block + (k * kBlockItems + lane) * 4, 4);
    return static_cast<double>(value);
  }
  if (type == CodeType::fp16) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, block + (k * kBlockItems + lane) * 2, 2);
    return static_cast<double>(from_half(bits));
  }
  if (type == CodeType::int8)
    return 2.0 * std::to_integer<int>(block[k / 4 * 4 * kBlockItems + lane * 4 + k % 4]) - 255;
  const auto pair = std::to_integer<unsigned>(block[k / 8 * 4 * kBlockItems + lane * 4 + k % 4]);
  return 2.0 * (k % 8 < 4 ? pair & 15U : pair >> 4U) - 15;
}

bool ScanCodesView::is_padding(std::size_t item) const {
  return std::isinf(factor(item, Factor::squared_norm));
}

std::size_t ScanCodes::open_lane() {
  const std::size_t lane = count_ % kBlockItems;
  if (lane != 0) return lane;
  codes_.resize(codes_.size() + ScanCodesView{type_, nullptr, nullptr, 0, dimension_}.block_bytes());
  factors_.resize(factors_.size() + kFactors * kBlockItems, 0.0F);
  std::fill_n(factors_.end() - kBlockItems * 2, kBlockItems, std::numeric_limits<float>::infinity());
  return lane;
}

void ScanCodes::close_block() { count_ = (count_ + kBlockItems - 1) / kBlockItems * kBlockItems; }

/// A lane's bytes of a block lie `width` together, one such piece in each row of 32.
void ScanCodes::add_coded(const ScanCodesView& other, std::size_t item) {
  assert(type_ == other.type && dimension_ == other.dimension && item < other.count);
  const std::size_t lane = open_lane(), from = item % kBlockItems, bytes = other.block_bytes();
  const std::size_t width = type_ == CodeType::fp16 ? 2 : 4, row = width * kBlockItems;
  const std::byte* const source = other.codes + item / kBlockItems * bytes + from * width;
  std::byte* const target = codes_.data() + count_ / kBlockItems * bytes + lane * width;
  for (std::size_t at = 0; at < bytes; at += row) std::memcpy(target + at, source + at, width);
  const float* const factors = other.factors + item / kBlockItems * kFactors * kBlockItems + from;
  float* const own = factors_.data() + count_ / kBlockItems * kFactors * kBlockItems + lane;
  for (std::size_t f = 0; f < kFactors; ++f) own[f * kBlockItems] = factors[f * kBlockItems];
  ++count_;
}

Result<void> ScanCodes::add(const EmbeddingView& embedding) {
  const auto& a = embedding.coordinates;
  if (a.size() != dimension_)
    return fail(ErrorCode::invalid_argument,
                fmt::format("an embedding has {} coordinates, expected {}", a.size(), dimension_));
  LEARNDOCK_CHECK(check_embedding(embedding));
  const double half_limit = 65504;
  if (type_ == CodeType::fp16 &&
      std::any_of(a.begin(), a.end(), [=](double value) { return std::abs(value) > half_limit; }))
    return fail(ErrorCode::invalid_argument, "an embedding's coordinates are beyond half precision");
  const std::size_t lane = open_lane(), bytes = view().block_bytes();
  const Code code = make_code(type_, a);
  store(type_, code, lane, codes_.data() + count_ / kBlockItems * bytes);
  float* const factors = factors_.data() + count_ / kBlockItems * kFactors * kBlockItems + lane;
  const std::array<float, kFactors> values = {
      static_cast<float>(code.scale), rounded_up(code.error), rounded_up(embedding.residual),
      rounded_down(embedding.squared_norm), rounded_down(code.inverse_norm)};
  for (std::size_t f = 0; f < kFactors; ++f) factors[f * kBlockItems] = values[f];
  ++count_;
  return {};
}

void ScanCodes::append(const ScanCodes& other) {
  assert(count_ % kBlockItems == 0 && type_ == other.type_ && dimension_ == other.dimension_);
  codes_.insert(codes_.end(), other.codes_.begin(), other.codes_.end());
  factors_.insert(factors_.end(), other.factors_.begin(), other.factors_.end());
  count_ += other.count_;
}

ScanCodesView ScanCodes::view() const { return {type_, codes_.data(), factors_.data(), count_, dimension_}; }

}  // namespace learndock::compute
