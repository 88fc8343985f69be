#include "sketch/table/mapped_file.hpp"

#include "io/descriptor.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace learndock::sketch {

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
  const io::Descriptor file(io::disk::open(path, O_RDONLY));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0)
    return Failure(io::system_error(errno, "read", path));
  const auto size = static_cast<std::size_t>(status.st_size);
  io::MappedMemory memory;
  if (size > 0) {
    LEARNDOCK_TRY(memory, io::MappedMemory::map(file.get(), size, path));
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(std::move(memory)));
}

Result<void> MappedFile::intact() const {
  if (!memory_.lost()) return {};
  return fail(ErrorCode::io, "the file was shortened while it was read, or its disk failed", {},
              "try again when nothing writes to the file");
}

}  // namespace learndock::sketch
