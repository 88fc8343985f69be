#include "recorded_graphs.hpp"

#include <algorithm>

namespace learndock::cuda {
namespace {

constexpr std::size_t kMostGraphs = 32;

/// Ends the capture in any case: a stream left capturing would refuse everything after it.
Result<cudaGraphExec_t> record(const LaneLease& lease, const std::function<Result<void>()>& enqueue) {
  const Context& context = lease.context();
  LEARNDOCK_CHECK(context.check(cudaStreamBeginCapture(lease.stream(), cudaStreamCaptureModeThreadLocal),
                                "recording a graph"));
  const Result<void> enqueued = enqueue();
  cudaGraph_t graph = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(lease.stream(), &graph);
  cudaGraphExec_t executable = nullptr;
  Result<void> made = enqueued;
  if (made) made = context.check(ended, "recording a graph");
  if (made) made = context.check(cudaGraphInstantiate(&executable, graph, 0), "making a graph");
  if (graph != nullptr) static_cast<void>(cudaGraphDestroy(graph));
  if (!made) return Failure(std::move(made).error());
  return executable;
}

}  // namespace

Result<void> run_recorded(LaneLease& lease, const std::vector<std::uint64_t>& key,
                          const std::function<Result<void>()>& enqueue) {
  std::vector<RecordedGraph>& graphs = lease.lane().graphs;
  auto found =
      std::find_if(graphs.begin(), graphs.end(), [&](const auto& graph) { return graph.key == key; });
  if (found == graphs.end()) {
    LEARNDOCK_TRY(const cudaGraphExec_t executable, record(lease, enqueue));
    if (graphs.size() == kMostGraphs) {
      static_cast<void>(cudaGraphExecDestroy(graphs.front().executable));
      graphs.erase(graphs.begin());
    }
    found = graphs.insert(graphs.end(), {key, executable});
  }
  return lease.context().check(cudaGraphLaunch(found->executable, lease.stream()), "launching a graph");
}

}  // namespace learndock::cuda
