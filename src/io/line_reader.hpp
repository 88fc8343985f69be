#pragma once

#include "learndock/base/result.hpp"

#include "io/descriptor.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace learndock::io {

/// Reads the lines of a file. No more than a limit of each line is in memory.
class LineReader {
 public:
  LineReader(std::filesystem::path path, std::size_t max_line_bytes);

  /// @errors not_found, io
  [[nodiscard]] Result<void> open();
  /// The next line without its end, or false after the last. A line over the limit is skipped: it comes
  /// empty, and `too_long` is true. @errors io
  [[nodiscard]] Result<bool> next(std::string& line);
  [[nodiscard]] bool too_long() const { return too_long_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return read_; }

 private:
  Result<bool> fill();
  void take(std::string& line, std::size_t count);

  std::filesystem::path path_;
  std::size_t max_;
  Descriptor file_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, size_ = 0;
  std::uint64_t read_ = 0;
  bool too_long_ = false;
};

}  // namespace learndock::io
