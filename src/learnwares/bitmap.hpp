#pragma once

#include "learndock/base/strong_number.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

namespace learndock::learnwares {

/// The number of a learnware in a semantic index: its bit in every bitmap and filter. It stays while the
/// index grows and loses learnwares; a rebuilt index gives others.
using FilterBit = StrongNumber<struct FilterBitKind, std::uint32_t>;

/// A compressed set of items, which are known by their bits. @threads const members may run concurrently
class Bitmap {
 public:
  Bitmap();
  ~Bitmap();
  Bitmap(const Bitmap& other);
  Bitmap(Bitmap&& other) noexcept;
  Bitmap& operator=(Bitmap other) noexcept;

  /// The set of all items in [first, first + count).
  [[nodiscard]] static Bitmap range(FilterBit first, std::size_t count);
  /// The union of the sets.
  [[nodiscard]] static Bitmap any_of(std::span<const Bitmap* const> sets);

  void add(std::span<const FilterBit> items);
  Bitmap& operator&=(const Bitmap& other);
  Bitmap& operator-=(const Bitmap& other);

  [[nodiscard]] std::uint64_t count() const;
  /// The number of items that are in both sets.
  [[nodiscard]] std::uint64_t common(const Bitmap& other) const;
  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool contains(FilterBit item) const;
  /// The items, ascending; at most the first `limit`.
  [[nodiscard]] std::vector<FilterBit> items(std::size_t limit = SIZE_MAX) const;
  /// The same integers as numbers of another kind, for a caller that knows how the two kinds differ.
  template <class Number>
  [[nodiscard]] std::vector<Number> items_as(std::size_t limit = SIZE_MAX) const {
    // The library writes plain integers. A StrongNumber has the bytes of one.
    static_assert(sizeof(Number) == sizeof(std::uint32_t) && std::is_standard_layout_v<Number>);
    std::vector<Number> all(std::min<std::uint64_t>(limit, count()));
    write_items(reinterpret_cast<std::uint32_t*>(all.data()), all.size());
    return all;
  }
  /// The range [first, first + count) as bits: item first + i is bit i % 64 of word i / 64; the unused bits
  /// of the last word are 0.
  [[nodiscard]] std::vector<std::uint64_t> words(FilterBit first, std::size_t count) const;
  /// The memory taken, as exactly as the library tells it.
  [[nodiscard]] std::size_t bytes() const;

  bool operator==(const Bitmap& other) const;

 private:
  struct Free {
    void operator()(void* handle) const;
  };
  explicit Bitmap(void* handle);
  /// Writes the first items, ascending. @pre there are as many
  void write_items(std::uint32_t* items, std::size_t wanted) const;
  std::unique_ptr<void, Free> handle_;  ///< untyped: releases of the library disagree on the namespace
};

}  // namespace learndock::learnwares
