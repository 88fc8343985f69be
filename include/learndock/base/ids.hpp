#pragma once

#include "learndock/base/result.hpp"
#include "learndock/base/strong_number.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace learndock {

/// The catalogue's number of a learnware: it grows in the order of insertion, and no catalogue gives it
/// twice. 0 is no learnware's.
using LearnwareNumber = StrongNumber<struct LearnwareNumberKind, std::uint64_t>;

/// A learnware's public name inside one dock: 1..128 bytes of UTF-8 without control characters or '/'.
/// The dock hands out eight zero-padded digits; bulk imports may bring their own. Never used as a path.
class LearnwareId {
 public:
  LearnwareId() = default;
  /// @errors invalid_argument
  [[nodiscard]] static Result<LearnwareId> create(std::string_view text);
  /// "00000042" from 42.
  [[nodiscard]] static LearnwareId from_number(std::uint64_t number);
  [[nodiscard]] const std::string& text() const { return text_; }
  auto operator<=>(const LearnwareId&) const = default;

 private:
  std::string text_;
};

}  // namespace learndock
