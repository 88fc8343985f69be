#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace learndock::sandbox {

/// What a job prints: its beginning and its end, each at most half of the limit.
class JobLog {
 public:
  explicit JobLog(std::uint64_t max_bytes) : half_(static_cast<std::size_t>(max_bytes / 2)) {}

  void add(std::string_view bytes);
  [[nodiscard]] std::uint64_t dropped() const { return dropped_ + surplus(); }
  /// Valid UTF-8: other bytes become U+FFFD. A line says how much is missing between the beginning and the
  /// end.
  [[nodiscard]] std::string text() const;

 private:
  /// What `end_` has beyond its half: it is trimmed rarely, so that a job that prints much costs few copies.
  [[nodiscard]] std::size_t surplus() const { return end_.size() > half_ ? end_.size() - half_ : 0; }

  std::size_t half_;
  std::string begin_, end_;
  std::uint64_t dropped_ = 0;
};

/// Replaces bytes that are not UTF-8 by U+FFFD.
[[nodiscard]] std::string as_utf8(std::string_view bytes);

}  // namespace learndock::sandbox
