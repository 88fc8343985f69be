#include "runtime/array.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <cstring>

namespace learndock::runtime {
namespace {

struct TypeEntry {
  ElementType type;
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array<TypeEntry, 6> kTypes = {{{ElementType::float32, "float32", 4},
                                              {ElementType::float64, "float64", 8},
                                              {ElementType::int32, "int32", 4},
                                              {ElementType::int64, "int64", 8},
                                              {ElementType::uint8, "uint8", 1},
                                              {ElementType::boolean, "bool", 1}}};

const TypeEntry& entry_of(ElementType type) { return kTypes[static_cast<std::size_t>(type)]; }

template <class T>
T value_at(const Array& array, std::size_t index) {
  T value;
  std::memcpy(&value, array.bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

template <class T>
std::optional<std::size_t> first_odd(const Array& array) {
  for (std::size_t i = 0; i < array.bytes.size() / sizeof(T); ++i)
    if (!std::isfinite(value_at<T>(array, i))) return i;
  return std::nullopt;
}

}  // namespace

std::size_t size_of(ElementType type) { return entry_of(type).bytes; }
std::string_view name_of(ElementType type) { return entry_of(type).name; }

std::optional<ElementType> type_of_name(std::string_view name) {
  for (const TypeEntry& entry : kTypes)
    if (entry.name == name) return entry.type;
  return std::nullopt;
}

std::optional<std::uint64_t> bytes_of(ElementType type, const std::vector<std::uint64_t>& shape,
                                      std::uint64_t limit) {
  std::uint64_t bytes = size_of(type);
  for (const std::uint64_t extent : shape)
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  return bytes <= limit ? std::optional(bytes) : std::nullopt;
}

std::string text_of(const std::vector<std::uint64_t>& shape) {
  return shape.size() == 1 ? fmt::format("({},)", shape[0]) : fmt::format("({})", fmt::join(shape, ", "));
}

std::optional<std::size_t> first_not_finite(const Array& array) {
  if (array.type == ElementType::float32) return first_odd<float>(array);
  if (array.type == ElementType::float64) return first_odd<double>(array);
  return std::nullopt;
}

double element(const Array& array, std::size_t index) {
  switch (array.type) {
    case ElementType::float32:
      return static_cast<double>(value_at<float>(array, index));
    case ElementType::float64:
      return value_at<double>(array, index);
    case ElementType::int32:
      return value_at<std::int32_t>(array, index);
    case ElementType::int64:
      return static_cast<double>(value_at<std::int64_t>(array, index));
    case ElementType::uint8:
    case ElementType::boolean:
      break;
  }
  return value_at<std::uint8_t>(array, index);
}

}  // namespace learndock::runtime
