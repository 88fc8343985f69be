#pragma once

#include "learndock/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::runtime {

/// The type of an array's elements, as NumPy writes it. Texts and objects are not arrays.
enum class ElementType : std::uint8_t { float32, float64, int32, int64, uint8, boolean };
[[nodiscard]] std::size_t size_of(ElementType type);
/// "float32", "float64", "int32", "int64", "uint8", "bool".
[[nodiscard]] std::string_view name_of(ElementType type);
[[nodiscard]] std::optional<ElementType> type_of_name(std::string_view name);

/// An array in row-major order, little-endian. The first extent is the number of samples.
struct Array {
  ElementType type = ElementType::float32;
  std::vector<std::uint64_t> shape;
  std::vector<std::byte> bytes;
};

/// The bytes that an array has; nothing when they are more than `limit`, or more than 64 bits can count.
[[nodiscard]] std::optional<std::uint64_t> bytes_of(ElementType type, const std::vector<std::uint64_t>& shape,
                                                    std::uint64_t limit);
/// "(100, 3)", as NumPy writes a shape.
[[nodiscard]] std::string text_of(const std::vector<std::uint64_t>& shape);
/// The elements before the first that is NaN or infinite; nothing when all are finite.
[[nodiscard]] std::optional<std::size_t> first_not_finite(const Array& array);
/// Element `index` of the flat array as a number.
[[nodiscard]] double element(const Array& array, std::size_t index);

}  // namespace learndock::runtime
