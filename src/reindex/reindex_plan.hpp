#pragma once

#include "learndock/base/json.hpp"
#include "learndock/reindex/reindex.hpp"

#include "catalog/catalog.hpp"
#include "engine/space/feature_space.hpp"
#include "specification/space_id.hpp"
#include "specification/space_kernels.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace learndock::reindex {

/// A range of catalogue numbers, both ends included.
struct SequenceRange {
  LearnwareNumber first, last;
};

/// The plan of a reindex, as in DOCK/reindex/plan.json. The subspace of each space is in a file beside it.
struct ReindexPlan {
  std::string id;  ///< made from the catalogue's state, the options and the kernels in use
  std::uint64_t catalog_version = 0;
  std::vector<SequenceRange> ranges;
  std::vector<specification::SpaceId> spaces = {};  ///< under `kernels`
  std::string gamma;                                ///< the choice as GammaChoice::text
  specification::SpaceKernels kernels_before, kernels;
  std::vector<KernelChange> changes;
};

/// Adds a checksum. Without one, a damaged plan, or a damaged list of a finished piece's spaces, would
/// silently make a wrong index.
[[nodiscard]] Json with_checksum(Json json);
[[nodiscard]] bool has_right_checksum(const Json& json);

/// @errors not_found, corrupt, conflict (planned with other options)
[[nodiscard]] Result<ReindexPlan> read_plan(const std::filesystem::path& dock, const ReindexOptions& options);
/// Reads the catalogue and fits the subspaces; the plan appears last. @pre `options` have a backend
[[nodiscard]] Result<ReindexPlan> make_plan(const std::filesystem::path& dock,
                                            const catalog::Catalog& catalog, const ReindexOptions& options,
                                            const ReindexProgress& progress);
/// The fitted subspace of a planned space. @errors corrupt, io
[[nodiscard]] Result<std::shared_ptr<const engine::FeatureSpace>> read_planned_space(
    const std::filesystem::path& dock, std::size_t space);

}  // namespace learndock::reindex
