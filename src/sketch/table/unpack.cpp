#include "sketch/table/unpack.hpp"

#include "sketch/table/foreign_format.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::sketch {
namespace {

constexpr std::string_view kGzip = "\x1F\x8B", kZstd = "\x28\xB5\x2F\xFD";

}  // namespace

bool is_packed(std::string_view bytes) { return bytes.starts_with(kGzip) || bytes.starts_with(kZstd); }

Result<std::optional<std::string>> unpack(std::string_view bytes, std::size_t limit,
                                          std::string_view source) {
  if (!is_packed(bytes)) return std::nullopt;
  const bool gzip = bytes.starts_with(kGzip);
  if (limit == 0)
    return fail(
        ErrorCode::table_format, fmt::format("the table is packed by {}", gzip ? "gzip" : "zstd"), {},
        fmt::format("unpack it first: {} -dc {} > table.csv", gzip ? "gzip" : "zstd", path_word(source)));
  LEARNDOCK_TRY(std::string content, gzip ? unpack_gzip(bytes, limit) : unpack_zstd(bytes, limit));
  return std::optional(std::move(content));
}

Result<void> grow(std::string& content, std::size_t used, std::size_t limit) {
  constexpr std::size_t kLeast = std::size_t{64} << 10;
  if (used < content.size()) return {};
  if (used >= limit)
    return fail(ErrorCode::too_large, fmt::format("the file unpacks to more than {} bytes", limit), {},
                "unpack it and keep a random sample of the rows");
  content.resize(std::min(limit, std::max(kLeast, 2 * used)));
  return {};
}

}  // namespace learndock::sketch
