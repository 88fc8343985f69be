#include "engine/search/cross_term_table.hpp"

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
/// A batch is packed whole, so that others can use it, if at least one in this many of its items is allowed.
constexpr std::size_t kWholeFrom = 4;
/// Multiplications between two looks at the clock: some ten milliseconds.
constexpr std::size_t kUnseen = std::size_t{1} << 28;

}  // namespace

CrossTermTable::CrossTermTable(std::span<const FilteredPart> parts, const compute::Backend& backend,
                               unsigned threads, std::optional<std::size_t> kept_bytes)
    : parts_(parts),
      backend_(backend),
      threads_(std::max(threads, 1U)),
      kept_bytes_(kept_bytes.value_or(most_kept(backend))),
      batch_items_(batch_items(backend)) {
  for (std::size_t p = 0; p < parts.size(); ++p) add_rows(p);
}

void CrossTermTable::add_rows(std::size_t part) {
  const FilteredPart& from = parts_[part];
  for (std::size_t number = 0; number * batch_items_ < from.part->count(); ++number) {
    const std::size_t first = rows_.size(), end = std::min(from.part->count(), (number + 1) * batch_items_);
    for (auto item = PartItem::at(number * batch_items_); item.index() < end; ++item)
      if (from.allows(item)) rows_.push_back({part, item});
    if (rows_.size() > first)
      batches_.push_back(
          {part, number, TableRow::at(first), rows_.size() - first, from.part->largest_mass()});
  }
}

std::vector<PartItem> CrossTermTable::items_of(const RowBatch& batch) const {
  std::vector<PartItem> items;
  if (batch.whole) {
    const std::size_t first = batch.number * batch_items_;
    items.resize(std::min(parts_[batch.part].part->count() - first, batch_items_));
    std::iota(items.begin(), items.end(), PartItem::at(first));
  } else {
    for (TableRow row = batch.first; row < batch.end(); ++row) items.push_back(at(row).item);
  }
  return items;
}

std::size_t CrossTermTable::place_of(const RowBatch& batch, TableRow row) const {
  return batch.whole ? at(row).item.index() - batch.number * batch_items_ : row.index() - batch.first.index();
}

bool CrossTermTable::packed_whole(const RowBatch& batch) const {
  const std::size_t first = batch.number * batch_items_;
  return batch.count * kWholeFrom >= std::min(batch_items_, parts_[batch.part].part->count() - first);
}

/// Takes the packed batch that the part keeps, or packs it.
Result<void> CrossTermTable::pack(RowBatch& batch) const {
  const SearchPart& part = *parts_[batch.part].part;
  batch.packed = part.packed_sets().find(backend_, batch.number);
  batch.whole = batch.packed != nullptr;
  if (batch.packed) return {};
  batch.whole = packed_whole(batch);
  LEARNDOCK_TRY(PackedBatch packed, PackedBatch::pack(part, items_of(batch), backend_));
  packed.room = reserve_room(packed.bytes(), kept_bytes_);
  batch.packed = std::make_shared<const PackedBatch>(std::move(packed));
  if (batch.whole && batch.packed->room) part.packed_sets().keep(backend_, batch.number, batch.packed);
  return {};
}

/// Multiplies large sets a few points at a time, so that one product does not exceed the deadline by much.
Result<bool> CrossTermTable::multiply_in_time(const PackedBatch& packed,
                                              std::span<const compute::ReducedSetView> sets,
                                              MatrixView<double> products, const Deadline& deadline) const {
  const std::size_t each = packed.held->view().rows() * packed.held->view().dimension;
  std::size_t points = 0;
  for (const compute::ReducedSetView& set : sets) points += set.count;
  if (!deadline || each * points <= kUnseen)
    return backend_.cross_terms(*packed.held, sets, products).map([] { return true; });
  const std::size_t rows = std::max<std::size_t>(1, kUnseen / std::max<std::size_t>(each, 1));
  Matrix<double> of_piece(1, packed.count);
  for (std::size_t s = 0; s < sets.size(); ++s) {
    std::fill_n(products.row(s).begin(), packed.count, 0.0);
    for (std::size_t first = 0; first < sets[s].count; first += rows) {
      if (is_past(deadline)) return false;
      compute::ReducedSetView piece = sets[s];
      piece.points += first * piece.dimension;
      piece.weights += first;
      piece.count = std::min(rows, sets[s].count - first);
      LEARNDOCK_CHECK(backend_.cross_terms(*packed.held, {&piece, 1}, of_piece.view()));
      for (std::size_t i = 0; i < packed.count; ++i) products(s, i) += of_piece(0, i);
    }
  }
  return true;
}

Result<bool> CrossTermTable::multiply(std::size_t number, std::span<const compute::ReducedSetView> sets,
                                      std::span<Column> columns, const Deadline& deadline) const {
  const RowBatch& batch = batches_[number];
  const PackedBatch& packed = *batch.packed;
  Matrix<double> products(sets.size(), packed.count);
  LEARNDOCK_TRY(const bool in_time, multiply_in_time(packed, sets, products.view(), deadline));
  if (!in_time) return false;
  LEARNDOCK_CHECK(multiply_far(batch, sets, products.view()));
  for (std::size_t s = 0; s < sets.size(); ++s) {
    for (TableRow row = batch.first; row < batch.end(); ++row)
      columns[s].values[row.index()] = static_cast<float>(products(s, place_of(batch, row)));
    columns[s].errors[number] = error_of(batch, sets[s]);
    const double mass = mass_of(sets[s]);
    if (!is_ordinary(mass) || !is_ordinary(batch.mass) || !(columns[s].errors[number] < kMostError * mass))
      return fail(ErrorCode::invalid_argument, "products of such values say nothing in single precision");
  }
  return true;
}

/// Products of the learnwares that are not packed with the others.
Result<void> CrossTermTable::multiply_far(const RowBatch& batch,
                                          std::span<const compute::ReducedSetView> sets,
                                          MatrixView<double> products) const {
  const std::vector<std::size_t>& far = batch.packed->far;
  if (far.empty()) return {};
  const SearchPart& part = *parts_[batch.part].part;
  std::vector<compute::DirectQuery> direct;
  for (const compute::ReducedSetView& set : sets) direct.emplace_back(set, part.kernel());
  std::vector<double> memory;
  for (TableRow row = batch.first; row < batch.end(); ++row) {
    const std::size_t place = place_of(batch, row);
    if (!std::binary_search(far.begin(), far.end(), place)) continue;
    LEARNDOCK_TRY(const compute::ReducedSetView one, part.set(at(row).item, memory));
    for (std::size_t s = 0; s < sets.size(); ++s) products(s, place) = direct[s].inner_product(one);
  }
  return {};
}

/// The largest error of the batch's products with `set`.
double CrossTermTable::error_of(const RowBatch& batch, const compute::ReducedSetView& set) const {
  const PackedBatch& packed = *batch.packed;
  return (compute::cross_term_error(parts_[batch.part].part->kernel(), set.dimension, packed.radius,
                                    radius_around(set, packed.centre)) +
          kRoundedToFloat) *
         batch.mass * mass_of(set);
}

std::size_t CrossTermTable::items_to_pack(const RowBatch& batch) const {
  if (batch.packed) return 0;
  const std::size_t all =
      std::min(batch_items_, parts_[batch.part].part->count() - batch.number * batch_items_);
  return packed_whole(batch) ? all : batch.count;
}

Result<CrossTermTable::Duration> CrossTermTable::packing_time(std::span<const RowBatch> group) {
  Duration longest{};
  for (const RowBatch& batch : group) {
    const std::size_t items = items_to_pack(batch);
    if (items == 0 || parts_[batch.part].part->packed_sets().find(backend_, batch.number)) continue;
    if (pack_each_ == Duration() && tried_each_ == Duration()) {
      std::vector<double> memory;
      const std::size_t tried = std::min(kTried, batch.count);
      const auto start = std::chrono::steady_clock::now();
      for (TableRow row = batch.first; row.index() < batch.first.index() + tried; ++row)
        LEARNDOCK_CHECK(parts_[batch.part].part->set(at(row).item, memory).map([](const auto&) {}));
      tried_each_ = (std::chrono::steady_clock::now() - start) * kPackedPerTaken / static_cast<int>(tried);
    }
    const Duration each = pack_each_ == Duration() ? tried_each_ : pack_each_;
    longest = std::max(longest, each * static_cast<std::int64_t>(items));
  }
  return longest;
}

Result<CrossTermTable::Duration> CrossTermTable::packing_time() {
  Duration sum{};
  for (std::size_t first = 0; first < batches_.size(); first += threads_) {
    LEARNDOCK_TRY(const Duration group,
                  packing_time(std::span(batches_).subspan(
                      first, std::min<std::size_t>(threads_, batches_.size() - first))));
    sum += group;
  }
  return sum;
}

Result<void> CrossTermTable::pack(std::span<RowBatch> group) {
  std::size_t items = 0;
  for (const RowBatch& batch : group) items = std::max(items, items_to_pack(batch));
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

Result<bool> CrossTermTable::add(std::span<const compute::ReducedSetView> sets, const Deadline& deadline) {
  if (sets.empty()) return true;
  std::vector<Column> columns(sets.size(),
                              {std::vector<float>(rows_.size()), std::vector<double>(batches_.size())});
  const auto late = [&](Duration after) {
    return deadline && std::chrono::steady_clock::now() + after >= *deadline;
  };
  for (std::size_t first = 0; first < batches_.size(); first += threads_) {
    const std::span<RowBatch> group =
        std::span(batches_).subspan(first, std::min<std::size_t>(threads_, batches_.size() - first));
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

CrossTermTable::Sums CrossTermTable::sums(std::span<const double> factors) const {
  Sums sums{std::vector<double>(rows_.size(), 0.0), std::vector<double>(rows_.size())};
  run_tasks(batches_.size(), threads_, [&](std::size_t number) {
    const RowBatch& batch = batches_[number];
    double error = 0;
    for (std::size_t c = 0; c < factors.size(); ++c) {
      error += std::abs(factors[c]) * columns_[c].errors[number];
      if (factors[c] == 0) continue;
      for (std::size_t row = batch.first.index(); row < batch.end().index(); ++row)
        sums.values[row] += factors[c] * static_cast<double>(columns_[c].values[row]);
    }
    std::fill_n(sums.errors.begin() + static_cast<std::ptrdiff_t>(batch.first.index()), batch.count, error);
  });
  return sums;
}

}  // namespace learndock::engine
