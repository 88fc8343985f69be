#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/scan_codes.hpp"

#include "engine/prefilter/prefilter.hpp"
#include "engine/space/feature_space.hpp"
#include "trial/trial_sets.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace learndock::trial {

struct TrialOptions {
  std::size_t learnwares = 100'000;
  std::size_t queries = 200;
  std::size_t top = 10;
  std::size_t compared = 20;        ///< queries whose answers are compared with brute force
  std::size_t repeats = 3;          ///< passes over the queries; the least disturbed one is reported
  std::size_t mixture_members = 0;  ///< 0: no mixtures
  double mixture_gap = 1e-12;       ///< share of <u, u> at which no further member is sought
  std::size_t mixture_proof = 0;  ///< members of the larger mixture sought for the proof; see MixtureOptions
  bool mixture_products = true;   ///< false: mixtures by the index's bounds alone
  compute::CodeType codes = engine::kCodes;
  std::optional<engine::PrefilterKind> prefilter;  ///< none: chosen by the number of learnwares
  std::size_t items_per_cell = engine::kItemsPerCell;
  engine::SubspaceOptions subspace{.coordinates = 0};  ///< no coordinates: chosen_coordinates
  std::string backend = "cpu";                         ///< computes embeddings, bounds and mixtures' products
  unsigned threads = 0;                                ///< 0: all cores
  std::chrono::milliseconds budget{0};  ///< of a single query; 0: none, and every answer is certified
  /// The segment to search: used if it exists, else made and kept. Empty: a temporary one.
  std::filesystem::path file;
};

/// Quantiles of a sample of values, by nearest rank.
struct Quantiles {
  double median = 0, p95 = 0, p99 = 0, max = 0;
  [[nodiscard]] static Quantiles of(std::span<const double> values);
};

struct TrialBuild {
  double fit_seconds = 0;  ///< landmarks and subspace
  double add_seconds = 0;  ///< embeddings, codes, writing, flushing; the sets' generation is not counted
  double rate = 0;         ///< learnwares a second, of both
  double peak_resident_bytes = 0;
};

struct TrialSize {
  double codes = 0, factors = 0, tables = 0;  ///< bytes a learnware; they stay in memory
  double reduced_sets = 0;                    ///< bytes a learnware; mapped, read when evaluated
  std::uint64_t space_bytes = 0;              ///< landmarks, map and middle: once
};

struct TrialMixtures {
  std::size_t count = 0;
  Quantiles milliseconds, members, evaluated, mmd_squared;
  Quantiles gap_of_query;                  ///< certified gap / <u, u>
  Quantiles gap_of_mixture;                ///< certified gap / MMD^2 of the mixture
  double within_one_percent_of_query = 0;  ///< share of queries
};

struct TrialReport {
  std::size_t learnwares = 0, dimension = 0, queries = 0, top = 0, coordinates = 0, landmarks = 0;
  double gamma = 0;
  unsigned threads = 0;
  std::string backend;
  std::string prefilter;
  std::optional<TrialBuild> build;  ///< none: the segment was there
  TrialSize size;
  double open_seconds = 0;  ///< opening the file and answering one query
  std::size_t bounds_checked = 0;
  double mean_kernel = 0, residual_share = 0;
  double certified_share = 0;
  Quantiles evaluated;     ///< exact distances of a query
  Quantiles left;          ///< learnwares whose bound is not above the last distance: the least to evaluate
  Quantiles milliseconds;  ///< of a single query
  double batched_per_second = 0;
  Quantiles last_mmd_squared;  ///< of the last hit: shows how close a good answer is in this market
  std::size_t compared = 0;
  double equal_share = 0;         ///< share of the compared answers that equal brute force
  double brute_milliseconds = 0;  ///< a query, all threads; 0: none compared
  std::optional<TrialMixtures> mixtures;
  double peak_resident_bytes = 0;
};

/// `stage` is "building", "searching", "comparing" or "mixtures".
using TrialProgress = std::function<void(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

/// Builds a segment of a market, opens it, checks its bounds, searches it with queries that are not in it,
/// and compares a sample of the answers with brute force.
/// @errors invalid_argument (more sets wanted than there are; the file holds something else), internal (an
/// answer that claims to be exact differs from brute force, or a bound is false), as PartWriter and open_part
[[nodiscard]] Result<TrialReport> run_search_trial(const TrialSets& sets, const TrialOptions& options,
                                                   const TrialProgress& progress = {});

}  // namespace learndock::trial
