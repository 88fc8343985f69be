#include "runtime/frame.hpp"

#include "learndock/base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace learndock::runtime {
namespace {

/// An array is received in pieces of this length: a header that promises more than comes costs one piece.
constexpr std::size_t kPiece = std::size_t{4} << 20;

Failure no_frame(std::string what) {
  return fail(ErrorCode::model_contract, "the answer is no frame: " + std::move(what));
}

void append_number(std::string& out, std::uint32_t number) {
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>((number >> shift) & 0xFFU);
}

Result<std::string> receive_header(const FrameSource& source) {
  std::array<std::byte, kFramePrefix> prefix{};
  LEARNDOCK_CHECK(source(prefix));
  for (std::size_t i = 0; i < kFrameMagic.size(); ++i)
    if (std::to_integer<char>(prefix[i]) != kFrameMagic[i]) return no_frame("it does not begin as one");
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length |= std::to_integer<std::uint32_t>(prefix[4 + i]) << (8 * i);
  if (length == 0 || length > kMaxFrameHeader)
    return no_frame(fmt::format("its header has {} bytes, the limit is {}", length, kMaxFrameHeader));
  std::string text(length, '\0');
  LEARNDOCK_CHECK(source(std::as_writable_bytes(std::span(text))));
  return text;
}

/// The array that the header describes, without its bytes.
Result<Array> described_array(const Json& description) {
  Array array;
  const auto type = description.is_object() ? description.find("type") : description.end();
  const auto shape = description.is_object() ? description.find("shape") : description.end();
  if (!description.is_object() || type == description.end() || shape == description.end() ||
      !type->is_string() || !shape->is_array())
    return no_frame("it describes its array without type and shape");
  const auto known = type_of_name(type->get_ref<const std::string&>());
  if (!known) return no_frame("it has an array of an unknown type");
  array.type = *known;
  if (shape->empty() || shape->size() > kMaxFrameExtents)
    return no_frame(fmt::format("its array has {} extents", shape->size()));
  for (const Json& extent : *shape) {
    if (!extent.is_number_unsigned()) return no_frame("an extent of its array is no whole number");
    array.shape.push_back(extent.get<std::uint64_t>());
  }
  return array;
}

Result<Array> receive_array(const Json& description, const FrameSource& source, std::uint64_t max_bytes) {
  LEARNDOCK_TRY(Array array, described_array(description));
  const auto size = bytes_of(array.type, array.shape, max_bytes);
  if (!size)
    return no_frame(
        fmt::format("its array of shape {} has more than {} bytes", text_of(array.shape), max_bytes));
  while (array.bytes.size() < *size) {
    const std::size_t before = array.bytes.size();
    array.bytes.resize(before + std::min<std::uint64_t>(kPiece, *size - before));
    LEARNDOCK_CHECK(source(std::span(array.bytes).subspan(before)));
  }
  return array;
}

}  // namespace

std::string Frame::text(std::string_view key) const {
  const auto found = header->find(key);
  return found != header->end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<std::string> frame_head(const Json& header, const Array* array) {
  Json whole = header;
  if (array != nullptr)
    whole["array"] = Json{{"type", std::string(name_of(array->type))}, {"shape", array->shape}};
  const std::string text = to_text(whole);
  if (text.size() > kMaxFrameHeader)
    return fail(ErrorCode::too_large,
                fmt::format("a request of {} bytes is longer than {}, the limit of a frame's header",
                            text.size(), kMaxFrameHeader));
  std::string out(kFrameMagic);
  append_number(out, static_cast<std::uint32_t>(text.size()));
  return out + text;
}

Result<Frame> read_frame(const FrameSource& source, std::uint64_t max_array_bytes) {
  LEARNDOCK_TRY(const std::string text, receive_header(source));
  JsonLimits limits;
  limits.max_bytes = kMaxFrameHeader;
  limits.max_depth = 16;
  auto header = parse_json(text, limits);
  if (!header) return no_frame("its header is not JSON: " + header.error().message);
  if (!header->is_object()) return no_frame("its header is no JSON object");
  Frame frame;
  if (const auto array = header->find("array"); array != header->end()) {
    LEARNDOCK_TRY(frame.array, receive_array(*array, source, max_array_bytes));
  }
  frame.header = std::move(*header);
  return frame;
}

}  // namespace learndock::runtime
