// The only file that includes utf8proc. It gets code points that base's decoder has read, never bytes.
#include "text/unicode.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "text/code_points.hpp"

#include <algorithm>
#include <array>
#include <utf8proc.h>
#include <vector>

namespace learndock::text {
namespace {

using Points = std::vector<utf8proc_int32_t>;

/// Unicode's longest full decomposition of one code point has four, and case folding makes three at most.
constexpr std::size_t kMostOfOne = 18;

int combining_class(utf8proc_int32_t point) { return utf8proc_get_property(point)->combining_class; }

/// Each code point decomposed, marks not yet in order.
Points decomposed(std::u32string_view text, int options) {
  Points out;
  out.reserve(text.size());
  std::array<utf8proc_int32_t, kMostOfOne> parts{};
  for (const char32_t point : text) {
    const auto one = static_cast<utf8proc_int32_t>(point);
    const auto count = utf8proc_decompose_char(one, parts.data(), static_cast<utf8proc_ssize_t>(parts.size()),
                                               static_cast<utf8proc_option_t>(options), nullptr);
    if (count < 1 || count > static_cast<utf8proc_ssize_t>(parts.size()))
      out.push_back(one);  // cannot be, for code points that were decoded
    else
      out.insert(out.end(), parts.begin(), parts.begin() + count);
  }
  return out;
}

/// Unicode's canonical order: runs of marks sorted by their class. utf8proc's own sort is quadratic in the
/// run.
void sort_marks(Points& points) {
  for (auto at = points.begin(); at != points.end();) {
    const auto begin = std::find_if(at, points.end(), [](auto point) { return combining_class(point) != 0; });
    at = std::find_if(begin, points.end(), [](auto point) { return combining_class(point) == 0; });
    std::stable_sort(begin, at, [](auto a, auto b) { return combining_class(a) < combining_class(b); });
  }
}

std::optional<std::string> normalised(std::string_view utf8, int options) {
  const auto points = decode_utf8(utf8);
  if (!points) return std::nullopt;
  Points parts = decomposed(*points, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | options);
  sort_marks(parts);
  const auto length =
      utf8proc_normalize_utf32(parts.data(), static_cast<utf8proc_ssize_t>(parts.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (length < 0) return std::nullopt;  // cannot be: composing only shortens
  parts.resize(static_cast<std::size_t>(length));
  return to_utf8(std::u32string(parts.begin(), parts.end()));
}

}  // namespace

char32_t to_lower(char32_t point) {
  if (point < 0x80) return point >= U'A' && point <= U'Z' ? point + 32 : point;
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(point)));
}

bool is_mark(char32_t point) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(point));
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME;
}

// Most names are ASCII, which is its own normal form.
std::optional<std::string> to_nfc(std::string_view utf8) {
  return is_ascii(utf8) ? std::string(utf8) : normalised(utf8, 0);
}

std::string fold_name(std::string_view utf8) {
  if (is_ascii(utf8)) return lower(utf8);
  return normalised(utf8, UTF8PROC_CASEFOLD).value_or(std::string(utf8));
}

}  // namespace learndock::text
