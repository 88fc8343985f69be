// Frames: what is written is read back, and bytes that are no frame are refused before memory is taken.
#include "runtime/frame.hpp"

#include "learndock/base/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace learndock::runtime {
namespace {

using ::testing::HasSubstr;

FrameSource source_of(std::string_view bytes) {
  return [bytes](std::span<std::byte> out) mutable -> Result<void> {
    if (out.size() > bytes.size()) return fail(ErrorCode::io, "the bytes end");
    std::memcpy(out.data(), bytes.data(), out.size());
    bytes.remove_prefix(out.size());
    return {};
  };
}

Array small_array() {
  Array array{ElementType::int32, {2, 3}, {}};
  array.bytes.resize(24);
  for (std::size_t i = 0; i < 6; ++i) array.bytes[4 * i] = static_cast<std::byte>(i);
  return array;
}

std::string bytes_of_frame(const Json& header, const Array& array) {
  std::string bytes = frame_head(header, &array).value();
  bytes.append(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
  return bytes;
}

std::string frame_of_text(std::string_view header) {
  const auto length = static_cast<std::uint32_t>(header.size());
  std::string bytes = "LDF1";
  for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((length >> shift) & 0xFFU);
  return bytes.append(header);
}

TEST(Frame, IsReadBackAsItWasWritten) {
  const Array array = small_array();
  const std::string bytes = bytes_of_frame(Json{{"kind", "predict"}}, array);
  const auto frame = read_frame(source_of(bytes), 24);
  ASSERT_TRUE(frame) << frame.error().message;
  EXPECT_EQ(frame->kind(), "predict");
  ASSERT_TRUE(frame->array);
  EXPECT_EQ(frame->array->type, ElementType::int32);
  EXPECT_EQ(frame->array->shape, array.shape);
  EXPECT_EQ(frame->array->bytes, array.bytes);
  EXPECT_DOUBLE_EQ(element(*frame->array, 5), 5);
}

TEST(Frame, IsRefusedWhereverItIsCut) {
  const std::string bytes = bytes_of_frame(Json{{"kind", "array"}}, small_array());
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(read_frame(source_of(std::string_view(bytes).substr(0, length)), 1 << 20)) << length;
}

TEST(Frame, OtherBytesAreNoFrame) {
  for (const std::string& bytes :
       {std::string("XXXX\x02\0\0\0{}", 10), std::string("LDF1\0\0\0\0", 8),
        std::string("LDF1\x01\0\x01\0", 8), frame_of_text("[]"), frame_of_text("{"),
        frame_of_text(R"({"array":1})"), frame_of_text(R"({"array":{"type":"object","shape":[1]}})"),
        frame_of_text(R"({"array":{"type":"float32","shape":[]}})"),
        frame_of_text(R"({"array":{"type":"float32","shape":[-1]}})"),
        frame_of_text(R"({"array":{"type":"float32","shape":[1.5]}})"),
        frame_of_text(R"({"array":{"type":"float32","shape":[4294967296,4294967296,4294967296]}})")}) {
    const auto frame = read_frame(source_of(bytes), 1 << 20);
    ASSERT_FALSE(frame) << bytes;
    EXPECT_EQ(frame.error().code, ErrorCode::model_contract) << bytes;
  }
}

TEST(Frame, APromisedArrayCostsNoMemoryBeforeItComes) {
  const std::string bytes = frame_of_text(R"({"array":{"type":"float32","shape":[200000000]}})");
  const auto frame = read_frame(source_of(bytes), std::uint64_t{1} << 20);
  ASSERT_FALSE(frame);
  EXPECT_THAT(frame.error().message, HasSubstr("more than 1048576 bytes"));
  EXPECT_FALSE(read_frame(source_of(bytes), std::uint64_t{1} << 40));
}

TEST(Frame, ALongHeaderIsNotSent) {
  const auto head = frame_head(Json{{"kind", std::string(kMaxFrameHeader, 'x')}}, nullptr);
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, ErrorCode::too_large);
}

TEST(Array, ShapesAreCountedWithoutOverflow) {
  EXPECT_EQ(bytes_of(ElementType::float64, {3, 2}, 48), 48U);
  EXPECT_FALSE(bytes_of(ElementType::float64, {3, 2}, 47));
  EXPECT_FALSE(bytes_of(ElementType::float64, {std::uint64_t{1} << 62}, ~std::uint64_t{0}));
  EXPECT_EQ(bytes_of(ElementType::float64, {0, 9}, 0), 0U);
  EXPECT_EQ(text_of({4}), "(4,)");
  EXPECT_EQ(text_of({4, 2}), "(4, 2)");
}

}  // namespace
}  // namespace learndock::runtime
