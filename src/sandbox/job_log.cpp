#include "sandbox/job_log.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::sandbox {

std::string as_utf8(std::string_view bytes) {
  constexpr char32_t kReplacement = 0xfffd;
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    std::string_view rest = bytes;
    if (const auto point = take_code_point(rest)) {
      append_utf8(text, *point);
      bytes = rest;
    } else {
      append_utf8(text, kReplacement);
      bytes.remove_prefix(1);
    }
  }
  return text;
}

void JobLog::add(std::string_view bytes) {
  const std::size_t first = std::min(bytes.size(), half_ - begin_.size());
  begin_ += bytes.substr(0, first);
  end_ += bytes.substr(first);
  if (end_.size() <= 2 * half_) return;
  dropped_ += surplus();
  end_.erase(0, surplus());
}

std::string JobLog::text() const {
  if (dropped() == 0) return as_utf8(begin_ + end_);
  return as_utf8(begin_) + fmt::format("\n[{} bytes are not shown]\n", dropped()) +
         as_utf8(std::string_view(end_).substr(surplus()));
}

}  // namespace learndock::sandbox
