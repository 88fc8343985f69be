#include "text/fold_case.hpp"

#include "text/code_points.hpp"
#include "text/unicode.hpp"

namespace learndock::text {
namespace {

constexpr char32_t kSigma = 0x3A3, kFinalSigma = 0x3C2, kDottedI = 0x130, kDotAbove = 0x307;

/// Whether a letter has case; decided for letters beside which a capital sigma can occur.
bool cased(char32_t point) {
  if (point < 0x80) return (point | 0x20) >= U'a' && (point | 0x20) <= U'z';
  return (point >= 0xC0 && point < 0x250) || (point >= 0x370 && point < 0x530) ||
         (point >= 0x1E00 && point < 0x2000);
}

}  // namespace

std::string fold_case(std::string_view utf8) {
  const std::u32string points = to_code_points(utf8);
  std::u32string folded;
  folded.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i] == kSigma && i > 0 && cased(points[i - 1]) &&
        (i + 1 == points.size() || !cased(points[i + 1]))) {
      folded += kFinalSigma;
    } else if (points[i] == kDottedI) {
      folded += {U'i', kDotAbove};
    } else {
      folded += to_lower(points[i]);
    }
  }
  return to_utf8(folded);
}

}  // namespace learndock::text
