#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace learndock::learnwares {

/// A compressed set of item numbers. @threads const members may run concurrently
class Bitmap {
 public:
  using Item = std::uint32_t;

  Bitmap();
  ~Bitmap();
  Bitmap(const Bitmap& other);
  Bitmap(Bitmap&& other) noexcept;
  Bitmap& operator=(Bitmap other) noexcept;

  /// The set of all items in [first, first + count).
  [[nodiscard]] static Bitmap range(Item first, std::size_t count);
  /// The union of the sets.
  [[nodiscard]] static Bitmap any_of(std::span<const Bitmap* const> sets);

  void add(std::span<const Item> items);
  Bitmap& operator&=(const Bitmap& other);
  Bitmap& operator-=(const Bitmap& other);

  [[nodiscard]] std::uint64_t count() const;
  /// The number of items that are in both sets.
  [[nodiscard]] std::uint64_t common(const Bitmap& other) const;
  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool contains(Item item) const;
  /// The items, ascending; at most the first `limit`.
  [[nodiscard]] std::vector<Item> items(std::size_t limit = SIZE_MAX) const;
  /// The range [first, first + count) as bits: item first + i is bit i % 64 of word i / 64; the unused bits
  /// of the last word are 0.
  [[nodiscard]] std::vector<std::uint64_t> words(Item first, std::size_t count) const;
  /// The memory taken, as exactly as the library tells it.
  [[nodiscard]] std::size_t bytes() const;

  bool operator==(const Bitmap& other) const;

 private:
  struct Free {
    void operator()(void* handle) const;
  };
  explicit Bitmap(void* handle);
  std::unique_ptr<void, Free> handle_;  ///< untyped: releases of the library disagree on the namespace
};

}  // namespace learndock::learnwares
