// The only file of this layer that includes zlib.
#include "archive/deflate.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <new>
#include <vector>

namespace learndock::archive {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;

class Inflater {
 public:
  Inflater() {
    // Negative window bits: raw deflate, as zip entries hold it, without zlib's own header.
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream* operator->() { return &stream_; }
  int step() { return ::inflate(&stream_, Z_NO_FLUSH); }

 private:
  z_stream stream_{};
};

Result<void> refill(Inflater& inflater, const ByteSource& source, std::uint64_t& offset, std::uint64_t& left,
                    std::vector<char>& input) {
  const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left, input.size()));
  LEARNDOCK_CHECK(source.read(offset, {input.data(), take}));
  offset += take;
  left -= take;
  inflater->next_in = reinterpret_cast<Bytef*>(input.data());
  inflater->avail_in = static_cast<uInt>(take);
  return {};
}

}  // namespace

std::uint32_t crc32_of(std::string_view bytes, std::uint32_t crc) {
  return static_cast<std::uint32_t>(crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

Result<void> inflate(const ByteSource& source, std::uint64_t offset, std::uint64_t packed_bytes,
                     std::uint64_t expected_bytes, const Sink& sink) {
  Inflater inflater;
  std::vector<char> input(kChunk);
  std::vector<char> output(kChunk);
  std::uint64_t left = packed_bytes;
  std::uint64_t produced = 0;
  for (int state = Z_OK; state != Z_STREAM_END;) {
    if (inflater->avail_in == 0 && left > 0) LEARNDOCK_CHECK(refill(inflater, source, offset, left, input));
    inflater->next_out = reinterpret_cast<Bytef*>(output.data());
    inflater->avail_out = static_cast<uInt>(output.size());
    state = inflater.step();
    const std::size_t got = output.size() - inflater->avail_out;
    if (state == Z_MEM_ERROR) throw std::bad_alloc();
    if (state == Z_BUF_ERROR && got == 0 && left == 0)
      return fail(ErrorCode::zip_size, fmt::format("the packed data stop after {} of {} declared bytes",
                                                   produced, expected_bytes));
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
      return fail(ErrorCode::zip_crc,
                  fmt::format("the packed data are damaged after {} unpacked bytes: {}", produced,
                              inflater->msg != nullptr ? inflater->msg : "not deflate data"));
    if (got > expected_bytes - produced)
      return fail(ErrorCode::zip_size,
                  fmt::format("unpacks to more than the declared {} bytes", expected_bytes));
    produced += got;
    LEARNDOCK_CHECK(sink({output.data(), got}));
  }
  if (produced != expected_bytes)
    return fail(ErrorCode::zip_size,
                fmt::format("unpacks to {} bytes, {} are declared", produced, expected_bytes));
  if (left + inflater->avail_in != 0)
    return fail(ErrorCode::zip_size,
                fmt::format("{} bytes follow the end of the packed data inside the entry",
                            left + inflater->avail_in));
  return {};
}

}  // namespace learndock::archive
