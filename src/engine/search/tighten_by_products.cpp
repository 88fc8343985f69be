#include "engine/search/tighten_by_products.hpp"

#include "engine/part/packed_sets_cache.hpp"
#include "engine/search/cross_term_table.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

namespace learndock::engine {
namespace {

/// Sets are packed for this only if there is time for this many packings; with less time, exact products
/// find more.
constexpr int kPackings = 4;
/// The rounding of the sum that gives a distance, per unit of its terms.
constexpr double kRoundedSum = 0x1p-50;

/// The same parts with only the candidates allowed.
class OnlyCandidates {
 public:
  OnlyCandidates(std::span<const FilteredPart> parts, std::span<const Candidate> candidates)
      : bits_(parts.size()), before_(parts.size()) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      bits_[p].resize((parts[p].part->count() + 63) / 64);
      parts_.push_back({parts[p].part, bits_[p].data(), 0});
    }
    for (const Candidate& one : candidates) {
      bits_[one.part][one.item.index() / 64] |= std::uint64_t{1} << (one.item.index() % 64);
      ++parts_[one.part].allowed_count;
    }
    std::size_t before = 0;
    for (std::size_t p = 0; p < parts.size(); ++p)
      for (const std::uint64_t word : bits_[p]) {
        before_[p].push_back(before);
        before += static_cast<std::size_t>(std::popcount(word));
      }
  }
  [[nodiscard]] std::span<const FilteredPart> parts() const { return parts_; }
  /// A candidate's row in a table of these parts: candidates of earlier parts and earlier items.
  [[nodiscard]] TableRow row_of(const Candidate& one) const {
    const std::size_t word = one.item.index() / 64;
    const std::uint64_t below = (std::uint64_t{1} << (one.item.index() % 64)) - 1;
    return TableRow::at(before_[one.part][word] +
                        static_cast<std::size_t>(std::popcount(bits_[one.part][word] & below)));
  }

 private:
  std::vector<std::vector<std::uint64_t>> bits_;
  std::vector<std::vector<std::size_t>> before_;  // candidates before each word of bits
  std::vector<FilteredPart> parts_;
};

/// Estimates the points of all candidates' reduced sets from the sizes of some.
Result<double> points_of(std::span<const FilteredPart> parts, std::span<const Candidate> candidates) {
  constexpr std::size_t kSample = 64;
  const std::size_t step = (candidates.size() + kSample - 1) / kSample;
  double points = 0, looked_at = 0;
  std::vector<double> memory;
  for (std::size_t i = 0; i < candidates.size(); i += step, ++looked_at) {
    LEARNDOCK_TRY(const compute::ReducedSetView set,
                  parts[candidates[i].part].part->set(candidates[i].item, memory));
    points += static_cast<double>(set.count);
  }
  return points / looked_at * static_cast<double>(candidates.size());
}

/// The longest time that the products take on a present-day machine, without packing.
std::chrono::nanoseconds time_of(std::size_t candidates, double kernel_values, unsigned threads) {
  constexpr double kCandidate = 100, kValue = 0.5;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(kCandidate * static_cast<double>(candidates) +
                                                            kValue * kernel_values / std::max(threads, 1U)));
}

}  // namespace

Result<void> tighten_by_products(std::span<const FilteredPart> parts, const compute::ReducedSetView& query,
                                 double query_self, const CertifiedOptions& options,
                                 std::vector<Candidate>& candidates) {
  if (options.backend == nullptr || candidates.empty() || candidates.size() < options.tighten_from) return {};
  LEARNDOCK_TRY(const double points, points_of(parts, candidates));
  const double bytes = points * static_cast<double>((query.dimension + 2) * sizeof(float));
  if (bytes > static_cast<double>(most_kept(*options.backend))) return {};
  const auto left = [&] { return *options.deadline - std::chrono::steady_clock::now(); };
  const auto multiplying =
      time_of(candidates.size(), points * static_cast<double>(query.count), options.threads);
  if (options.deadline && multiplying > left() / 3 * 2) return {};
  const OnlyCandidates chosen(parts, candidates);
  CrossTermTable table(chosen.parts(), *options.backend, options.threads);
  if (options.deadline) {
    LEARNDOCK_TRY(const CrossTermTable::Duration packing, table.packing_time());
    if (packing * kPackings > left()) return {};
  }
  const Result<bool> added = table.add({&query, 1}, options.deadline);
  if (!added && !is_no_use(added.error().code)) return Failure(added.error());
  if (!added || !*added) return {};
  const double factor = 1, mass = mass_of(query);
  const CrossTermTable::Sums products = table.sums({&factor, 1});
  for (Candidate& candidate : candidates) {
    const std::size_t row = chosen.row_of(candidate).index();
    const SearchPart& part = *parts[candidate.part].part;
    const double masses = mass * part.largest_mass(), self = part.self(candidate.item);
    const double error = products.errors[row] + kRoundedSum * (self + masses + query_self) +
                         2 * compute::direct_error(part.kernel(), query.dimension, kLargestSet) * masses;
    candidate.bound = std::max(candidate.bound, self + query_self - 2 * (products.values[row] + error));
  }
  return {};
}

}  // namespace learndock::engine
