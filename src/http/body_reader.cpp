#include "http/body_reader.hpp"

#include "base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace learndock::http {
namespace {

constexpr std::size_t kMaxSizeDigits = 16;  // 64 bits
/// A chunk of one byte costs "1\r\n" and "\r\n". An honest client may need twice that.
constexpr std::uint64_t kFramingPerByte = 10;
/// Fields that would change how the message is read, had they been in its header (RFC 9110, 6.5.1).
constexpr std::array<std::string_view, 4> kNeverTrailers{"content-length", "transfer-encoding", "host",
                                                         "authorization"};

Failure bad_body(std::string message) {
  return fail(ErrorCode::http_request, std::move(message), "chunked body",
              "send chunks as RFC 9112, section 7.1 defines them");
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

}  // namespace

BodyReader BodyReader::of_head(const RequestHead& head, const Limits& limits) {
  return head.chunked ? chunked(limits) : of_length(head.content_length.value_or(0), limits);
}

BodyReader BodyReader::of_length(std::uint64_t bytes, const Limits& limits) {
  BodyReader reader(bytes == 0 ? State::done : State::plain, limits);
  reader.left_ = bytes;
  return reader;
}

BodyReader BodyReader::chunked(const Limits& limits) { return {State::size, limits}; }
BodyReader BodyReader::until_close(const Limits& limits) { return {State::until_close, limits}; }

Result<std::size_t> BodyReader::take(std::string_view received, std::string& content) {
  std::size_t used = 0;
  while (used < received.size() && !done()) {
    if (state_ == State::plain || state_ == State::until_close || state_ == State::data) {
      LEARNDOCK_TRY(const std::size_t got, take_content(received.substr(used), content));
      used += got;
    } else {
      LEARNDOCK_CHECK(take_framing(received[used]));
      ++used;
    }
  }
  return used;
}

Result<std::size_t> BodyReader::take_content(std::string_view received, std::string& content) {
  std::size_t bytes = received.size();
  if (state_ != State::until_close) bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, left_));
  if (bytes > limits_.content - content_)
    return fail(ErrorCode::too_large, fmt::format("the body is longer than {} bytes", limits_.content));
  content.append(received.substr(0, bytes));
  content_ += bytes;
  if (state_ == State::until_close) return bytes;
  left_ -= bytes;
  if (left_ == 0) state_ = state_ == State::plain ? State::done : State::data_cr;
  return bytes;
}

Result<void> BodyReader::take_framing(char byte) {
  ++framing_;
  switch (state_) {
    case State::size:
      return take_size(byte);
    case State::before_extension:
    case State::extension:
      return take_extension(byte);
    case State::size_end:
      if (byte != '\n') return bad_body("a chunk size does not end in CR LF");
      return begin_chunk();
    case State::data_cr:
      return expect(byte, '\r', State::data_lf, "a chunk");
    case State::data_lf:
      line_bytes_ = 0;
      return expect(byte, '\n', State::size, "a chunk");
    case State::trailer:
      return take_trailer(byte);
    case State::trailer_end:
      if (byte != '\n') return bad_body("a trailer line has a CR without LF");
      return end_trailer_line();
    default:
      return fail(ErrorCode::internal, "a body was read on after its end");
  }
}

Result<void> BodyReader::take_size(char byte) {
  const int digit = hex_value(byte);
  if (digit >= 0) {
    if (++digits_ > kMaxSizeDigits) return bad_body("a chunk size has more than 16 digits");
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    return {};
  }
  if (digits_ == 0) return bad_body("a chunk does not begin with its size as a hexadecimal number");
  if (byte == '\r')
    state_ = State::size_end;
  else if (byte == ';')
    state_ = State::extension;
  else if (is_blank(byte))
    state_ = State::before_extension;
  else
    return bad_body("a chunk size is not a hexadecimal number");
  return {};
}

/// Extensions mean nothing here. They only have to end, where every other program sees the end too.
Result<void> BodyReader::take_extension(char byte) {
  if (++line_bytes_ > limits_.framing)
    return fail(ErrorCode::http_header_size,
                fmt::format("the extensions of a chunk have more than {} bytes", limits_.framing),
                "chunked body", "leave chunk extensions out; none is used here");
  if (byte == '\r') {
    state_ = State::size_end;
    return {};
  }
  if (is_control(byte)) return bad_body("a chunk extension holds a control character");
  if (state_ == State::extension || is_blank(byte)) return {};
  if (byte != ';') return bad_body("a chunk size is followed by something else than an extension");
  state_ = State::extension;
  return {};
}

Result<void> BodyReader::begin_chunk() {
  digits_ = 0;
  line_bytes_ = 0;
  if (left_ > limits_.content - content_)
    return fail(ErrorCode::too_large, fmt::format("the body is longer than {} bytes", limits_.content));
  // limits_.content may be near 2^64: divide instead of multiplying.
  if (framing_ > limits_.framing && (framing_ - limits_.framing) / kFramingPerByte > content_)
    return bad_body("the framing of the chunks is far longer than their content");
  state_ = left_ == 0 ? State::trailer : State::data;
  return {};
}

Result<void> BodyReader::take_trailer(char byte) {
  if (++line_bytes_ > limits_.framing)
    return fail(ErrorCode::http_header_size,
                fmt::format("the trailers have more than {} bytes", limits_.framing), "chunked body",
                "leave trailers out; none is used here");
  if (byte == '\r') {
    state_ = State::trailer_end;
    return {};
  }
  if (byte == '\n') return bad_body("a trailer line ends in LF without CR");
  line_ += byte;
  return {};
}

Result<void> BodyReader::end_trailer_line() {
  if (line_.empty()) {
    state_ = State::done;
    return {};
  }
  LEARNDOCK_TRY(const auto field, parse_field(line_));
  if (std::find(kNeverTrailers.begin(), kNeverTrailers.end(), field.first) != kNeverTrailers.end())
    return bad_body(fmt::format("{} is not allowed as a trailer", field.first));
  if (++fields_ > limits_.trailer_fields)
    return fail(ErrorCode::http_header_size,
                fmt::format("there are more than {} trailers", limits_.trailer_fields), "chunked body",
                "leave trailers out; none is used here");
  line_.clear();
  state_ = State::trailer;
  return {};
}

Result<void> BodyReader::expect(char byte, char wanted, State next, const char* where) {
  if (byte != wanted) return bad_body(fmt::format("{} does not end in CR LF after its bytes", where));
  state_ = next;
  return {};
}

}  // namespace learndock::http
