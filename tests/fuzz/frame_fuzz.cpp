// Any bytes as a frame: refused, or a frame that is written and read back as the same one.
#include "learndock/base/json.hpp"

#include "runtime/frame.hpp"

#include <cstdlib>
#include <cstring>

using namespace learndock;
using namespace learndock::runtime;

namespace {

FrameSource source_of(std::span<const std::byte> bytes) {
  return [bytes](std::span<std::byte> out) mutable -> Result<void> {
    if (out.size() > bytes.size()) return fail(ErrorCode::io, "the bytes end");
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size());
    bytes = bytes.subspan(out.size());
    return {};
  };
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kMaxArray = std::uint64_t{1} << 20;
  const auto frame = read_frame(source_of(std::as_bytes(std::span(data, size))), kMaxArray);
  if (!frame) return 0;
  if (frame->array &&
      bytes_of(frame->array->type, frame->array->shape, kMaxArray) != frame->array->bytes.size())
    std::abort();
  Json header = *frame->header;
  header.erase("array");
  const auto head = frame_head(header, frame->array ? &*frame->array : nullptr);
  if (!head) return 0;  // escapes can make it longer than a header may be
  std::string bytes = *head;
  if (frame->array)
    bytes.append(reinterpret_cast<const char*>(frame->array->bytes.data()), frame->array->bytes.size());
  const auto back = read_frame(source_of(std::as_bytes(std::span(bytes))), kMaxArray);
  if (!back || back->kind() != frame->kind() || back->array.has_value() != frame->array.has_value())
    std::abort();
  return 0;
}
