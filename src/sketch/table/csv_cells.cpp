#include "sketch/table/csv_cells.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::sketch {

CsvCells::CsvCells(std::string_view text, char delimiter, std::size_t first_line)
    : text_(text), delimiter_(delimiter), line_(first_line), first_line_(first_line) {
  if (text_.starts_with(kUtf8Mark)) text_.remove_prefix(kUtf8Mark.size());
  content_end_ = text_.find_last_not_of(" \r\n") + 1;  // npos + 1 is 0
}

bool CsvCells::ends_line(std::size_t at) const {
  return at >= text_.size() || text_[at] == '\n' || text_[at] == '\r';
}

std::size_t CsvCells::after_blanks(std::size_t at) const {
  while (at < text_.size() && text_[at] == ' ') ++at;
  return at;
}

void CsvCells::skip_line_break() {
  if (at_ >= text_.size()) return;
  if (text_[at_++] == '\r' && at_ < text_.size() && text_[at_] == '\n') ++at_;
  ++line_;
}

bool CsvCells::next_record() {
  while (at_ < content_end_) {
    const std::size_t end = after_blanks(at_);
    if (!ends_line(end) || (keep_blank_ && begun_)) {
      first_line_ = line_;
      return begun_ = more_ = true;
    }
    if (begun_ && blank_lines_++ == 0) first_blank_line_ = line_;
    at_ = end;
    skip_line_break();
  }
  return false;
}

Result<std::string_view> CsvCells::cell() {
  std::string_view found;
  const std::size_t first = after_blanks(at_);
  if (first < text_.size() && text_[first] == '"') {
    at_ = first;
    LEARNDOCK_TRY(found, quoted());
    at_ = after_blanks(at_);
  } else {
    std::size_t end = at_;
    while (!ends_line(end) && text_[end] != delimiter_) ++end;
    found = text_.substr(at_, end - at_);
    at_ = end;
  }
  LEARNDOCK_CHECK(end_cell());
  return found;
}

Result<void> CsvCells::end_cell() {
  more_ = at_ < text_.size() && text_[at_] == delimiter_;
  if (more_) {
    ++at_;
    return {};
  }
  if (!ends_line(at_))
    return fail(ErrorCode::table_syntax, "text follows a closing quote", fmt::format("line {}", line_),
                "write a quote inside a quoted cell twice, or name the delimiter with --delimiter");
  skip_line_break();
  return {};
}

Result<std::string_view> CsvCells::quoted() {
  const std::size_t begin = ++at_;
  bool copied = false;
  while (true) {
    const std::size_t quote = text_.find('"', at_);
    if (quote == std::string_view::npos)
      return fail(ErrorCode::table_syntax, "a quoted cell is never closed",
                  fmt::format("line {}", first_line_), "close the quote that this line opens");
    const std::string_view part = text_.substr(at_, quote - at_);
    line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    at_ = quote + 1;
    const bool doubled = at_ < text_.size() && text_[at_] == '"';
    if (!doubled && !copied) return text_.substr(begin, quote - begin);
    if (!copied) unescaped_.clear();
    copied = true;
    unescaped_ += part;
    if (!doubled) return std::string_view(unescaped_);
    unescaped_ += '"';
    ++at_;
  }
}

}  // namespace learndock::sketch
