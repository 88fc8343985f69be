#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace learndock::text {

// What needs the tables of Unicode. utf8proc has them, as the distribution ships it: version 15.0 in Debian
// 12 and later ones elsewhere. Unicode never changes the normal form of a character that it has assigned, nor
// its lower case, so that every system gives the same answers for the characters of version 15.0. Characters
// that the tables do not know yet stay as they are.

/// The simple lower case of a code point; itself when there is none.
[[nodiscard]] char32_t to_lower(char32_t point);

/// Whether the code point is drawn on the letter before it: accents, vowel signs without a width of their
/// own.
[[nodiscard]] bool is_mark(char32_t point);

/// The text in normal form C: one spelling for all texts that look the same because they are ("e" and an
/// accent, or one letter). Nothing if it is not UTF-8.
/// @cost n log n in the longest run of marks; the result has at most three times the bytes
[[nodiscard]] std::optional<std::string> to_nfc(std::string_view utf8);

/// The same text for all names that differ only in case or in spelling, by Unicode's full case folding: a
/// file system that ignores case takes them for one. What is not UTF-8 stays as it is.
[[nodiscard]] std::string fold_name(std::string_view utf8);

}  // namespace learndock::text
