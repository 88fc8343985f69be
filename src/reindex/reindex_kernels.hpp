#pragma once

#include "learndock/reindex/reindex.hpp"
#include "learndock/specification/statistical.hpp"

#include "specification/space_kernels.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace learndock::reindex {

/// What a reading of the catalogue knows of one space: how many learnwares it has, and a sample of them,
/// those whose mixed numbers are least: the same in every run.
struct SpaceSample {
  std::size_t count = 0;                                             // that parts of the index can hold
  std::size_t others = 0;                                            // that they cannot
  std::map<std::uint64_t, specification::RkmeSpecification> sample;  // of the former by hash, the least kept

  void add(std::uint64_t hash, specification::RkmeSpecification specification);
  /// Two spaces that became one: the same sample as if they had been read as one.
  void absorb(SpaceSample other);
};
using SpaceSamples = std::map<specification::SpaceKey, SpaceSample>;

/// The kernels that a reindex puts in force. Groups whose points are all equal, or hold no gamma by the
/// median heuristic, get the gamma that most of their learnwares are specified with.
/// @param specified  by the specifications' own gammas
/// @errors invalid_argument (a number that the scales of some group cannot have)
[[nodiscard]] Result<specification::SpaceKernels> choose_kernels(const GammaChoice& choice,
                                                                 const specification::SpaceKernels& before,
                                                                 const SpaceSamples& specified,
                                                                 std::uint64_t seed);

/// What the choice means for each gamma that learnwares are specified with; those that had their own and keep
/// it are left out.
[[nodiscard]] std::vector<KernelChange> kernel_changes(const specification::SpaceKernels& before,
                                                       const specification::SpaceKernels& after,
                                                       const SpaceSamples& specified);

/// The spaces, and their samples, as they are under these kernels.
[[nodiscard]] SpaceSamples spaces_under(const specification::SpaceKernels& kernels, SpaceSamples specified);

}  // namespace learndock::reindex
