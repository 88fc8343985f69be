#include "io/file_copy.hpp"

#include "io/descriptor.hpp"
#include "io/digest.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace learndock::io {
namespace {

constexpr std::size_t kCopiedBytes = std::size_t{1} << 20;

}  // namespace

Result<std::string> copy_file_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  const Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (source.get() < 0) return Failure(system_error(errno, "open", from));
  const Descriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (target.get() < 0 && errno == EEXIST)
    return fail(ErrorCode::conflict, "there is a file of this name", to.string(),
                "choose a new or empty folder");
  if (target.get() < 0) return Failure(system_error(errno, "create", to));
  Sha256 hash;
  std::string chunk(kCopiedBytes, '\0');
  while (true) {
    const ssize_t got = ::read(source.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure(system_error(errno, "read", from));
    if (got == 0) break;
    const std::string_view piece(chunk.data(), static_cast<std::size_t>(got));
    hash.update(piece);
    LEARNDOCK_CHECK(write_all(target.get(), piece, to));
  }
  if (::fsync(target.get()) != 0) return Failure(system_error(errno, "flush", to));
  return hash.finish();
}

Result<void> make_new_folder(const std::filesystem::path& folder) {
  LEARNDOCK_CHECK(create_private_folder(folder));
  std::error_code error;
  const bool empty = std::filesystem::is_empty(folder, error);
  if (error) return Failure(system_error(error.value(), "look into the folder", folder));
  if (empty) return {};
  return fail(ErrorCode::conflict, "the folder is not empty; nothing is overwritten", folder.string(),
              "choose an empty or a new folder");
}

}  // namespace learndock::io
