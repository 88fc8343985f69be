#include "package/file_text.hpp"

#include "base/utf8.hpp"

#include <utility>

namespace learndock::package {
bool is_marked_utf16(std::string_view bytes) {
  return bytes.starts_with(kUtf16LittleMark) || bytes.starts_with(kUtf16BigMark);
}

std::optional<std::string> text_of_file(std::string_view bytes) {
  if (is_marked_utf16(bytes)) {
    Utf16Text decoded = decode_utf16(bytes.substr(2), bytes.starts_with(kUtf16BigMark));
    if (decoded.read_bytes + 2 != bytes.size()) return std::nullopt;
    return std::move(decoded.text);
  }
  if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
  if (!is_utf8(bytes)) return std::nullopt;
  return std::string(bytes);
}

}  // namespace learndock::package
