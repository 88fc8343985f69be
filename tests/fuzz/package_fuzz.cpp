// A sound archive of fuzzed files: refused with nothing left, or repacked to a canonical form that is a fixed
// point.
#include "learndock/package/package.hpp"

#include "fuzz/package_input.hpp"
#include "io/file.hpp"
#include "package/requirements.hpp"
#include "support/raw_zip.hpp"
#include "support/temporary_folder.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

using namespace learndock;
using namespace learndock::package;
using namespace learndock::testing;

namespace {

std::string archive_of(const FuzzParts& parts) {
  constexpr const char* kNames[] = {"learnware.yaml", "stat_spec.json", "semantic_specification.json",
                                    "requirements.txt"};
  RawZip zip;
  zip.entries.push_back(raw_file("__init__.py", ""));
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    if (!parts[i].empty()) zip.entries.push_back(raw_file(kNames[i], parts[i]));
  if (!parts[4].empty()) zip.entries.push_back(raw_file(parts[4], "x"));
  return zip.bytes();
}

/// The bytes as a file that has no name on any disk.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& bytes) : fd_(::memfd_create("package", MFD_CLOEXEC)) {
    if (fd_ < 0 || ::write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      std::abort();
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TemporaryFolder folder;
  const FuzzParts parts = from_fuzz_input({reinterpret_cast<const char*>(data), size});
  // What is left of a list takes code from nowhere else.
  if (!foreign_lines(without_foreign_lines(parts[3]).text).empty()) std::abort();
  const MemoryFile input(archive_of(parts));
  const auto package = read_package(input.path(), folder / "out.zip");
  if (!package) {
    if (!files_below(folder.path()).empty()) std::abort();
    return 0;
  }
  const std::string canonical = io::read_file(folder / "out.zip").value();
  const auto again = read_package(folder / "out.zip", folder / "again.zip");
  if (!again || io::read_file(folder / "again.zip").value() != canonical) std::abort();
  std::filesystem::remove(folder / "out.zip");
  std::filesystem::remove(folder / "again.zip");
  return 0;
}
