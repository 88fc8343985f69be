#include "cuda_runtime.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

namespace learndock::shim {
namespace {

struct State {
  std::mutex mutex;
  Faults faults;
  cudaError_t sticky = cudaSuccess;
  std::map<void*, std::size_t> allocations;
  std::size_t allocated = 0;
  std::atomic<std::size_t> launches{0}, graph_launches{0};
};

State& state() {
  static State instance;
  return instance;
}

cudaError_t sticky() {
  const std::scoped_lock lock(state().mutex);
  return state().sticky;
}

/// As in CUDA, a failed call is remembered until cudaGetLastError asks, even when its status was looked at.
thread_local cudaError_t last_error = cudaSuccess;

}  // namespace

Faults& faults() { return state().faults; }

void reset() {
  const std::scoped_lock lock(state().mutex);
  state().faults = {};
  state().sticky = cudaSuccess;
}

std::size_t allocated_bytes() {
  const std::scoped_lock lock(state().mutex);
  return state().allocated;
}

std::size_t launches() { return state().launches; }
std::size_t graph_launches() { return state().graph_launches; }
void count_launch() { ++state().launches; }

void enqueue(Stream* stream, Operation operation) {
  if (stream == nullptr) std::abort();  // the default stream: nothing here may use it
  (stream->capture != nullptr ? stream->capture->operations : stream->pending)
      .push_back(std::move(operation));
}

}  // namespace learndock::shim

using namespace learndock::shim;

const char* cudaGetErrorName(cudaError_t status) {
  switch (status) {
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorIllegalAddress:
      return "cudaErrorIllegalAddress";
    case cudaErrorInsufficientDriver:
      return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    default:
      return "cudaError";
  }
}
const char* cudaGetErrorString(cudaError_t status) { return cudaGetErrorName(status); }
cudaError_t cudaGetLastError() {
  const cudaError_t last = std::exchange(last_error, cudaSuccess);
  return sticky() != cudaSuccess ? sticky() : last;
}
cudaError_t cudaGetDeviceCount(int* count) {
  if (faults().device_count != cudaSuccess)
    return faults().device_count;  // leaves the count unwritten, as CUDA
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int) { return sticky(); }
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"host shim", std::size_t{1} << 30, 8, 0, 2};
  return sticky();
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) {
  *value = 1;
  return sticky();
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = faults().device_count == cudaErrorInsufficientDriver ? 0 : 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = std::size_t{1} << 30;
  *free = *total - allocated_bytes();
  return sticky();
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new Stream;
  return sticky();
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return sticky();
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (sticky() != cudaSuccess) return sticky();
  for (const Operation& operation : std::exchange(stream->pending, {})) operation();
  const std::scoped_lock lock(state().mutex);
  const cudaError_t planned = std::exchange(state().faults.at_next_wait, cudaSuccess);
  if (planned != cudaSuccess) state().sticky = planned;
  return planned;
}

cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps*) {
  *pool = new Pool;
  return sticky();
}
cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
  delete pool;
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return sticky(); }
cudaError_t cudaMallocFromPoolAsync(void** memory, std::size_t bytes, cudaMemPool_t, cudaStream_t) {
  const std::scoped_lock lock(state().mutex);
  if (state().sticky != cudaSuccess) return state().sticky;
  if (state().faults.allocations_left >= 0 && state().faults.allocations_left-- == 0)
    return last_error = cudaErrorMemoryAllocation;
  const std::size_t rounded = (bytes + 255) / 256 * 256;
  *memory = std::aligned_alloc(256, rounded);
  std::memset(*memory, 0xff, rounded);
  state().allocations[*memory] = bytes;
  state().allocated += bytes;
  return cudaSuccess;
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t) {
  const std::scoped_lock lock(state().mutex);
  const auto found = state().allocations.find(memory);
  if (found == state().allocations.end()) std::abort();  // freed twice, or never allocated
  state().allocated -= found->second;
  state().allocations.erase(found);
  std::free(memory);
  return state().sticky;
}
cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) {
  *memory = std::malloc(bytes);
  return sticky();
}
cudaError_t cudaFreeHost(void* memory) {
  std::free(memory);
  return sticky();
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  enqueue(stream, [=] { std::memcpy(to, from, bytes); });
  return sticky();
}
cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind, cudaStream_t stream) {
  if (width > to_pitch || width > from_pitch) return cudaErrorInvalidValue;
  enqueue(stream, [=] {
    for (std::size_t row = 0; row < height; ++row)
      std::memcpy(static_cast<char*>(to) + row * to_pitch, static_cast<const char*>(from) + row * from_pitch,
                  width);
  });
  return sticky();
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  enqueue(stream, [=] { std::memset(memory, value, bytes); });
  return sticky();
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  stream->capture = new Graph;
  return sticky();
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = std::exchange(stream->capture, nullptr);
  return sticky();
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new Graph(*graph);
  return sticky();
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  ++state().graph_launches;
  enqueue(stream, [operations = executable->operations] {
    for (const Operation& operation : operations) operation();
  });
  return sticky();
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
