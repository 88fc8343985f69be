#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/scan_codes.hpp"
#include "learndock/index/prefilter.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace learndock::market {

struct ReindexOptions {
  compute::CodeType codes = compute::CodeType::int4;
  std::optional<index::PrefilterKind> prefilter;  ///< none: chosen by the number of learnwares
  std::size_t landmarks = 1024;
  std::size_t coordinates = 256;
  /// Spaces of fewer learnwares get no segment: comparing all of them is as fast.
  std::size_t smallest_space = 1024;
  std::size_t range_records = 500'000;  ///< catalogue records of one piece of work
  std::uint64_t seed = 0;
  unsigned threads = 0;  ///< 0: all cores
  bool operator==(const ReindexOptions&) const = default;
};

/// Which pieces one of several processes does: those with number % count == index.
struct Shard {
  std::size_t index = 0;
  std::size_t count = 1;
};

struct ReindexReport {
  std::uint64_t index_version = 0;
  std::size_t learnwares = 0;  ///< in segments
  std::size_t spaces = 0, segments = 0;
  std::size_t resumed = 0;  ///< pieces that an earlier run had done
  std::size_t bounds_checked = 0, searches_checked = 0;
};

/// `stage` is "reading", "building" or "checking".
using ReindexProgress = std::function<void(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

// The stored index of a dock, made anew from its catalogue in three steps that may be run by one call or by
// many processes. Everything is built beside the index in force, in DOCK/reindex; a process that is killed at
// any point leaves either version whole, and the next run goes on where it stopped.

/// All three steps. The dock must not be open elsewhere.
/// @errors conflict (the dock is open, or another reindex is), corrupt, io, no_space, internal (the self-test
/// failed: the index in force stays)
[[nodiscard]] Result<ReindexReport> reindex(const std::filesystem::path& dock, const ReindexOptions& options,
                                            const ReindexProgress& progress = {});

/// Step 1: reads the catalogue, finds the spaces and fits their subspaces. A plan for the same catalogue and
/// options that is there already is kept. @return the number of pieces
[[nodiscard]] Result<std::size_t> plan_reindex(const std::filesystem::path& dock,
                                               const ReindexOptions& options,
                                               const ReindexProgress& progress = {});
/// Step 2: builds the pieces of one shard that are not there yet; only reads the catalogue, so that many
/// processes may run beside each other and beside a server. @errors not_found (no plan)
[[nodiscard]] Result<std::size_t> build_shard(const std::filesystem::path& dock, const Shard& shard,
                                              const ReindexOptions& options,
                                              const ReindexProgress& progress = {});
/// Step 3: checks all pieces against exact distances and puts them in force at once.
/// @errors not_found (pieces are missing), conflict, internal
[[nodiscard]] Result<ReindexReport> merge_shards(const std::filesystem::path& dock,
                                                 const ReindexOptions& options,
                                                 const ReindexProgress& progress = {});
/// Puts the index before the last reindex in force again. @errors not_found, conflict
[[nodiscard]] Result<std::uint64_t> rollback_index(const std::filesystem::path& dock);

/// "int4" and so on. @errors invalid_argument
[[nodiscard]] Result<compute::CodeType> code_type_of(std::string_view name);

}  // namespace learndock::market
