#pragma once

#include "learndock/base/result.hpp"

#include "http/http_head.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace learndock::http {

/// Takes the content of a body out of its framing (RFC 9112, 6 and 7), by rules as strict as http_head.hpp's.
/// It knows no sockets and throws nothing. Everything but content is bounded: one chunk header, all trailers,
/// and all framing together in relation to the content. So no client can send bytes without end that do not
/// count.
class BodyReader {
 public:
  struct Limits {
    std::uint64_t content = 0;
    std::size_t framing = std::size_t{16} << 10;  ///< one chunk header, and all trailers
    std::size_t trailer_fields = 100;
  };

  /// The reader of the body that this head announces. The head's bytes are not read again: no second parser
  /// can see another body in them.
  static BodyReader of_head(const RequestHead& head, const Limits& limits);
  static BodyReader of_length(std::uint64_t bytes, const Limits& limits);
  static BodyReader chunked(const Limits& limits);
  /// A body that ends where its connection ends: it is never `done`.
  static BodyReader until_close(const Limits& limits);

  /// Reads as much of `received` as belongs to the body, appends the content to `content` and returns how
  /// many bytes it read; the rest belongs to what follows the body. Not to be called again after an error.
  /// @errors http_request (framing that is not RFC 9112), http_header_size (a chunk header or trailers above
  ///         the limit), too_large (content above the limit)
  [[nodiscard]] Result<std::size_t> take(std::string_view received, std::string& content);

  [[nodiscard]] bool done() const { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    plain,
    until_close,
    size,
    before_extension,
    extension,
    size_end,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_end,
    done
  };
  BodyReader(State state, const Limits& limits) : state_(state), limits_(limits) {}

  [[nodiscard]] Result<std::size_t> take_content(std::string_view received, std::string& content);
  [[nodiscard]] Result<void> take_framing(char byte);
  [[nodiscard]] Result<void> take_size(char byte);
  [[nodiscard]] Result<void> take_extension(char byte);
  [[nodiscard]] Result<void> take_trailer(char byte);
  [[nodiscard]] Result<void> begin_chunk();
  [[nodiscard]] Result<void> end_trailer_line();
  [[nodiscard]] Result<void> expect(char byte, char wanted, State next, const char* where);

  State state_;
  Limits limits_;
  std::uint64_t left_ = 0;      ///< content until the next framing
  std::uint64_t content_ = 0;   ///< content so far
  std::uint64_t framing_ = 0;   ///< everything else so far
  std::size_t digits_ = 0;      ///< digits of the chunk size being read
  std::size_t line_bytes_ = 0;  ///< bytes of the chunk header being read, or of all trailers
  std::size_t fields_ = 0;      ///< trailers so far
  std::string line_;            ///< the trailer being read
};

}  // namespace learndock::http
