#pragma once

#include "learndock/compute/backend.hpp"

#include "context.hpp"
#include "kernels/device_types.hpp"
#include "kernels/scan.hpp"

#include <memory>

namespace learndock::cuda {

/// Reduced sets with a copy on the device.
class CudaHeldSets final : public compute::HeldSets {
 public:
  /// @errors device_memory, unavailable
  [[nodiscard]] static Result<std::shared_ptr<const CudaHeldSets>> create(
      std::shared_ptr<const Context> context, const compute::PackedSetsView& sets);
  [[nodiscard]] const compute::PackedSetsView& view() const override { return view_; }
  [[nodiscard]] const DeviceSets& device() const { return device_; }

 private:
  CudaHeldSets() = default;
  std::shared_ptr<const Context> context_;
  compute::PackedSetsView view_;
  DeviceBuffer memory_;
  DeviceSets device_;
};

/// Codes with a copy on the device.
class CudaHeldCodes final : public compute::HeldCodes {
 public:
  /// @errors device_memory, unavailable, unsupported (2^32 items or more)
  [[nodiscard]] static Result<std::shared_ptr<const CudaHeldCodes>> create(
      std::shared_ptr<const Context> context, const compute::ScanCodesView& codes);
  [[nodiscard]] const compute::ScanCodesView& view() const override { return view_; }
  [[nodiscard]] const DeviceCodes& device() const { return device_; }
  /// Differs from that of every other object of this process, dead ones included.
  [[nodiscard]] std::uint64_t id() const { return id_; }

 private:
  CudaHeldCodes() = default;
  std::uint64_t id_ = 0;
  std::shared_ptr<const Context> context_;
  compute::ScanCodesView view_;
  DeviceBuffer memory_;
  DeviceCodes device_;
};

/// Copies packed sets into `arena`, on `stream`; `sets` must stay until the stream was waited for.
[[nodiscard]] Result<DeviceSets> copy_sets(const Context& context, Arena& arena, cudaStream_t stream,
                                           const compute::PackedSetsView& sets);
/// Bytes that copy_sets takes.
[[nodiscard]] std::size_t device_bytes(const compute::PackedSetsView& sets);

[[nodiscard]] DeviceKernel device_kernel(const compute::Kernel& kernel);

}  // namespace learndock::cuda
