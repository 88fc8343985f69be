#include "packed_operations.hpp"

#include "kernels/cross_terms.hpp"
#include "kernels/row_sums.hpp"

#include <algorithm>

namespace learndock::cuda {
namespace {

using compute::PackedSets;
using compute::ReducedSetView;

/// Row sums of a part, of all its queries together: they stay in a device's L2 until they are added up.
constexpr std::size_t kRowValueBytes = std::size_t{32} << 20;

Result<PackedSets> pack_like(const compute::PackedSetsView& sets, std::span<const ReducedSetView> queries) {
  return PackedSets::pack(queries, sets.kernel, {sets.centre, sets.dimension});
}

std::uint64_t widest(const compute::PackedSetsView& sets, std::uint64_t first, std::uint64_t count) {
  std::uint64_t most = 0;
  for (std::uint64_t set = first; set < first + count; ++set)
    most = std::max(most, sets.starts[set + 1] - sets.starts[set]);
  return most;
}

/// Sets [first, end) whose rows, and which, number at most `most`; at least one.
std::uint64_t end_of_part(const compute::PackedSetsView& sets, std::uint64_t first, std::uint64_t most) {
  const std::uint64_t* const end =
      std::upper_bound(sets.starts + first + 1, sets.starts + sets.count + 1, sets.starts[first] + most);
  const auto within = static_cast<std::uint64_t>(end - sets.starts) - 1;
  return std::max(first + 1, std::min(within, first + most));
}

/// Rows [0, queries) of `out` for packed queries, sets in parts. False when the workspace is too small.
Result<bool> cross_terms_packed(LaneLease& lease, const CudaHeldSets& sets,
                                const compute::PackedSetsView& queries, MatrixView<double> out) {
  Arena& arena = lease.arena();
  arena.rewind(0);
  if (device_bytes(queries) > arena.left()) return false;
  LEARNDOCK_TRY(const DeviceSets device_queries, copy_sets(lease.context(), arena, lease.stream(), queries));
  const std::size_t mark = arena.mark();
  // Row values and results of a row each at most, and a block of rows more at both ends.
  const std::size_t each = 2 * sizeof(double) * queries.count, spare = 4096 + 2 * kRowsPerBlock * each;
  const std::size_t room = arena.left() < spare ? 0 : arena.left() - spare;
  const std::uint64_t most = std::min(room, 2 * kRowValueBytes) / each;
  if (most == 0) return false;
  const compute::PackedSetsView& view = sets.view();
  for (std::uint64_t first = 0; first < view.count;) {
    const std::uint64_t end = end_of_part(view, first, most);
    const std::uint64_t count = end - first, first_block = view.starts[first] / kRowsPerBlock;
    const std::uint64_t rows = view.starts[end] - first_block * kRowsPerBlock;
    if (std::max(rows, count) * each > room + 2 * kRowsPerBlock * each) return false;
    arena.rewind(mark);
    LEARNDOCK_TRY(double* const values, arena.take<double>(rows * queries.count));
    LEARNDOCK_TRY(double* const result, arena.take<double>(count * queries.count));
    const RowSums sums{sets.device(),
                       device_queries,
                       device_kernel(view.kernel),
                       first_block,
                       view.starts[end],
                       0,
                       queries.count,
                       widest(queries, 0, queries.count),
                       rows,
                       values};
    LEARNDOCK_CHECK(lease.launched(launch_row_sums(sums, lease.stream())));
    const SetTotals totals{sets.device(), first, count, queries.count, values, first_block * kRowsPerBlock,
                           rows,          count, result};
    LEARNDOCK_CHECK(lease.launched(launch_set_totals(totals, lease.stream())));
    LEARNDOCK_CHECK(lease.context().check(
        cudaMemcpy2DAsync(out.data() + first, out.cols() * sizeof(double), result, count * sizeof(double),
                          count * sizeof(double), queries.count, cudaMemcpyDeviceToHost, lease.stream()),
        "copying from the device"));
    first = end;
  }
  LEARNDOCK_CHECK(lease.wait());
  return true;
}

Failure no_room(std::string_view what) {
  return fail(ErrorCode::device_memory, "the device workspace is too small for " + std::string(what), {},
              "raise LEARNDOCK_CUDA_WORKSPACE_MIB or use the CPU backend");
}

}  // namespace

Result<void> cross_terms(const Context& context, const CudaHeldSets& sets,
                         std::span<const ReducedSetView> queries, MatrixView<double> out) {
  if (sets.view().count == 0) return context.usable();
  std::size_t batch = std::min<std::size_t>(queries.size(), 4096);
  for (std::size_t first = 0; first < queries.size();) {
    const std::size_t count = std::min(batch, queries.size() - first);
    LEARNDOCK_TRY(const PackedSets packed, pack_like(sets.view(), queries.subspan(first, count)));
    LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
    LEARNDOCK_TRY(const bool done, cross_terms_packed(lease, sets, packed.view(), out.block(first, count)));
    if (done) {
      first += count;
    } else if (count == 1) {
      return no_room("the cross terms of one query and one set");
    } else {
      batch = (count + 1) / 2;
    }
  }
  return {};
}

}  // namespace learndock::cuda
