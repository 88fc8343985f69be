#include "engine/search/product_table.hpp"

#include "base/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <numeric>

namespace learndock::engine {
namespace {

/// The largest useful error of an fp32 product, per unit of the query's weight. A product with a larger error
/// is useless or not a number.
constexpr double kMostError = 0.01;
/// Sets that are taken to learn what packing costs, and the time of packing one, in times of taking one.
constexpr std::size_t kTried = 32;
constexpr int kPackedPerTaken = 3;
/// A run is packed whole, so that others can use it, if at least one in this many of its items is allowed.
constexpr std::size_t kWholeFrom = 4;
/// Multiplications between two looks at the clock: some ten milliseconds.
constexpr std::size_t kUnseen = std::size_t{1} << 28;

}  // namespace

ProductTable::ProductTable(std::span<const FilteredPart> parts, const compute::Backend& backend,
                           unsigned threads, std::optional<std::size_t> kept_bytes)
    : parts_(parts),
      backend_(backend),
      threads_(std::max(threads, 1U)),
      kept_bytes_(kept_bytes.value_or(most_kept(backend))),
      run_items_(run_items(backend)) {
  for (std::size_t p = 0; p < parts.size(); ++p) add_rows(p);
}

void ProductTable::add_rows(std::size_t part) {
  const FilteredPart& from = parts_[part];
  for (std::size_t number = 0; number * run_items_ < from.part->count(); ++number) {
    const std::size_t first = rows_.size(), end = std::min(from.part->count(), (number + 1) * run_items_);
    for (auto item = PartItem::at(number * run_items_); item.index() < end; ++item)
      if (from.allows(item)) rows_.push_back({part, item});
    if (rows_.size() > first)
      chunks_.push_back({part, number, TableRow::at(first), rows_.size() - first, from.part->largest_mass()});
  }
}

std::vector<PartItem> ProductTable::items_of(const Chunk& chunk) const {
  std::vector<PartItem> items;
  if (chunk.whole) {
    const std::size_t first = chunk.number * run_items_;
    items.resize(std::min(parts_[chunk.part].part->count() - first, run_items_));
    std::iota(items.begin(), items.end(), PartItem::at(first));
  } else {
    for (TableRow row = chunk.first; row < chunk.end(); ++row) items.push_back(at(row).item);
  }
  return items;
}

std::size_t ProductTable::place_of(const Chunk& chunk, TableRow row) const {
  return chunk.whole ? at(row).item.index() - chunk.number * run_items_ : row.index() - chunk.first.index();
}

bool ProductTable::packed_whole(const Chunk& chunk) const {
  const std::size_t first = chunk.number * run_items_;
  return chunk.count * kWholeFrom >= std::min(run_items_, parts_[chunk.part].part->count() - first);
}

/// Takes the run that the part keeps, or packs it.
Result<void> ProductTable::pack(Chunk& chunk) const {
  const SearchPart& part = *parts_[chunk.part].part;
  chunk.packed = part.packed_runs().find(backend_, chunk.number);
  chunk.whole = chunk.packed != nullptr;
  if (chunk.packed) return {};
  chunk.whole = packed_whole(chunk);
  LEARNDOCK_TRY(PackedRun run, PackedRun::pack(part, items_of(chunk), backend_));
  run.room = reserve_room(run.bytes(), kept_bytes_);
  chunk.packed = std::make_shared<const PackedRun>(std::move(run));
  if (chunk.whole && chunk.packed->room) part.packed_runs().keep(backend_, chunk.number, chunk.packed);
  return {};
}

/// Multiplies large sets a few points at a time, so that one product does not exceed the deadline by much.
Result<bool> ProductTable::multiply_in_time(const PackedRun& run,
                                            std::span<const compute::ReducedSetView> sets,
                                            MatrixView<double> products, const Deadline& deadline) const {
  const std::size_t each = run.held->view().rows() * run.held->view().dimension;
  std::size_t points = 0;
  for (const compute::ReducedSetView& set : sets) points += set.count;
  if (!deadline || each * points <= kUnseen)
    return backend_.cross_terms(*run.held, sets, products).map([] { return true; });
  const std::size_t rows = std::max<std::size_t>(1, kUnseen / std::max<std::size_t>(each, 1));
  Matrix<double> of_piece(1, run.count);
  for (std::size_t s = 0; s < sets.size(); ++s) {
    std::fill_n(products.row(s).begin(), run.count, 0.0);
    for (std::size_t first = 0; first < sets[s].count; first += rows) {
      if (is_past(deadline)) return false;
      compute::ReducedSetView piece = sets[s];
      piece.points += first * piece.dimension;
      piece.weights += first;
      piece.count = std::min(rows, sets[s].count - first);
      LEARNDOCK_CHECK(backend_.cross_terms(*run.held, {&piece, 1}, of_piece.view()));
      for (std::size_t i = 0; i < run.count; ++i) products(s, i) += of_piece(0, i);
    }
  }
  return true;
}

Result<bool> ProductTable::multiply(std::size_t number, std::span<const compute::ReducedSetView> sets,
                                    std::span<Column> columns, const Deadline& deadline) const {
  const Chunk& chunk = chunks_[number];
  const PackedRun& run = *chunk.packed;
  Matrix<double> products(sets.size(), run.count);
  LEARNDOCK_TRY(const bool in_time, multiply_in_time(run, sets, products.view(), deadline));
  if (!in_time) return false;
  LEARNDOCK_CHECK(multiply_far(chunk, sets, products.view()));
  for (std::size_t s = 0; s < sets.size(); ++s) {
    for (TableRow row = chunk.first; row < chunk.end(); ++row)
      columns[s].values[row.index()] = static_cast<float>(products(s, place_of(chunk, row)));
    columns[s].errors[number] = error_of(chunk, sets[s]);
    const double mass = mass_of(sets[s]);
    if (!is_ordinary(mass) || !is_ordinary(chunk.mass) || !(columns[s].errors[number] < kMostError * mass))
      return fail(ErrorCode::invalid_argument, "products of such values say nothing in single precision");
  }
  return true;
}

/// Products of the learnwares that are not packed with the others.
Result<void> ProductTable::multiply_far(const Chunk& chunk, std::span<const compute::ReducedSetView> sets,
                                        MatrixView<double> products) const {
  const std::vector<std::size_t>& far = chunk.packed->far;
  if (far.empty()) return {};
  const SearchPart& part = *parts_[chunk.part].part;
  std::vector<compute::DirectQuery> direct;
  for (const compute::ReducedSetView& set : sets) direct.emplace_back(set, part.kernel());
  std::vector<double> memory;
  for (TableRow row = chunk.first; row < chunk.end(); ++row) {
    const std::size_t place = place_of(chunk, row);
    if (!std::binary_search(far.begin(), far.end(), place)) continue;
    LEARNDOCK_TRY(const compute::ReducedSetView one, part.set(at(row).item, memory));
    for (std::size_t s = 0; s < sets.size(); ++s) products(s, place) = direct[s].inner_product(one);
  }
  return {};
}

/// The largest error of the chunk's products with `set`.
double ProductTable::error_of(const Chunk& chunk, const compute::ReducedSetView& set) const {
  const PackedRun& run = *chunk.packed;
  return (compute::cross_term_error(parts_[chunk.part].part->kernel(), set.dimension, run.radius,
                                    radius_around(set, run.centre)) +
          kRoundedToFloat) *
         chunk.mass * mass_of(set);
}

std::size_t ProductTable::items_to_pack(const Chunk& chunk) const {
  if (chunk.packed) return 0;
  const std::size_t all = std::min(run_items_, parts_[chunk.part].part->count() - chunk.number * run_items_);
  return packed_whole(chunk) ? all : chunk.count;
}

Result<ProductTable::Duration> ProductTable::packing_time(std::span<const Chunk> group) {
  Duration longest{};
  for (const Chunk& chunk : group) {
    const std::size_t items = items_to_pack(chunk);
    if (items == 0 || parts_[chunk.part].part->packed_runs().find(backend_, chunk.number)) continue;
    if (pack_each_ == Duration() && tried_each_ == Duration()) {
      std::vector<double> memory;
      const std::size_t tried = std::min(kTried, chunk.count);
      const auto start = std::chrono::steady_clock::now();
      for (TableRow row = chunk.first; row.index() < chunk.first.index() + tried; ++row)
        LEARNDOCK_CHECK(parts_[chunk.part].part->set(at(row).item, memory).map([](const auto&) {}));
      tried_each_ = (std::chrono::steady_clock::now() - start) * kPackedPerTaken / static_cast<int>(tried);
    }
    const Duration each = pack_each_ == Duration() ? tried_each_ : pack_each_;
    longest = std::max(longest, each * static_cast<std::int64_t>(items));
  }
  return longest;
}

Result<ProductTable::Duration> ProductTable::packing_time() {
  Duration sum{};
  for (std::size_t first = 0; first < chunks_.size(); first += threads_) {
    LEARNDOCK_TRY(const Duration group, packing_time(std::span(chunks_).subspan(
                                            first, std::min<std::size_t>(threads_, chunks_.size() - first))));
    sum += group;
  }
  return sum;
}

Result<void> ProductTable::pack(std::span<Chunk> group) {
  std::size_t items = 0;
  for (const Chunk& chunk : group) items = std::max(items, items_to_pack(chunk));
  if (items == 0) return {};
  const auto start = std::chrono::steady_clock::now();
  std::vector<Result<void>> done(group.size());
  run_tasks(group.size(), threads_, [&](std::size_t i) {
    if (!group[i].packed) done[i] = pack(group[i]);
  });
  for (Result<void>& one : done) LEARNDOCK_CHECK(std::move(one));
  pack_each_ =
      std::max(pack_each_, (std::chrono::steady_clock::now() - start) / static_cast<std::int64_t>(items));
  return {};
}

Result<bool> ProductTable::add(std::span<const compute::ReducedSetView> sets, const Deadline& deadline) {
  if (sets.empty()) return true;
  std::vector<Column> columns(sets.size(),
                              {std::vector<float>(rows_.size()), std::vector<double>(chunks_.size())});
  const auto late = [&](Duration after) {
    return deadline && std::chrono::steady_clock::now() + after >= *deadline;
  };
  for (std::size_t first = 0; first < chunks_.size(); first += threads_) {
    const std::span<Chunk> group =
        std::span(chunks_).subspan(first, std::min<std::size_t>(threads_, chunks_.size() - first));
    if (deadline) {
      LEARNDOCK_TRY(const Duration packing, packing_time(group));
      if (late(packing)) return false;
    }
    LEARNDOCK_CHECK(pack(group));
    for (std::size_t i = 0; i < group.size(); ++i) {
      const auto products = static_cast<std::int64_t>(group[i].count * sets.size());
      const auto start = std::chrono::steady_clock::now();
      if (late(multiply_each_ * products)) return false;
      LEARNDOCK_TRY(const bool in_time, multiply(first + i, sets, columns, deadline));
      if (!in_time) return false;
      multiply_each_ = std::max(multiply_each_, (std::chrono::steady_clock::now() - start) / products);
      if (!group[i].packed->room) group[i].packed.reset();
    }
  }
  std::move(columns.begin(), columns.end(), std::back_inserter(columns_));
  return true;
}

ProductTable::Sums ProductTable::sums(std::span<const double> factors) const {
  Sums sums{std::vector<double>(rows_.size(), 0.0), std::vector<double>(rows_.size())};
  run_tasks(chunks_.size(), threads_, [&](std::size_t number) {
    const Chunk& chunk = chunks_[number];
    double error = 0;
    for (std::size_t c = 0; c < factors.size(); ++c) {
      error += std::abs(factors[c]) * columns_[c].errors[number];
      if (factors[c] == 0) continue;
      for (std::size_t row = chunk.first.index(); row < chunk.end().index(); ++row)
        sums.values[row] += factors[c] * static_cast<double>(columns_[c].values[row]);
    }
    std::fill_n(sums.errors.begin() + static_cast<std::ptrdiff_t>(chunk.first.index()), chunk.count, error);
  });
  return sums;
}

}  // namespace learndock::engine
