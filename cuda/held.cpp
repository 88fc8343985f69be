#include "held.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numbers>

namespace learndock::cuda {
namespace {

constexpr std::size_t kAlignment = 256;

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

template <class T>
Result<const T*> copy_in(const Context& context, Arena& arena, cudaStream_t stream, const T* values,
                         std::size_t count) {
  LEARNDOCK_TRY(T * copy, arena.take<T>(count));
  if (count > 0)
    LEARNDOCK_CHECK(
        context.check(cudaMemcpyAsync(copy, values, count * sizeof(T), cudaMemcpyHostToDevice, stream),
                      "copying to the device"));
  return copy;
}

}  // namespace

std::size_t device_bytes(const compute::PackedSetsView& sets) {
  const std::size_t rows = sets.blocks() * kRowsPerBlock;
  return aligned(rows * sets.dimension * sizeof(float)) + 2 * aligned(rows * sizeof(float)) +
         aligned((sets.count + 1) * sizeof(std::uint64_t));
}

Result<DeviceSets> copy_sets(const Context& context, Arena& arena, cudaStream_t stream,
                             const compute::PackedSetsView& sets) {
  DeviceSets device;
  const std::size_t rows = sets.blocks() * kRowsPerBlock;
  LEARNDOCK_TRY(device.points, copy_in(context, arena, stream, sets.points, rows * sets.dimension));
  LEARNDOCK_TRY(device.weights, copy_in(context, arena, stream, sets.weights, rows));
  LEARNDOCK_TRY(device.squared_norms, copy_in(context, arena, stream, sets.squared_norms, rows));
  if (sets.count > 0) {
    LEARNDOCK_TRY(device.starts, copy_in(context, arena, stream, sets.starts, sets.count + 1));
  }
  device.count = sets.count;
  device.dimension = static_cast<std::uint32_t>(sets.dimension);
  return device;
}

DeviceKernel device_kernel(const compute::Kernel& kernel) {
  // Held within fp32's normal range: beyond it the kernel is one or zero all the same, but never 0 *
  // infinity.
  const double rate =
      std::clamp(kernel.gamma * std::numbers::log2e, double{std::numeric_limits<float>::min()},
                 double{std::numeric_limits<float>::max()});
  return {-static_cast<float>(rate), kernel.scales};
}

Result<std::shared_ptr<const CudaHeldSets>> CudaHeldSets::create(std::shared_ptr<const Context> context,
                                                                 const compute::PackedSetsView& sets) {
  std::shared_ptr<CudaHeldSets> held(new CudaHeldSets);
  held->view_ = sets;
  const std::size_t bytes = device_bytes(sets);
  LEARNDOCK_TRY(const LaneLease lease, LaneLease::take(*context));
  LEARNDOCK_TRY(held->memory_, DeviceBuffer::create(context->memory(), bytes));
  Arena arena(held->memory_.data(), bytes);
  LEARNDOCK_TRY(held->device_, copy_sets(*context, arena, lease.stream(), sets));
  LEARNDOCK_CHECK(lease.wait());
  held->context_ = std::move(context);
  return held;
}

Result<std::shared_ptr<const CudaHeldCodes>> CudaHeldCodes::create(std::shared_ptr<const Context> context,
                                                                   const compute::ScanCodesView& codes) {
  if (codes.count >> 32 != 0)
    return fail(ErrorCode::unsupported,
                fmt::format("{} items: the CUDA backend holds fewer than 2^32 in one piece", codes.count), {},
                "hold the codes in several pieces");
  std::shared_ptr<CudaHeldCodes> held(new CudaHeldCodes);
  held->view_ = codes;
  const std::size_t code_words = codes.blocks() * codes.block_bytes() / sizeof(std::uint32_t);
  const std::size_t factors = codes.blocks() * compute::kFactors * 32;
  const std::size_t bytes = aligned(code_words * sizeof(std::uint32_t)) + aligned(factors * sizeof(float));
  LEARNDOCK_TRY(const LaneLease lease, LaneLease::take(*context));
  LEARNDOCK_TRY(held->memory_, DeviceBuffer::create(context->memory(), bytes));
  Arena arena(held->memory_.data(), bytes);
  LEARNDOCK_TRY(const std::byte* copied,
                copy_in(*context, arena, lease.stream(), codes.codes, code_words * sizeof(std::uint32_t)));
  held->device_.codes = reinterpret_cast<const std::uint32_t*>(copied);
  LEARNDOCK_TRY(held->device_.factors, copy_in(*context, arena, lease.stream(), codes.factors, factors));
  LEARNDOCK_CHECK(lease.wait());
  held->device_.type = static_cast<std::uint32_t>(codes.type);
  held->device_.padded_dimension = static_cast<std::uint32_t>(codes.padded_dimension());
  held->device_.count = codes.count;
  static std::atomic<std::uint64_t> next_id{1};
  held->id_ = next_id++;
  held->context_ = std::move(context);
  return held;
}

}  // namespace learndock::cuda
