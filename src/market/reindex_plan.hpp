#pragma once

#include "learndock/base/json.hpp"
#include "learndock/catalog/catalog.hpp"
#include "learndock/index/feature_space.hpp"
#include "learndock/index/segment_part.hpp"
#include "learndock/index/space_kernels.hpp"
#include "learndock/index/space_key.hpp"
#include "learndock/market/reindex.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace learndock::market {

/// Catalogue numbers of one piece of work, both included.
struct SequenceRange {
  std::uint64_t first = 0, last = 0;
};

/// What a reindex does, as DOCK/reindex/plan.json says it. Each space's subspace lies beside it.
struct ReindexPlan {
  std::string id;  ///< of its catalogue's state, options and the kernels in force
  std::uint64_t catalog_version = 0;
  std::vector<SequenceRange> ranges;
  std::vector<index::SpaceKey> spaces = {};  ///< under `kernels`
  std::string gamma;                         ///< the choice as GammaChoice::text
  index::SpaceKernels kernels_before, kernels;
  std::vector<KernelChange> changes;
};

/// Whether parts of the index can hold it: the rest is compared directly.
[[nodiscard]] bool is_indexable(const spec::RkmeSpecification& specification);

/// The wanted prefilter's name, or "auto".
[[nodiscard]] std::string prefilter_option(const ReindexOptions& options);
/// What of the options later parts of the index are written with too, as the index keeps it.
[[nodiscard]] std::map<std::string, std::string> kept_options(const ReindexOptions& options);
/// The same read again; what is not there, or of another version, is left to the defaults.
[[nodiscard]] index::PartWriterOptions chosen_writing(const std::map<std::string, std::string>& kept);

[[nodiscard]] std::filesystem::path reindex_folder(const std::filesystem::path& dock);

/// With what tells damage: a damaged plan, or list of a finished piece's spaces, would make an index of
/// something else without anyone's notice.
[[nodiscard]] Json with_checksum(Json json);
[[nodiscard]] bool has_right_checksum(const Json& json);

/// @errors not_found, corrupt, conflict (planned with other options)
[[nodiscard]] Result<ReindexPlan> read_plan(const std::filesystem::path& dock, const ReindexOptions& options);
/// Reads the catalogue and fits the subspaces; the plan appears last.
[[nodiscard]] Result<ReindexPlan> make_plan(const std::filesystem::path& dock,
                                            const catalog::Catalog& catalog, const ReindexOptions& options,
                                            const ReindexProgress& progress);
/// The fitted subspace of a planned space. @errors corrupt, io
[[nodiscard]] Result<std::shared_ptr<const index::FeatureSpace>> read_planned_space(
    const std::filesystem::path& dock, std::size_t space);

}  // namespace learndock::market
