#pragma once

#include "learndock/base/result.hpp"

#include "memory.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cuda_runtime.h>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace learndock::cuda {

struct Options {
  int device = 0;
  /// Device memory the backend may use in all; 0 = nine tenths of what is free when it opens.
  std::size_t budget_bytes = 0;
  /// Of that, for each lane's intermediate results; 0 = 256 MiB, or an eighth of the budget if that is less.
  std::size_t workspace_bytes = 0;
  /// Operations that can be under way at once; more callers wait.
  unsigned lanes = 2;
};

/// Options from LEARNDOCK_CUDA_{DEVICE,MEMORY_MIB,WORKSPACE_MIB,LANES}.
/// @errors invalid_argument: not a number, or out of range
[[nodiscard]] Result<Options> options_from_environment();

/// A captured sequence of copies and launches that can be run again with one call.
struct RecordedGraph {
  std::vector<std::uint64_t> key;  ///< what the sequence was recorded for
  cudaGraphExec_t executable = nullptr;
};

/// What one operation computes with: a stream, device workspace and page-locked host memory, all made when
/// the backend opens, so that the operation itself allocates nothing.
struct Lane {
  cudaStream_t stream = nullptr;
  DeviceBuffer workspace;
  Arena arena;
  std::byte* pinned = nullptr;
  std::vector<RecordedGraph> graphs;
};

/// The device as this process uses it. No default stream, no device state outside of this object.
class Context : public std::enable_shared_from_this<Context> {
 public:
  static constexpr std::size_t kPinnedBytes = std::size_t{1} << 20;

  /// @errors backend_unavailable (what is missing), device_memory (the workspaces exceed the budget)
  [[nodiscard]] static Result<std::shared_ptr<Context>> open(const Options& options);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Turns a status into an error. After a sticky one the device counts as lost, and `usable` says so at
  /// once.
  [[nodiscard]] Result<void> check(cudaError_t status, std::string_view doing) const;
  [[nodiscard]] Result<void> usable() const;

  [[nodiscard]] const std::shared_ptr<DevicePool>& memory() const { return memory_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] unsigned processors() const { return static_cast<unsigned>(properties_.multiProcessorCount); }
  /// "NVIDIA H200, compute capability 9.0".
  [[nodiscard]] std::string device_text() const;

 private:
  friend class LaneLease;
  Context() = default;
  [[nodiscard]] Result<void> add_lane();

  Options options_;
  cudaDeviceProp properties_{};
  std::shared_ptr<DevicePool> memory_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  mutable std::mutex mutex_;
  mutable std::condition_variable lane_returned_;
  mutable std::vector<Lane*> free_lanes_;
  mutable std::atomic<bool> lost_{false};
  mutable std::string lost_reason_;  // guarded by mutex_
};

/// A lane for the length of one operation. Declare it after the host memory its copies read or write: it
/// waits for the stream when it goes, also on the way out of an error.
class LaneLease {
 public:
  /// Waits for a free lane. @errors unavailable: the device is lost
  [[nodiscard]] static Result<LaneLease> take(const Context& context);
  ~LaneLease();
  LaneLease(LaneLease&& other) noexcept;
  LaneLease& operator=(LaneLease&&) = delete;

  [[nodiscard]] Lane& lane() const { return *lane_; }
  [[nodiscard]] Arena& arena() const { return lane_->arena; }
  [[nodiscard]] cudaStream_t stream() const { return lane_->stream; }
  [[nodiscard]] const Context& context() const { return *context_; }

  /// Workspace holding a copy of `values`, which must stay until `wait`.
  template <class T>
  [[nodiscard]] Result<const T*> upload(std::span<const T> values) {
    LEARNDOCK_TRY(T * copy, arena().template take<T>(values.size()));
    if (!values.empty())
      LEARNDOCK_CHECK(context_->check(
          cudaMemcpyAsync(copy, values.data(), values.size_bytes(), cudaMemcpyHostToDevice, stream()),
          "copying to the device"));
    return copy;
  }
  template <class T>
  [[nodiscard]] Result<void> download(const T* from, std::span<T> to) {
    if (to.empty()) return {};
    return context_->check(
        cudaMemcpyAsync(to.data(), from, to.size_bytes(), cudaMemcpyDeviceToHost, stream()),
        "copying from the device");
  }
  [[nodiscard]] Result<void> launched(cudaError_t status) const {
    return context_->check(status, "starting a device kernel");
  }
  [[nodiscard]] Result<void> wait() const {
    return context_->check(cudaStreamSynchronize(stream()), "waiting for the device");
  }

 private:
  LaneLease(const Context& context, Lane& lane) : context_(&context), lane_(&lane) {}
  const Context* context_;
  Lane* lane_;
};

}  // namespace learndock::cuda
