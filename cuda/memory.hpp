#pragma once

#include "learndock/base/result.hpp"

#include <cstddef>
#include <cuda_runtime.h>
#include <memory>
#include <mutex>
#include <span>

namespace learndock::cuda {

/// Device memory under a budget. Stream-ordered allocation from a pool of its own, on a stream of its own: it
/// neither waits for running kernels nor touches the process's default pool.
///
/// @threads  all functions may be called concurrently
class DevicePool {
 public:
  /// @errors device_memory, unavailable
  [[nodiscard]] static Result<std::shared_ptr<DevicePool>> create(int device, std::size_t budget_bytes);
  ~DevicePool();
  DevicePool(const DevicePool&) = delete;
  DevicePool& operator=(const DevicePool&) = delete;

  /// Usable at once by every stream. The pool must outlive the memory.
  /// @errors device_memory: over the budget (nothing is asked of the device then), or the device has no room
  [[nodiscard]] Result<void*> allocate(std::size_t bytes);
  void free(void* memory, std::size_t bytes);

  [[nodiscard]] std::size_t budget() const { return budget_; }
  [[nodiscard]] std::size_t used() const;

 private:
  DevicePool() = default;
  mutable std::mutex mutex_;
  cudaMemPool_t pool_ = nullptr;
  cudaStream_t stream_ = nullptr;
  std::size_t budget_ = 0, used_ = 0;
};

/// Owns a piece of device memory.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  [[nodiscard]] static Result<DeviceBuffer> create(std::shared_ptr<DevicePool> pool, std::size_t bytes);
  ~DeviceBuffer() { release(); }
  DeviceBuffer(DeviceBuffer&& other) noexcept;
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept;
  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  void release();
  std::shared_ptr<DevicePool> pool_;
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Hands out pieces of one device buffer in order, all at 256-byte borders; nothing is given back singly.
class Arena {
 public:
  Arena() = default;
  Arena(void* data, std::size_t bytes) : data_(static_cast<std::byte*>(data)), bytes_(bytes) {}
  /// @errors device_memory when the buffer is used up: the caller then works in smaller parts
  template <class T>
  [[nodiscard]] Result<T*> take(std::size_t count) {
    if (count > bytes_ / sizeof(T)) return full(count * sizeof(T));
    const std::size_t need = (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    if (need > bytes_ - used_) return full(need);
    T* piece = reinterpret_cast<T*>(data_ + used_);
    used_ += need;
    return piece;
  }
  /// What a piece may still take.
  [[nodiscard]] std::size_t left() const { return (bytes_ - used_) / kAlignment * kAlignment; }
  [[nodiscard]] std::size_t mark() const { return used_; }
  void rewind(std::size_t mark) { used_ = mark; }

 private:
  static constexpr std::size_t kAlignment = 256;
  [[nodiscard]] Failure full(std::size_t need) const;
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0, used_ = 0;
};

}  // namespace learndock::cuda
