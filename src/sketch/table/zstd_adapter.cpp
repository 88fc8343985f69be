// The only file of the project that includes libzstd.
#include "sketch/table/unpack.hpp"

#include <memory>
#include <new>
#include <zstd.h>

namespace learndock::sketch {
namespace {

/// Larger windows than the format's usual ones would let a few bytes claim much memory.
constexpr int kMaxWindowLog = 27;

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

}  // namespace

Result<std::string> unpack_zstd(std::string_view bytes, std::size_t limit) {
  const std::unique_ptr<ZSTD_DStream, FreeStream> stream(ZSTD_createDStream());
  if (!stream) throw std::bad_alloc();
  ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  std::string content;
  std::size_t used = 0, wanted = 1;
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  while (in.pos < in.size || wanted != 0) {
    LEARNDOCK_CHECK(grow(content, used, limit));
    ZSTD_outBuffer out{content.data(), content.size(), used};
    const std::size_t before = in.pos;
    wanted = ZSTD_decompressStream(stream.get(), &out, &in);
    const bool stuck = in.pos == before && out.pos == used;
    used = out.pos;
    if (ZSTD_isError(wanted) != 0 || (stuck && wanted != 0))
      return fail(ErrorCode::table_format, "the zstd file is damaged or cut short", {},
                  "fetch or make it again");
  }
  content.resize(used);
  return content;
}

}  // namespace learndock::sketch
