#pragma once

#include "learndock/base/result.hpp"

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <span>
#include <utility>

namespace learndock::io {

struct MappedRegion;

/// The first bytes of a file as read-only memory. Reading it never ends the process: if the file shrinks
/// meanwhile, or its disk fails to read, all of it turns into zeros and `lost` is true from then on. The
/// reader checks `lost` before it uses anything made from the memory. It does not rely on checked numbers to
/// stay the same: an index that comes from this memory is limited again where it is used.
/// @threads safe to read concurrently
class MappedMemory {
 public:
  MappedMemory() = default;
  /// @param size  at least 1 @errors io
  [[nodiscard]] static Result<MappedMemory> map(int fd, std::size_t size, const std::filesystem::path& path);
  ~MappedMemory();
  MappedMemory(MappedMemory&& other) noexcept { *this = std::move(other); }
  MappedMemory& operator=(MappedMemory&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(region_, other.region_);
    return *this;
  }

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  /// Says that the first `bytes` are not needed for now: they leave the memory, and are read again when
  /// needed.
  void forget(std::size_t bytes) const;
  /// Whether zeros have replaced the file's bytes.
  [[nodiscard]] bool lost() const;

 private:
  std::span<std::byte> bytes_;
  MappedRegion* region_ = nullptr;
};

}  // namespace learndock::io
