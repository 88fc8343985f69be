#include "engine/search/bound_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <random>

namespace learndock::engine {
namespace {

/// Pairs that are compared for each query: nearest by bound, and drawn from all.
constexpr std::size_t kNearest = 256, kDrawn = 256;
/// Checks of a new part: queries whose bounds are compared, and searches compared with comparing everything.
constexpr std::size_t kCheckedQueries = 8, kCheckedSearches = 2;

/// The scans' answers for one query: its nearest and a random sample.
Result<std::vector<compute::ScanHit>> bounds_of(const SearchPart& part, std::span<const Embedding> query,
                                                std::mt19937_64& random) {
  const std::size_t near = std::min(kNearest, part.count()), drawn = std::min(kDrawn, part.count());
  std::vector<std::uint64_t> sample((part.count() + 63) / 64);
  std::size_t asked = 0;
  for (std::size_t i = 0; i < drawn; ++i) {
    const std::size_t item = random() % part.count();
    const std::uint64_t bit = std::uint64_t{1} << (item % 64);
    asked += (sample[item / 64] & bit) == 0 ? 1U : 0U;
    sample[item / 64] |= bit;
  }
  Matrix<compute::ScanHit> nearest(1, near), others(1, drawn);
  std::size_t nearest_count = 0, other_count = 0;
  const float all = std::numeric_limits<float>::infinity();
  LEARNDOCK_CHECK(part.prefilter().smallest({query, nullptr}, nearest.view(), {&nearest_count, 1}));
  LEARNDOCK_CHECK(
      part.prefilter().within({query, sample.data()}, {&all, 1}, others.view(), {&other_count, 1}));
  if (part.prefilter().certified() && (nearest_count != near || other_count != asked))
    return fail(ErrorCode::internal, "a scan left items out: their bounds are no numbers", {},
                "report this; search with --backend cpu_reference meanwhile");
  std::vector<compute::ScanHit> hits(nearest.values().begin(),
                                     nearest.values().begin() + static_cast<std::ptrdiff_t>(nearest_count));
  hits.insert(hits.end(), others.values().begin(),
              others.values().begin() + static_cast<std::ptrdiff_t>(std::min(other_count, drawn)));
  return hits;
}

}  // namespace

Result<BoundCheck> check_bounds(const SearchPart& part, std::size_t queries, std::uint64_t seed,
                                unsigned threads) {
  BoundCheck check{0, std::numeric_limits<double>::infinity()};
  if (part.count() == 0 || part.space() == nullptr) return check;
  std::mt19937_64 random(seed);
  std::vector<double> query_memory, memory;
  for (std::size_t q = 0; q < queries; ++q) {
    const auto chosen = PartItem::at(random() % part.count());
    LEARNDOCK_TRY(const compute::ReducedSetView query, part.set(chosen, query_memory));
    const std::vector<Embedding> embedded = part.space()->embed({&query, 1}, threads);
    const double margin = part.space()->margin(part.largest_mass(), embedded[0].mass);
    const compute::DirectQuery direct(query, part.space()->kernel());
    LEARNDOCK_TRY(const std::vector<compute::ScanHit> hits, bounds_of(part, embedded, random));
    for (const compute::ScanHit& hit : hits) {
      const auto item = PartItem::at(hit.item);
      LEARNDOCK_TRY(const compute::ReducedSetView set, part.set(item, memory));
      const double distance = part.self(item) - 2 * direct.inner_product(set) + embedded[0].self;
      const double above = distance - (static_cast<double>(hit.lower_bound) - margin);
      check.tightest = std::min(check.tightest, above);
      ++check.pairs;
      if (!(above >= 0))  // also when it is no number
        return fail(ErrorCode::internal,
                    fmt::format("the bound {} of learnwares {} and {} lies above their distance {}: "
                                "certificates of this index would be false",
                                hit.lower_bound, part.id(chosen), part.id(item), distance),
                    {},
                    "report this with the two specifications; search with --backend cpu_reference meanwhile");
    }
  }
  return check;
}

Result<std::size_t> check_searches(const std::shared_ptr<const SearchPart>& part, std::size_t searches,
                                   unsigned threads) {
  const std::vector<FilteredPart> parts{{part, nullptr, 0}};
  std::vector<double> memory;
  const std::size_t wanted = std::min(searches, part->count());
  for (std::size_t done = 0; done < wanted; ++done) {
    LEARNDOCK_TRY(const compute::ReducedSetView query,
                  part->set(PartItem::at(done * part->count() / wanted), memory));
    CertifiedOptions options;
    options.threads = threads;
    LEARNDOCK_TRY(const auto fast, certified_search(parts, {&query, 1}, options));
    options.evaluate_all = part->count();
    LEARNDOCK_TRY(const auto plain, certified_search(parts, {&query, 1}, options));
    if (!part->prefilter().certified()) continue;  // nothing is promised
    bool same = fast[0].exact && fast[0].hits.size() == plain[0].hits.size();
    for (std::size_t i = 0; same && i < fast[0].hits.size(); ++i)
      same = fast[0].hits[i].item == plain[0].hits[i].item;
    if (!same)
      return fail(ErrorCode::internal, "a search of a new part differs from comparing every learnware", {},
                  "the current index was kept; report this");
  }
  return part->prefilter().certified() ? wanted : 0;
}

Result<PartCheck> check_part(const std::shared_ptr<const SearchPart>& part, unsigned threads) {
  PartCheck check;
  LEARNDOCK_TRY(check.bounds, check_bounds(*part, kCheckedQueries, 1, threads));
  LEARNDOCK_TRY(check.searches, check_searches(part, kCheckedSearches, threads));
  return check;
}

Result<CheckedPart> open_checked(const std::filesystem::path& path,
                                 const std::shared_ptr<const compute::Backend>& backend, unsigned threads) {
  CheckedPart checked;
  LEARNDOCK_TRY(checked.part, open_part(path, backend, threads));
  LEARNDOCK_TRY(checked.check, check_part(checked.part, threads));
  return checked;
}

}  // namespace learndock::engine
