#include "dock/truth/disk_reserve.hpp"

#include "io/descriptor.hpp"
#include "io/disk.hpp"
#include "io/file_rights.hpp"

#include <algorithm>
#include <fcntl.h>

namespace learndock::dock {

std::uint64_t DiskReserve::bytes_for(std::uint64_t total_bytes) {
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 20, kMost = std::uint64_t{4} << 20;
  constexpr std::uint64_t kShare = 16;
  return std::clamp(total_bytes / kShare, kLeast, kMost);
}

bool DiskReserve::there() const {
  std::error_code error;
  return std::filesystem::exists(path_, error);
}

void DiskReserve::create(std::uint64_t bytes) const {
  const io::Descriptor file(io::disk::open(path_, O_WRONLY | O_CREAT | O_EXCL, io::kOwnerFile));
  if (file.get() < 0) return;
  // A hole would reserve nothing.
  if (io::disk::reserve(file.get(), bytes) != 0) io::disk::remove(path_);
}

bool DiskReserve::release() const { return io::disk::remove(path_) == 0; }

}  // namespace learndock::dock
