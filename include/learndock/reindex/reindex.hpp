#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"
#include "learndock/compute/scan_codes.hpp"
#include "learndock/engine/prefilter_kind.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::compute {
class Backend;
}

namespace learndock::reindex {

/// Which gammas an index compares under, for each family: learnwares of one kind, shape and
/// number of scales. The catalogue's records do not change.
struct GammaChoice {
  enum class Kind : std::uint8_t {
    in_force,  ///< the gammas of the current index
    own,       ///< each learnware's own
    median,    ///< one number for each family: 1 / median |x - y|^2 over a sample of its reduced sets
    number     ///< one number for all families
  };
  Kind kind = Kind::in_force;
  double number = 0;

  /// The choice as text: "", "own", "auto" or the number.
  [[nodiscard]] std::string text() const;
  bool operator==(const GammaChoice&) const = default;
};

/// Reads "own", "auto" or a positive number. @errors usage
[[nodiscard]] Result<GammaChoice> gamma_choice_of(std::string_view text);

struct ReindexOptions {
  compute::CodeType codes = engine::kCodes;
  std::optional<engine::PrefilterKind> prefilter;  ///< none: chosen by the number of learnwares
  std::size_t landmarks = 1024;
  std::size_t coordinates = 0;  ///< coordinates of an embedding; 0: engine::chosen_coordinates of each space
  /// A space with fewer learnwares gets no segment: comparing all of them is as fast.
  std::size_t smallest_space = 1024;
  std::size_t range_records = 500'000;  ///< catalogue records of one range
  std::uint64_t seed = 0;
  unsigned threads = 0;  ///< 0: all cores
  GammaChoice gamma;     ///< a shard and the merge may leave it out and then use the planned one
  /// Computes everything; none: the fastest one of this machine's processors. Pieces that different backends
  /// made go together: the bounds of each are certified.
  std::shared_ptr<const compute::Backend> backend;
};

/// The share of one of several processes: the pieces with number % count == index.
struct Shard {
  std::size_t index = 0;
  std::size_t count = 1;
};

/// The old and the new kernel of a family's learnwares that are specified with one gamma.
struct KernelChange {
  std::string type;  ///< specification type
  std::size_t dimension = 0;
  std::uint32_t scales = 1;
  double specified = 0;
  double from = 0, to = 0;  ///< the gamma in use before and after
  std::uint64_t learnwares = 0;
  bool operator==(const KernelChange&) const = default;
};

/// {"type", "dimension", "scales", "specified", "from", "to", "learnwares"}
[[nodiscard]] Json to_json(const KernelChange& change);

struct ReindexReport {
  std::uint64_t index_version = 0;
  std::size_t learnwares = 0;  ///< in segments
  std::size_t spaces = 0, segments = 0;
  std::size_t resumed = 0;  ///< pieces that an earlier run built
  std::size_t bounds_checked = 0, searches_checked = 0;
  std::vector<KernelChange>
      kernels;  ///< families for which another gamma than the learnwares' own is or was in use
  std::vector<std::string> warnings;  ///< one for each kernel-blind space
};

/// `stage` is "reading", "building" or "checking".
using ReindexProgress = std::function<void(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

// A re-index rebuilds the stored index of a dock from its catalogue. Its three steps may be run by one call
// or by many processes. Everything is built beside the current index, in DOCK/reindex. A process that is
// killed at any point leaves either version whole, and the next run continues where it stopped.

/// Runs all three steps. The dock must not be open elsewhere.
/// @errors conflict (the dock is open, or another reindex is), corrupt, io, no_space, internal (the self-test
/// failed: the index stays as it was), invalid_argument (a gamma that the scales of some learnwares cannot
/// have)
[[nodiscard]] Result<ReindexReport> reindex(const std::filesystem::path& dock, const ReindexOptions& options,
                                            const ReindexProgress& progress = {});

/// Step 1: reads the catalogue, finds the spaces and fits their subspaces. An existing plan for the same
/// catalogue and options is kept. @return the number of pieces
/// @errors as `reindex`
[[nodiscard]] Result<std::size_t> plan_reindex(const std::filesystem::path& dock,
                                               const ReindexOptions& options,
                                               const ReindexProgress& progress = {});
/// Step 2: builds the missing pieces of one shard. It only reads the catalogue, so that many processes may
/// run beside each other and beside a server. @errors not_found (no plan)
[[nodiscard]] Result<std::size_t> build_shard(const std::filesystem::path& dock, const Shard& shard,
                                              const ReindexOptions& options,
                                              const ReindexProgress& progress = {});
/// Step 3: checks all pieces against exact distances and makes them the current index at once.
/// @errors not_found (pieces are missing), conflict (also: the kernels in use changed since the plan),
/// internal
[[nodiscard]] Result<ReindexReport> merge_shards(const std::filesystem::path& dock,
                                                 const ReindexOptions& options,
                                                 const ReindexProgress& progress = {});
/// Makes the index before the last reindex current again. @errors not_found, conflict
[[nodiscard]] Result<std::uint64_t> rollback_index(const std::filesystem::path& dock);

/// The code type of a name such as "int4". @errors invalid_argument
[[nodiscard]] Result<compute::CodeType> code_type_of(std::string_view name);

}  // namespace learndock::reindex
