#include "index/product_table.hpp"

#include "compute/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>

namespace learndock::index {
namespace {

constexpr std::size_t kChunkRows = 2048;
/// Learnwares whose own products would be off by more, per unit of weight, are multiplied in fp64: one with
/// absurd values must not cost the others their precision.
constexpr double kFarError = 1e-4;
/// What keeping a product as a float adds to its error.
constexpr double kRounded = 0x1p-23;
/// Per unit of the query's weight: beyond it a product in fp32 is no use, or no number.
constexpr double kMostError = 0.01;

std::atomic<std::size_t> kept_by_all{0};

bool reserve(std::size_t bytes) {
  if (kept_by_all.fetch_add(bytes) + bytes <= ProductTable::kKeptBytes) return true;
  kept_by_all -= bytes;
  return false;
}

double radius_of(const compute::ReducedSetView& set, std::span<const double> centre) {
  double largest = 0;
  for (std::size_t i = 0; i < set.count; ++i) {
    double squared = 0;
    for (std::size_t k = 0; k < set.dimension; ++k) {
      const double difference = set.points[i * set.dimension + k] - centre[k];
      squared += difference * difference;
    }
    largest = std::max(largest, squared);
  }
  return std::sqrt(largest);
}

std::size_t bytes_of(const compute::PackedSetsView& sets) {
  return sets.blocks() * compute::kBlockRows * (sets.dimension + 2) * sizeof(float);
}

}  // namespace

ProductTable::ProductTable(std::span<const FilteredPart> parts, std::vector<double> centre,
                           const compute::Backend& backend, unsigned threads, std::size_t kept_bytes)
    : parts_(parts),
      centre_(std::move(centre)),
      backend_(backend),
      threads_(std::max(threads, 1U)),
      most_kept_(kept_bytes) {
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const std::size_t first = rows_.size();
    for (std::size_t item = 0; item < parts[p].part->count(); ++item)
      if (parts[p].allows(item)) rows_.push_back({p, item});
    for (std::size_t row = first; row < rows_.size(); row += kChunkRows)
      chunks_.push_back({row, std::min(kChunkRows, rows_.size() - row), parts[p].part->largest_mass()});
  }
}

ProductTable::~ProductTable() { kept_by_all -= kept_; }

Result<std::vector<compute::ReducedSetView>> ProductTable::sets_of(
    const Chunk& chunk, std::vector<std::vector<double>>& memory) const {
  std::vector<compute::ReducedSetView> views;
  views.reserve(chunk.count);
  for (std::size_t i = 0; i < chunk.count; ++i) {
    const Row& row = rows_[chunk.first + i];
    LEARNDOCK_TRY(views.emplace_back(), parts_[row.part].part->set(row.item, memory[i]));
  }
  return views;
}

Result<void> ProductTable::pack(Chunk& chunk) const {
  std::vector<std::vector<double>> memory(chunk.count);
  LEARNDOCK_TRY(std::vector<compute::ReducedSetView> views, sets_of(chunk, memory));
  const compute::GaussianKernel kernel = parts_[0].part->kernel();
  chunk.far.clear();
  for (std::size_t i = 0; i < views.size(); ++i) {
    const double radius = radius_of(views[i], centre_);
    if (compute::cross_term_error(kernel, centre_.size(), radius, radius) <= kFarError) continue;
    chunk.far.push_back(i);
    views[i].count = 0;
  }
  LEARNDOCK_TRY(compute::PackedSets packed, compute::PackedSets::pack(views, kernel, centre_));
  chunk.radius = packed.radius();
  chunk.packed = std::make_shared<const compute::PackedSets>(std::move(packed));
  return {};
}

Result<void> ProductTable::multiply(Chunk& chunk, const compute::ReducedSetView& set,
                                    std::span<float> out) const {
  if (!chunk.held) {
    LEARNDOCK_TRY(chunk.held, backend_.hold(chunk.packed->view()));
  }
  std::vector<double> products(chunk.count);
  LEARNDOCK_CHECK(
      backend_.cross_terms(*chunk.held, {&set, 1}, MatrixView<double>(products.data(), 1, chunk.count)));
  if (!chunk.far.empty()) {
    const compute::DirectQuery direct(set, parts_[0].part->kernel());
    std::vector<double> memory;
    for (const std::size_t i : chunk.far) {
      const Row& row = rows_[chunk.first + i];
      LEARNDOCK_TRY(const compute::ReducedSetView far, parts_[row.part].part->set(row.item, memory));
      products[i] = direct.inner_product(far);
    }
  }
  std::transform(products.begin(), products.end(), out.begin(),
                 [](double product) { return static_cast<float>(product); });
  return {};
}

void ProductTable::let_go(std::span<Chunk> chunks) {
  for (Chunk& chunk : chunks) {
    if (chunk.kept) continue;
    const std::size_t bytes = bytes_of(chunk.packed->view());
    chunk.kept = kept_ + bytes <= most_kept_ && reserve(bytes);
    if (chunk.kept) {
      kept_ += bytes;
    } else {
      chunk.held.reset();
      chunk.packed.reset();
    }
  }
}

Result<bool> ProductTable::add(const compute::ReducedSetView& set, const Deadline& deadline) {
  Column column{std::vector<float>(rows_.size()), std::vector<double>(chunks_.size())};
  const double radius = radius_of(set, centre_), mass = mass_of(set);
  for (std::size_t first = 0; first < chunks_.size(); first += threads_) {
    if (deadline && std::chrono::steady_clock::now() >= *deadline) return false;
    const std::span<Chunk> group =
        std::span(chunks_).subspan(first, std::min<std::size_t>(threads_, chunks_.size() - first));
    std::vector<Result<void>> done(group.size());
    const bool packed = std::all_of(group.begin(), group.end(), [](const Chunk& c) { return c.packed; });
    if (!packed)
      compute::run_tasks(group.size(), threads_, [&](std::size_t i) {
        if (!group[i].packed) done[i] = pack(group[i]);
      });
    for (Result<void>& one : done) LEARNDOCK_CHECK(std::move(one));
    for (std::size_t i = 0; i < group.size(); ++i) {
      LEARNDOCK_CHECK(
          multiply(group[i], set, std::span(column.values).subspan(group[i].first, group[i].count)));
      column.errors[first + i] =
          (compute::cross_term_error(parts_[0].part->kernel(), set.dimension, group[i].radius, radius) +
           kRounded) *
          group[i].mass * mass;
      if (!(column.errors[first + i] < kMostError * mass))
        return fail(ErrorCode::invalid_argument, "products of such values say nothing in single precision");
    }
    if (!packed) let_go(group);
  }
  columns_.push_back(std::move(column));
  return true;
}

ProductTable::Sums ProductTable::sums(std::span<const double> factors) const {
  Sums sums{std::vector<double>(rows_.size(), 0.0), std::vector<double>(rows_.size())};
  for (std::size_t c = 0; c < factors.size(); ++c)
    if (factors[c] != 0)
      for (std::size_t row = 0; row < rows_.size(); ++row)
        sums.values[row] += factors[c] * static_cast<double>(columns_[c].values[row]);
  for (std::size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
    double error = 0;
    for (std::size_t c = 0; c < factors.size(); ++c)
      error += std::abs(factors[c]) * columns_[c].errors[chunk];
    std::fill_n(sums.errors.begin() + static_cast<std::ptrdiff_t>(chunks_[chunk].first), chunks_[chunk].count,
                error);
  }
  return sums;
}

}  // namespace learndock::index
