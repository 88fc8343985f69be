#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <functional>

namespace learndock {

/// A number of one kind. It converts neither to an integer nor to a number of another kind, so that a
/// function that takes one kind cannot be called with another: a learnware has several numbers
/// (docs/glossary.md). It costs what its integer costs and has the same bytes, so that an array of them is
/// stored and mapped as an array of integers.
/// @param Kind a type that only tells kinds apart; it need not be complete
template <class Kind, std::unsigned_integral Integer>
class StrongNumber {
 public:
  using Value = Integer;

  constexpr StrongNumber() = default;
  constexpr explicit StrongNumber(Integer value) : value_(value) {}
  /// The number of the place `index` of an array. @pre it is in the range of Integer
  [[nodiscard]] static constexpr StrongNumber at(std::size_t index) {
    return StrongNumber(static_cast<Integer>(index));
  }

  [[nodiscard]] constexpr Integer value() const { return value_; }
  /// The number as the place in an array that has one element for each number.
  [[nodiscard]] constexpr std::size_t index() const { return value_; }

  constexpr StrongNumber& operator++() {
    ++value_;
    return *this;
  }
  friend constexpr auto operator<=>(StrongNumber, StrongNumber) = default;

 private:
  Integer value_ = 0;
};

}  // namespace learndock

template <class Kind, class Integer>
struct std::hash<learndock::StrongNumber<Kind, Integer>> {
  std::size_t operator()(learndock::StrongNumber<Kind, Integer> number) const noexcept {
    return std::hash<Integer>()(number.value());
  }
};
