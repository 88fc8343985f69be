#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace learndock {

// The one UTF-8 decoder of the program. `text` adds what needs Unicode's tables: case and normal forms.

/// Takes the first code point off `text`; nothing if it is not well-formed UTF-8 (overlong forms, surrogates
/// and values beyond U+10FFFF included).
[[nodiscard]] std::optional<char32_t> take_code_point(std::string_view& text);
/// The whole text as code points; nothing if any part is ill-formed.
[[nodiscard]] std::optional<std::u32string> decode_utf8(std::string_view text);
/// Whether every part of the text is well-formed.
[[nodiscard]] bool is_utf8(std::string_view text);
/// Whether a code point begins with this byte of well-formed UTF-8.
[[nodiscard]] constexpr bool begins_code_point(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
}
void append_utf8(std::string& out, char32_t code_point);

/// What a text file may begin with; it tells the encoding and is no part of the text.
inline constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
inline constexpr std::string_view kUtf16LittleMark = "\xFF\xFE", kUtf16BigMark = "\xFE\xFF";

/// A text of UTF-16 as UTF-8, up to the first bytes that are none: an odd byte at the end, or a surrogate
/// that is not one of a pair.
struct Utf16Text {
  std::string text;
  std::size_t read_bytes = 0;  ///< all when the whole is well-formed
};
/// @param bytes  without a mark
[[nodiscard]] Utf16Text decode_utf16(std::string_view bytes, bool big_endian);
/// The length of that text in UTF-8. @cost one pass, no memory
[[nodiscard]] std::size_t utf8_length_of_utf16(std::string_view bytes, bool big_endian);

/// C0 and C1 controls and DEL.
[[nodiscard]] bool is_control(char32_t code_point);
/// Characters that reorder the text around them: embeddings, overrides, isolates.
[[nodiscard]] bool is_bidi_control(char32_t code_point);
/// Invisible characters that reorder or break what a reader sees (bidirectional controls, line separators,
/// BOM).
[[nodiscard]] bool is_deceptive(char32_t code_point);

/// Characters that show nothing at all, or change their neighbours: deceptive ones, joiners, fillers,
/// selectors, tags.
[[nodiscard]] bool is_invisible(char32_t code_point);

// The next two are the rules for texts that come into a dock: no text may look like another, and none may act
// on a terminal. Texts that were stored under older rules are still read.

/// For names and ids, one line that shows as it is written: UTF-8 without control and invisible characters,
/// and with no spaces but U+0020 and the wide U+3000.
[[nodiscard]] bool is_plain_name(std::string_view text);
/// For descriptions: UTF-8 without control characters but line breaks and tabs.
[[nodiscard]] bool is_plain_text(std::string_view text);

/// The bytes as text for a message: everything but plain visible text becomes \xNN, and text longer than
/// `max_shown` is cut.
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t max_shown = 200);

}  // namespace learndock
