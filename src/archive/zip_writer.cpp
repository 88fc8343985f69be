#include "archive/zip_writer.hpp"

#include "archive/deflate.hpp"
#include "archive/zip_format.hpp"
#include "base/utf8.hpp"
#include "io/temporary_file.hpp"

#include <fmt/format.h>

#include <utility>

namespace learndock::archive {
namespace {

using zip::append16;
using zip::append32;
using zip::append64;

constexpr std::uint16_t kDate1980 = (0 << 9) | (1 << 5) | 1;
constexpr std::uint16_t kVersion = 20;
constexpr std::uint16_t kVersion64 = 45;
constexpr std::uint16_t kMadeByUnix = 3 << 8;
constexpr std::uint32_t kRegular0644 = 0100644u << 16;
constexpr std::size_t kBuffer = std::size_t{256} << 10;
constexpr std::uint64_t kCrcInLocalHeader = 14;

struct Written {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;
  std::uint32_t crc = 0;
};

bool is_large(std::uint64_t value) { return value >= zip::kSentinel32; }
std::uint64_t field32(std::uint64_t value) { return is_large(value) ? zip::kSentinel32 : value; }

/// version, flags, method, time, date: the same in local and central headers.
void append_common(std::string& out, bool zip64) {
  append16(out, zip64 ? kVersion64 : kVersion);
  append16(out, zip::kFlagUtf8);
  append16(out, zip::kStored);
  append16(out, 0);
  append16(out, kDate1980);
}

std::string local_header(const Written& file) {
  const bool zip64 = is_large(file.bytes);
  std::string out;
  append32(out, zip::kLocalSignature);
  append_common(out, zip64);
  append32(out, 0);  // CRC-32: set by end()
  append32(out, field32(file.bytes));
  append32(out, field32(file.bytes));
  append16(out, file.name.size());
  append16(out, zip64 ? 20 : 0);
  out += file.name;
  if (zip64) {
    append16(out, zip::kExtraZip64);
    append16(out, 16);
    append64(out, file.bytes);
    append64(out, file.bytes);
  }
  return out;
}

std::string central_header(const Written& file) {
  std::string extra;
  if (is_large(file.bytes)) {
    append64(extra, file.bytes);
    append64(extra, file.bytes);
  }
  if (is_large(file.offset)) append64(extra, file.offset);
  std::string out;
  append32(out, zip::kCentralSignature);
  append16(out, kMadeByUnix | (extra.empty() ? kVersion : kVersion64));
  append_common(out, !extra.empty());
  append32(out, file.crc);
  append32(out, field32(file.bytes));
  append32(out, field32(file.bytes));
  append16(out, file.name.size());
  append16(out, extra.empty() ? 0 : extra.size() + 4);
  append16(out, 0);  // comment
  append16(out, 0);  // disk
  append16(out, 0);  // internal attributes
  append32(out, kRegular0644);
  append32(out, field32(file.offset));
  out += file.name;
  if (!extra.empty()) {
    append16(out, zip::kExtraZip64);
    append16(out, extra.size());
    out += extra;
  }
  return out;
}

std::string end_records(std::uint64_t entries, std::uint64_t offset, std::uint64_t directory_bytes) {
  std::string out;
  const bool many = entries >= zip::kSentinel16;
  if (many || is_large(offset) || is_large(directory_bytes)) {
    append32(out, zip::kEnd64Signature);
    append64(out, zip::kEnd64Bytes - 12);
    append16(out, kMadeByUnix | kVersion64);
    append16(out, kVersion64);
    append32(out, 0);
    append32(out, 0);
    append64(out, entries);
    append64(out, entries);
    append64(out, directory_bytes);
    append64(out, offset);
    append32(out, zip::kLocator64Signature);
    append32(out, 0);
    append64(out, offset + directory_bytes);
    append32(out, 1);
  }
  append32(out, zip::kEndSignature);
  append32(out, 0);  // both disk numbers
  append16(out, many ? zip::kSentinel16 : entries);
  append16(out, many ? zip::kSentinel16 : entries);
  append32(out, field32(directory_bytes));
  append32(out, field32(offset));
  append16(out, 0);
  return out;
}

}  // namespace

struct ZipWriter::State {
  explicit State(io::TemporaryFile file) : temporary(std::move(file)) {}

  Result<void> flush() {
    LEARNDOCK_CHECK(temporary.write_at(buffer, position - buffer.size()));
    buffer.clear();
    return {};
  }
  Result<void> append(std::string_view bytes) {
    buffer.append(bytes);
    position += bytes.size();
    if (buffer.size() >= kBuffer) return flush();
    return {};
  }

  io::TemporaryFile temporary;
  std::string buffer;
  std::uint64_t position = 0;  ///< bytes written so far, the buffered ones included
  std::vector<Written> files;
  std::uint64_t current_bytes = 0;
};

ZipWriter::ZipWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ZipWriter::~ZipWriter() = default;
ZipWriter::ZipWriter(ZipWriter&&) noexcept = default;

Result<ZipWriter> ZipWriter::create(const std::filesystem::path& target) {
  LEARNDOCK_TRY(io::TemporaryFile temporary, io::TemporaryFile::beside(target));
  return ZipWriter(std::make_unique<State>(std::move(temporary)));
}

Result<void> ZipWriter::begin(std::string_view name, std::uint64_t bytes) {
  std::vector<Written>& files = state_->files;
  if (!files.empty() && files.back().name >= name)
    return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" does not sort after \"{}\"", printable(name),
                                                         printable(files.back().name)));
  files.push_back({std::string(name), bytes, state_->position, 0});
  state_->current_bytes = 0;
  return state_->append(local_header(files.back()));
}

Result<void> ZipWriter::write(std::string_view bytes) {
  Written& file = state_->files.back();
  state_->current_bytes += bytes.size();
  if (state_->current_bytes > file.bytes)
    return fail(ErrorCode::zip_size,
                fmt::format("the file is longer than the {} bytes announced", file.bytes),
                printable(file.name));
  file.crc = crc32_of(bytes, file.crc);
  return state_->append(bytes);
}

Result<void> ZipWriter::end() {
  const Written& file = state_->files.back();
  if (state_->current_bytes != file.bytes)
    return fail(ErrorCode::zip_size,
                fmt::format("the file has {} of the {} bytes announced", state_->current_bytes, file.bytes),
                printable(file.name));
  std::string crc;
  append32(crc, file.crc);
  LEARNDOCK_CHECK(state_->flush());
  return state_->temporary.write_at(crc, file.offset + kCrcInLocalHeader);
}

Result<void> ZipWriter::add(std::string_view name, std::string_view bytes) {
  LEARNDOCK_CHECK(begin(name, bytes.size()));
  LEARNDOCK_CHECK(write(bytes));
  return end();
}

Result<void> ZipWriter::finish() {
  State& state = *state_;
  const std::uint64_t offset = state.position;
  for (const Written& file : state.files) LEARNDOCK_CHECK(state.append(central_header(file)));
  LEARNDOCK_CHECK(state.append(end_records(state.files.size(), offset, state.position - offset)));
  LEARNDOCK_CHECK(state.flush());
  return state.temporary.rename_over();
}

}  // namespace learndock::archive
