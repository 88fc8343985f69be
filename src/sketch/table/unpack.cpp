#include "sketch/table/unpack.hpp"

#include "sketch/table/foreign_format.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::sketch {

Result<std::optional<std::string>> unpack(std::string_view bytes, std::size_t limit,
                                          std::string_view source) {
  const bool gzip = bytes.starts_with("\x1F\x8B");
  if (!gzip && !bytes.starts_with("\x28\xB5\x2F\xFD")) return std::nullopt;
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
