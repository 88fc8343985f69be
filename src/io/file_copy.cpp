#include "io/file_copy.hpp"

#include "io/descriptor.hpp"
#include "io/digest.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"

#include <cerrno>
#include <fcntl.h>

namespace learndock::io {
Result<std::string> copy_file_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  LEARNDOCK_TRY(const Descriptor source, open_for_reading(from));
  const Descriptor target(disk::open(to, O_WRONLY | O_CREAT | O_EXCL, kOwnerFile));
  if (target.get() < 0 && errno == EEXIST)
    return fail(ErrorCode::conflict, "there is a file of this name", to.string(),
                "choose a new or empty folder");
  if (target.get() < 0) return Failure(system_error(errno, "create", to));
  Sha256 hash;
  LEARNDOCK_CHECK(read_to_end(source.get(), from, [&](std::string_view piece) {
    hash.update(piece);
    return write_all(target.get(), piece, to);
  }));
  LEARNDOCK_CHECK(sync_file(target.get(), to));
  return hash.finish();
}

Result<std::string> digest_of_file(const std::filesystem::path& path) {
  LEARNDOCK_TRY(const Descriptor file, open_for_reading(path));
  Sha256 hash;
  LEARNDOCK_CHECK(read_to_end(file.get(), path, [&](std::string_view piece) -> Result<void> {
    hash.update(piece);
    return {};
  }));
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
