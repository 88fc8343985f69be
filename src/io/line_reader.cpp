#include "io/line_reader.hpp"

#include "io/file.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>
#include <utility>

namespace learndock::io {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

LineReader::LineReader(std::filesystem::path path, std::size_t max_line_bytes)
    : path_(std::move(path)), max_(max_line_bytes), buffer_(kBufferBytes) {}

Result<void> LineReader::open() {
  LEARNDOCK_TRY(file_, open_for_reading(path_));
  return {};
}

Result<bool> LineReader::fill() {
  while (true) {
    const auto count = ::read(file_.get(), buffer_.data(), buffer_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure(system_error(errno, "read", path_));
    at_ = 0;
    size_ = static_cast<std::size_t>(count);
    read_ += size_;
    return count > 0;
  }
}

void LineReader::take(std::string& line, std::size_t count) {
  if (line.size() + count > max_) {
    too_long_ = true;
    line = {};
  }
  if (!too_long_) line.append(buffer_.data() + at_, count);
  at_ += count;
}

Result<bool> LineReader::next(std::string& line) {
  line.clear();
  too_long_ = false;
  bool any = false;
  while (true) {
    if (at_ == size_) {
      LEARNDOCK_TRY(const bool more, fill());
      if (!more) return any;
    }
    any = true;
    const auto first = buffer_.begin() + static_cast<std::ptrdiff_t>(at_),
               last = buffer_.begin() + static_cast<std::ptrdiff_t>(size_);
    const auto end = std::find(first, last, '\n');
    take(line, static_cast<std::size_t>(end - first));
    if (end == last) continue;
    ++at_;
    return true;
  }
}

}  // namespace learndock::io
