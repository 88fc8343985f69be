// The only file of this room that includes zlib.
#include "sketch/table/unpack.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace learndock::sketch {
namespace {

class GzipStream {
 public:
  GzipStream() {
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~GzipStream() { inflateEnd(&stream_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  z_stream* operator->() { return &stream_; }
  int step() { return inflate(&stream_, Z_NO_FLUSH); }
  void next_member() { inflateReset(&stream_); }

 private:
  static constexpr int kGzipOnly = MAX_WBITS + 16;
  z_stream stream_{};
};

uInt part_of(std::size_t bytes) {
  return static_cast<uInt>(std::min<std::size_t>(bytes, std::numeric_limits<uInt>::max()));
}

}  // namespace

Result<std::string> unpack_gzip(std::string_view bytes, std::size_t limit) {
  GzipStream stream;
  std::string content;
  std::size_t used = 0, read = 0;
  for (int state = Z_OK; state != Z_STREAM_END || read < bytes.size();) {
    // A gzip file may be several one after the other; what follows the last and is none is padding.
    if (state == Z_STREAM_END) {
      if (!bytes.substr(read).starts_with("\x1F\x8B")) break;
      stream.next_member();
    }
    LEARNDOCK_CHECK(grow(content, used, limit));
    const uInt in = part_of(bytes.size() - read), out = part_of(content.size() - used);
    stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + read));
    stream->avail_in = in;
    stream->next_out = reinterpret_cast<Bytef*>(content.data() + used);
    stream->avail_out = out;
    state = stream.step();
    read += in - stream->avail_in;
    used += out - stream->avail_out;
    const bool stuck = in == stream->avail_in && out == stream->avail_out;
    if ((state != Z_OK && state != Z_STREAM_END) || (state == Z_OK && stuck))
      return fail(ErrorCode::table_format, "the gzip file is damaged or cut short", {},
                  "fetch or make it again");
  }
  content.resize(used);
  return content;
}

}  // namespace learndock::sketch
