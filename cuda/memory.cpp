#include "memory.hpp"

#include "check.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace learndock::cuda {

Result<std::shared_ptr<DevicePool>> DevicePool::create(int device, std::size_t budget_bytes) {
  std::shared_ptr<DevicePool> pool(new DevicePool);
  pool->budget_ = budget_bytes;
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location.type = cudaMemLocationTypeDevice;
  properties.location.id = device;
  if (const cudaError_t status = cudaMemPoolCreate(&pool->pool_, &properties); status != cudaSuccess)
    return Failure(to_error(status, "making a device memory pool"));
  // Freed memory stays with the pool: the budget says how much that can be.
  std::uint64_t keep = budget_bytes;
  if (const cudaError_t status = cudaMemPoolSetAttribute(pool->pool_, cudaMemPoolAttrReleaseThreshold, &keep);
      status != cudaSuccess)
    return Failure(to_error(status, "setting up a device memory pool"));
  if (const cudaError_t status = cudaStreamCreateWithFlags(&pool->stream_, cudaStreamNonBlocking);
      status != cudaSuccess)
    return Failure(to_error(status, "making a stream"));
  return pool;
}

DevicePool::~DevicePool() {
  if (stream_ != nullptr) static_cast<void>(cudaStreamDestroy(stream_));
  if (pool_ != nullptr) static_cast<void>(cudaMemPoolDestroy(pool_));
}

Result<void*> DevicePool::allocate(std::size_t bytes) {
  {
    const std::scoped_lock lock(mutex_);
    if (bytes > budget_ - used_)
      return fail(ErrorCode::device_memory,
                  fmt::format("{} bytes of device memory are needed, {} of a budget of {} are left", bytes,
                              budget_ - used_, budget_),
                  {}, "hold fewer sets at a time, raise LEARNDOCK_CUDA_MEMORY_MIB, or use the CPU backend");
    used_ += bytes;
  }
  void* memory = nullptr;
  cudaError_t status = cudaMallocFromPoolAsync(&memory, bytes, pool_, stream_);
  // Waiting makes the memory usable by every stream, not only by those ordered after this one.
  if (status == cudaSuccess) status = cudaStreamSynchronize(stream_);
  if (status == cudaSuccess) return memory;
  // The runtime remembers a failure until asked; a later launch would otherwise report it as its own.
  static_cast<void>(cudaGetLastError());
  const std::scoped_lock lock(mutex_);
  used_ -= bytes;
  return Failure(to_error(status, fmt::format("allocating {} bytes of device memory", bytes)));
}

void DevicePool::free(void* memory, std::size_t bytes) {
  // Fails only when the device is lost, and then the memory is gone with it.
  static_cast<void>(cudaFreeAsync(memory, stream_));
  const std::scoped_lock lock(mutex_);
  used_ -= bytes;
}

std::size_t DevicePool::used() const {
  const std::scoped_lock lock(mutex_);
  return used_;
}

Result<DeviceBuffer> DeviceBuffer::create(std::shared_ptr<DevicePool> pool, std::size_t bytes) {
  DeviceBuffer buffer;
  if (bytes > 0) {
    LEARNDOCK_TRY(buffer.data_, pool->allocate(bytes));
  }
  buffer.bytes_ = bytes;
  buffer.pool_ = std::move(pool);
  return buffer;
}

DeviceBuffer::DeviceBuffer(DeviceBuffer&& other) noexcept { *this = std::move(other); }

DeviceBuffer& DeviceBuffer::operator=(DeviceBuffer&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = std::move(other.pool_);
  data_ = std::exchange(other.data_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void DeviceBuffer::release() {
  if (data_ != nullptr) pool_->free(data_, bytes_);
  data_ = nullptr;
}

Failure Arena::full(std::size_t need) const {
  return fail(
      ErrorCode::device_memory,
      fmt::format("the device workspace has {} bytes left of {}, {} are needed", left(), bytes_, need), {},
      "raise LEARNDOCK_CUDA_WORKSPACE_MIB, work on fewer sets at a time, or use the CPU backend");
}

}  // namespace learndock::cuda
