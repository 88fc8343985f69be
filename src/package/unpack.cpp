#include "package/unpack.hpp"

#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/temporary_file.hpp"
#include "package/contents.hpp"
#include "package/layout.hpp"

#include <system_error>

namespace learndock::package {
namespace {

namespace fs = std::filesystem;

Result<void> write_entry(const Contents& contents, std::size_t index, const fs::path& target) {
  if (const std::error_code error = io::disk::make_folders(target.parent_path()); error)
    return Failure(io::system_error(error.value(), "create the folder", target.parent_path()));
  // A sandbox may run the package under another user, who reads these files.
  LEARNDOCK_TRY(io::TemporaryFile file, io::TemporaryFile::beside(target, io::kUserFile));
  LEARNDOCK_CHECK(contents.read(index, [&](std::string_view piece) { return file.append(piece); }));
  return file.rename_over();
}

}  // namespace

Result<void> unpack_package(const fs::path& zip_or_folder, const fs::path& folder,
                            const archive::ArchiveLimits& limits) {
  LEARNDOCK_TRY(const std::unique_ptr<Contents> contents, open_contents(zip_or_folder, limits));
  LEARNDOCK_TRY(const Layout layout, find_layout(contents->entries()));
  // Names of a layout were checked by the path rules: none leads out of the folder.
  for (const auto& [name, index] : layout.files)
    if (!contents->entries()[index].directory())
      LEARNDOCK_CHECK(write_entry(*contents, index, folder / name));
  return {};
}

}  // namespace learndock::package
