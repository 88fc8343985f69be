#include "context.hpp"

#include "check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace learndock::cuda {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

Result<std::size_t> number_from(const char* variable, std::size_t otherwise, std::size_t largest) {
  const char* text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return otherwise;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), value);
  if (error != std::errc{} || *end != '\0' || value > largest)
    return fail(ErrorCode::invalid_argument, fmt::format("{} is \"{}\"", variable, text), {},
                fmt::format("set it to a whole number from 0 to {}, or leave it out", largest));
  return value;
}

}  // namespace

Result<Options> options_from_environment() {
  Options options;
  constexpr std::size_t kMostMiB = std::size_t{1} << 30;
  LEARNDOCK_TRY(const std::size_t device, number_from("LEARNDOCK_CUDA_DEVICE", 0, 1023));
  LEARNDOCK_TRY(const std::size_t budget, number_from("LEARNDOCK_CUDA_MEMORY_MIB", 0, kMostMiB));
  LEARNDOCK_TRY(const std::size_t workspace, number_from("LEARNDOCK_CUDA_WORKSPACE_MIB", 0, kMostMiB));
  LEARNDOCK_TRY(const std::size_t lanes, number_from("LEARNDOCK_CUDA_LANES", options.lanes, 64));
  options.device = static_cast<int>(device);
  options.budget_bytes = budget * kMiB;
  options.workspace_bytes = workspace * kMiB;
  options.lanes = std::max(1U, static_cast<unsigned>(lanes));
  return options;
}

Result<std::shared_ptr<Context>> Context::open(const Options& options) {
  if (std::string missing = missing_part(options.device); !missing.empty())
    return fail(ErrorCode::backend_unavailable, std::move(missing));
  std::shared_ptr<Context> context(new Context);
  context->options_ = options;
  LEARNDOCK_CHECK(context->check(cudaSetDevice(options.device), "choosing the device"));
  LEARNDOCK_CHECK(context->check(cudaGetDeviceProperties(&context->properties_, options.device),
                                 "reading the device's properties"));
  int pools = 0;
  LEARNDOCK_CHECK(
      context->check(cudaDeviceGetAttribute(&pools, cudaDevAttrMemoryPoolsSupported, options.device),
                     "reading the device's properties"));
  const cudaDeviceProp& found = context->properties_;
  if (found.major * 10 + found.minor < 75 || pools == 0)
    return fail(ErrorCode::backend_unavailable,
                fmt::format("{} cannot be used: compute capability 7.5 and memory pools are needed",
                            context->device_text()));
  Options& chosen = context->options_;
  if (chosen.budget_bytes == 0) {
    std::size_t free = 0, total = 0;
    LEARNDOCK_CHECK(context->check(cudaMemGetInfo(&free, &total), "asking for free device memory"));
    chosen.budget_bytes = free / 10 * 9;
  }
  if (chosen.workspace_bytes == 0) chosen.workspace_bytes = std::min(256 * kMiB, chosen.budget_bytes / 8);
  LEARNDOCK_TRY(context->memory_, DevicePool::create(options.device, chosen.budget_bytes));
  for (unsigned lane = 0; lane < std::max(1U, chosen.lanes); ++lane) LEARNDOCK_CHECK(context->add_lane());
  return context;
}

Result<void> Context::add_lane() {
  Lane& lane = *lanes_.emplace_back(std::make_unique<Lane>());
  LEARNDOCK_CHECK(check(cudaStreamCreateWithFlags(&lane.stream, cudaStreamNonBlocking), "making a stream"));
  LEARNDOCK_TRY(lane.workspace, DeviceBuffer::create(memory_, options_.workspace_bytes));
  lane.arena = Arena(lane.workspace.data(), lane.workspace.bytes());
  void* pinned = nullptr;
  LEARNDOCK_CHECK(check(cudaHostAlloc(&pinned, kPinnedBytes, cudaHostAllocDefault),
                        "allocating page-locked host memory"));
  lane.pinned = static_cast<std::byte*>(pinned);
  free_lanes_.push_back(&lane);
  return {};
}

Context::~Context() {
  // Failures here mean a lost device; what is left is freed by the end of the process.
  for (const auto& lane : lanes_) {
    for (const RecordedGraph& graph : lane->graphs) static_cast<void>(cudaGraphExecDestroy(graph.executable));
    if (lane->stream != nullptr) static_cast<void>(cudaStreamDestroy(lane->stream));
    if (lane->pinned != nullptr) static_cast<void>(cudaFreeHost(lane->pinned));
  }
}

Result<void> Context::check(cudaError_t status, std::string_view doing) const {
  if (status == cudaSuccess) return {};
  // The runtime remembers a failure until asked; a later launch would otherwise report it as its own.
  static_cast<void>(cudaGetLastError());
  Error error = to_error(status, doing);
  if (is_sticky(status)) {
    const std::scoped_lock lock(mutex_);
    if (!lost_) lost_reason_ = error.message;
    lost_ = true;
  }
  return Failure(std::move(error));
}

Result<void> Context::usable() const {
  if (lost_) {
    const std::scoped_lock lock(mutex_);
    return fail(ErrorCode::unavailable, lost_reason_, {},
                "restart the process that uses the device; the CPU backend goes on working");
  }
  // The current device belongs to the calling thread, which may be new.
  return check(cudaSetDevice(options_.device), "choosing the device");
}

std::string Context::device_text() const {
  return fmt::format("{}, compute capability {}.{}", properties_.name, properties_.major, properties_.minor);
}

Result<LaneLease> LaneLease::take(const Context& context) {
  LEARNDOCK_CHECK(context.usable());
  std::unique_lock lock(context.mutex_);
  context.lane_returned_.wait(lock, [&] { return !context.free_lanes_.empty(); });
  Lane* lane = context.free_lanes_.back();
  context.free_lanes_.pop_back();
  return LaneLease(context, *lane);
}

LaneLease::LaneLease(LaneLease&& other) noexcept
    : context_(other.context_), lane_(std::exchange(other.lane_, nullptr)) {}

LaneLease::~LaneLease() {
  if (lane_ == nullptr) return;
  // After a successful `wait` this returns at once; a failure was or will be reported by the operation.
  static_cast<void>(context_->check(cudaStreamSynchronize(lane_->stream), "waiting for the device"));
  lane_->arena.rewind(0);
  {
    const std::scoped_lock lock(context_->mutex_);
    context_->free_lanes_.push_back(lane_);
  }
  context_->lane_returned_.notify_one();
}

}  // namespace learndock::cuda
