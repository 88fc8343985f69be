#pragma once

#include "learndock/reindex/reindex.hpp"
#include "learndock/specification/statistical.hpp"

#include "specification/space_kernels.hpp"
#include "store/index_store.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace learndock::reindex {

/// One space as read from the catalogue: the number of its learnwares, and a sample of them. The sample are
/// the learnwares with the least mixed numbers, the same in every run.
struct SpaceSample {
  std::size_t count = 0;   // learnwares that parts of the index can store
  std::size_t others = 0;  // learnwares that they cannot
  std::map<std::uint64_t, specification::RkmeSpecification>
      sample;  // learnwares of `count` by hash; the least are kept

  void add(std::uint64_t hash, specification::RkmeSpecification specification);
  /// Adds another space that became one with this. The sample is the same as if both had been read as one
  /// space.
  void absorb(SpaceSample other);
};
using SpaceSamples = std::map<specification::SpaceId, SpaceSample>;

/// The kernels of a version of the index; none where its manifest is damaged. @errors corrupt
[[nodiscard]] Result<specification::SpaceKernels> kernels_in_use(const store::IndexVersion& version);

/// The kernels that a reindex makes current. A family whose points are all equal, or for which the median
/// heuristic gives no gamma, gets the gamma that most of its learnwares are specified with.
/// @param specified spaces under the specifications' own gammas
/// @errors invalid_argument (a number that the scales of some family cannot have)
[[nodiscard]] Result<specification::SpaceKernels> choose_kernels(const GammaChoice& choice,
                                                                 const specification::SpaceKernels& before,
                                                                 const SpaceSamples& specified,
                                                                 std::uint64_t seed);

/// The kernel change for each gamma that learnwares are specified with. Learnwares that had their own gamma
/// and keep it are left out.
[[nodiscard]] std::vector<KernelChange> kernel_changes(const specification::SpaceKernels& before,
                                                       const specification::SpaceKernels& after,
                                                       const SpaceSamples& specified);

/// The spaces with their samples under these kernels.
[[nodiscard]] SpaceSamples spaces_under(const specification::SpaceKernels& kernels, SpaceSamples specified);

}  // namespace learndock::reindex
