#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"

#include "runtime/array.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace learndock::runtime {

// What goes between this program and the process of a model, in both directions:
//
//   4 bytes  "LDF1"
//   4 bytes  length of the header, little-endian, 1 to 65,536
//   header   one JSON object with "kind"; with "array": {"type", "shape"} when an array follows
//   array    its bytes, row-major and little-endian
//
// Requests: load {module, class, kwargs, folder}, predict with an array, stop. Answers: facts {input_shape,
// output_shape, runtime}, array with an array, error {of: load | predict | contract, message, place,
// traceback}. Frames are data only. Whoever writes them may be a stranger's code, so nothing in them is
// believed: no memory is taken before its size is checked.

inline constexpr std::string_view kFrameMagic = "LDF1";
inline constexpr std::size_t kFramePrefix = 8;
inline constexpr std::size_t kMaxFrameHeader = 64 * 1024;
inline constexpr std::size_t kMaxFrameExtents = 16;

struct Frame {
  JsonValue header;
  std::optional<Array> array;

  /// The text of a key; "" when it is not there or no text.
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::string kind() const { return text("kind"); }
};

/// All of a frame but its array's bytes, which the caller sends behind it.
/// @errors too_large (the header is longer than a frame's may be)
[[nodiscard]] Result<std::string> frame_head(const Json& header, const Array* array);

/// Fills all of the bytes with those that come next.
using FrameSource = std::function<Result<void>(std::span<std::byte>)>;

/// @param max_array_bytes  a larger array is refused, and no memory is taken for it
/// @errors model_contract (these bytes are no frame), those of the source
[[nodiscard]] Result<Frame> read_frame(const FrameSource& source, std::uint64_t max_array_bytes);

}  // namespace learndock::runtime
