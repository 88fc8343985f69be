#include "packed_operations.hpp"

#include "kernels/projection.hpp"

#include <algorithm>

namespace learndock::cuda {
namespace {

using compute::PackedSets;
using compute::ReducedSetView;

/// Two bf16 parts leave 3 * 2^-16 |x||y| of a product out: 384 units of R^2 in the exponent. From this
/// dimension on the fp32 error bound (compute::cross_term_error), which allows for d products summed in turn,
/// has room for that.
constexpr std::size_t kTwoPartsFrom = 1280;
constexpr std::size_t kMostPairs = std::size_t{1} << 20;
constexpr std::uint64_t kMostSelfTerms = std::uint64_t{1} << 20;
constexpr std::uint64_t kMostProjected = std::uint64_t{1} << 16;

RowMethod method_for(const Context& context, std::size_t dimension) {
  if (!context.tensor_products()) return RowMethod::direct;
  return dimension >= kTwoPartsFrom ? RowMethod::tensor_two : RowMethod::tensor_three;
}

Result<PackedSets> pack_like(const compute::PackedSetsView& sets, std::span<const ReducedSetView> queries) {
  return PackedSets::pack(queries, sets.kernel, {sets.centre, sets.dimension});
}

/// Tiles from `first` on whose sets number at most `most`; at least one when the first tile fits.
std::uint64_t tiles_within(const std::vector<std::uint64_t>& tiles, std::uint64_t first, std::uint64_t most) {
  const auto begin = tiles.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = std::upper_bound(begin + 1, tiles.end(), *begin + most);
  return static_cast<std::uint64_t>(end - begin) - 1;
}

/// Rows [0, queries) of `out` for packed queries, tiles in parts. False when the workspace is too small.
Result<bool> cross_terms_packed(LaneLease& lease, const CudaHeldSets& sets,
                                const compute::PackedSetsView& queries, MatrixView<double> out) {
  Arena& arena = lease.arena();
  arena.rewind(0);
  if (device_bytes(queries) > arena.left()) return false;
  LEARNDOCK_TRY(const DeviceSets device_queries, copy_sets(lease.context(), arena, lease.stream(), queries));
  const std::vector<std::uint64_t>& tiles = sets.tiles();
  const std::uint64_t most =
      std::min<std::uint64_t>(arena.left() / sizeof(double) / queries.count, sets.view().count);
  LEARNDOCK_TRY(double* const result, arena.take<double>(most * queries.count));
  const std::uint64_t most_tiles = ((std::uint64_t{1} << 31) - 1) / queries.count;
  for (std::uint64_t tile = 0; tile + 1 < tiles.size();) {
    const std::uint64_t count = std::min(tiles_within(tiles, tile, most), most_tiles);
    if (count == 0) return false;
    const std::uint64_t first = tiles[tile], width = tiles[tile + count] - first;
    CrossTerms job{sets.device(),
                   device_queries,
                   device_kernel(sets.view().kernel),
                   sets.device_tiles(),
                   tile,
                   count,
                   first,
                   width,
                   result};
    LEARNDOCK_CHECK(lease.launched(
        launch_cross_terms(job, method_for(lease.context(), queries.dimension), lease.stream())));
    LEARNDOCK_CHECK(lease.context().check(
        cudaMemcpy2DAsync(out.data() + first, out.cols() * sizeof(double), result, width * sizeof(double),
                          width * sizeof(double), queries.count, cudaMemcpyDeviceToHost, lease.stream()),
        "copying from the device"));
    tile += count;
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
      return no_room("the cross terms of one query and one tile of sets");
    } else {
      batch = (count + 1) / 2;
    }
  }
  return {};
}

Result<void> cross_terms(const Context& context, const CudaHeldSets& sets,
                         std::span<const ReducedSetView> queries, std::span<const compute::Pair> pairs,
                         std::span<double> out) {
  if (pairs.empty()) return context.usable();
  LEARNDOCK_TRY(const PackedSets packed, pack_like(sets.view(), queries));
  std::vector<DevicePair> all(pairs.size());
  std::transform(pairs.begin(), pairs.end(), all.begin(), [](const compute::Pair& pair) {
    return DevicePair{pair.query, pair.set};
  });
  LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
  LEARNDOCK_TRY(const DeviceSets device_queries,
                copy_sets(context, lease.arena(), lease.stream(), packed.view()));
  const std::size_t mark = lease.arena().mark();
  const std::size_t each = sizeof(DevicePair) + sizeof(double);
  const std::size_t most = std::min(kMostPairs, lease.arena().left() / 2 / each);
  if (most == 0) return no_room("one pair");
  for (std::size_t first = 0; first < all.size(); first += most) {
    const std::size_t count = std::min(most, all.size() - first);
    // What the stream still does with the last part is done before it reaches this one: memory can be used
    // again.
    lease.arena().rewind(mark);
    LEARNDOCK_TRY(const DevicePair* chosen,
                  lease.upload(std::span<const DevicePair>(all).subspan(first, count)));
    LEARNDOCK_TRY(double* const result, lease.arena().take<double>(count));
    CrossPairs job{sets.device(), device_queries, device_kernel(sets.view().kernel), chosen, count, result};
    LEARNDOCK_CHECK(
        lease.launched(launch_cross_pairs(job, method_for(context, sets.view().dimension), lease.stream())));
    LEARNDOCK_CHECK(lease.download(result, out.subspan(first, count)));
  }
  return lease.wait();
}

Result<void> self_terms(const Context& context, const CudaHeldSets& sets, std::span<double> out) {
  LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
  const std::uint64_t most = std::min<std::uint64_t>(lease.arena().left() / sizeof(double), kMostSelfTerms);
  if (most == 0 && !out.empty()) return no_room("one self term");
  for (std::uint64_t first = 0; first < out.size(); first += most) {
    const std::uint64_t count = std::min<std::uint64_t>(most, out.size() - first);
    lease.arena().rewind(0);
    LEARNDOCK_TRY(double* const result, lease.arena().take<double>(count));
    const SelfTerms job{sets.device(), device_kernel(sets.view().kernel), first, count, result};
    LEARNDOCK_CHECK(
        lease.launched(launch_self_terms(job, method_for(context, sets.view().dimension), lease.stream())));
    LEARNDOCK_CHECK(lease.download(result, out.subspan(first, count)));
  }
  return lease.wait();
}

Result<void> project(const Context& context, const CudaHeldSets& sets, const compute::Projection& projection,
                     std::size_t first, MatrixView<double> out) {
  if (out.size() == 0) return context.usable();
  const std::size_t landmarks = projection.landmarks.rows(), columns = projection.map.rows();
  const std::vector<double> ones(landmarks, 1.0);
  const ReducedSetView as_set{projection.landmarks.data(), ones.data(), landmarks,
                              projection.landmarks.cols(), sets.view().kernel.gamma};
  LEARNDOCK_TRY(const PackedSets packed, pack_like(sets.view(), {&as_set, 1}));
  LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
  LEARNDOCK_TRY(const DeviceSets rows, copy_sets(context, lease.arena(), lease.stream(), packed.view()));
  LEARNDOCK_TRY(const double* map,
                lease.upload(std::span<const double>(projection.map.data(), projection.map.size())));
  const std::size_t mark = lease.arena().mark();
  const std::size_t each = (landmarks + columns) * sizeof(double);
  const std::size_t spare = 512;  // both pieces begin at borders
  const std::size_t room = lease.arena().left() < spare ? 0 : lease.arena().left() - spare;
  const std::uint64_t most = std::min<std::uint64_t>(room / each, kMostProjected);
  if (most == 0) return no_room("the projection of one set");
  for (std::uint64_t begin = 0; begin < out.rows(); begin += most) {
    const std::uint64_t count = std::min<std::uint64_t>(most, out.rows() - begin);
    lease.arena().rewind(mark);
    LEARNDOCK_TRY(double* const sums, lease.arena().take<double>(count * landmarks));
    LEARNDOCK_TRY(double* const result, lease.arena().take<double>(count * columns));
    const LandmarkSums sums_job{
        rows, sets.device(), device_kernel(sets.view().kernel), landmarks, first + begin, count, sums};
    LEARNDOCK_CHECK(lease.launched(
        launch_landmark_sums(sums_job, method_for(context, sets.view().dimension), lease.stream())));
    const MapRows map_job{sums, map, count, columns, landmarks, result};
    LEARNDOCK_CHECK(lease.launched(launch_map_rows(map_job, lease.stream())));
    LEARNDOCK_CHECK(lease.download(result, std::span<double>(out.row(begin).data(), count * columns)));
  }
  return lease.wait();
}

}  // namespace learndock::cuda
