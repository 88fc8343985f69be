#include "engine/memory_part.hpp"

#include "engine/prefilter/cell_scan.hpp"
#include "engine/prefilter/code_scan.hpp"
#include "engine/prefilter/exact_scan.hpp"
#include "engine/prefilter/faiss_adapter.hpp"
#include "engine/prefilter/hnsw_adapter.hpp"
#include "engine/prefilter/inner_product_prefilter.hpp"

#include <algorithm>
#include <cassert>

namespace learndock::engine {
namespace {

class MemoryPart final : public SearchPart {
 public:
  MemoryPart(std::shared_ptr<const FeatureSpace> space, std::span<const ItemContent> items)
      : space_(std::move(space)) {
    for (const ItemContent& item : items) {
      ids_.emplace_back(item.id);
      starts_.push_back(starts_.back() + item.set.count);
      points_.insert(points_.end(), item.set.points, item.set.points + item.set.count * item.set.dimension);
      weights_.insert(weights_.end(), item.set.weights, item.set.weights + item.set.count);
    }
  }

  Result<void> index(const PartOptions& options, const std::shared_ptr<const compute::Backend>& backend) {
    std::vector<compute::ReducedSetView> views;
    for (std::size_t i = 0; i < count(); ++i) views.push_back(view(i));
    LEARNDOCK_TRY(std::vector<Embedding> embedded, space_->embed(views, *backend, options.threads));
    for (const Embedding& one : embedded) {
      selves_.push_back(one.self);
      largest_mass_ = std::max(largest_mass_, one.mass);
      largest_residual_ = std::max(largest_residual_, one.residual);
    }
    if (options.prefilter == PrefilterKind::exact_scan) {
      std::vector<Embedding> level = embedded;
      for (const Embedding& one : embedded) level_norm_ = std::max(level_norm_, one.squared_norm);
      for (Embedding& one : level) one.squared_norm = level_norm_;
      level_scan_ = exact_scan(std::move(level));
      prefilter_ = exact_scan(std::move(embedded));
      return {};
    }
    LEARNDOCK_TRY(compute::ScanCodes codes, encode(options.codes, embedded, options.threads));
    if (options.prefilter == PrefilterKind::code_scan) {
      codes_ = std::make_unique<compute::ScanCodes>(std::move(codes));
      LEARNDOCK_TRY(prefilter_, code_scan(codes_->view(), backend));
      alignment_ = std::make_unique<InnerProductPrefilter>(codes_->view(), backend);
      return {};
    }
    EmbeddedRows rows(space_->coordinates());
    for (const Embedding& one : embedded) rows.add(one);
    return index_rows(rows, std::move(codes), options, backend);
  }

  Result<void> index_rows(const EmbeddedRows& rows, compute::ScanCodes codes, const PartOptions& options,
                          const std::shared_ptr<const compute::Backend>& backend) {
    if (options.prefilter == PrefilterKind::cells) {
      LEARNDOCK_TRY(cells_, make_cells(rows, options.items_per_cell, options.threads));
      codes_ = std::make_unique<compute::ScanCodes>(in_cell_order(codes.view(), cells_.view()));
      LEARNDOCK_TRY(prefilter_, cell_scan(cells_.view(), codes_->view(), backend, options.threads));
      alignment_ =
          std::make_unique<InnerProductPrefilter>(codes_->view(), backend, cells_.view(), options.threads);
      return {};
    }
    codes_ = std::make_unique<compute::ScanCodes>(std::move(codes));
    LEARNDOCK_TRY(prefilter_, options.prefilter == PrefilterKind::hnsw ? hnsw_graph(rows, options.threads)
                                                                       : faiss_flat(rows, options.threads));
    // Inner products always use the codes.
    alignment_ = std::make_unique<InnerProductPrefilter>(codes_->view(), backend);
    return {};
  }

  std::size_t dimension() const override { return space_->dimension(); }
  const compute::Kernel& kernel() const override { return space_->kernel(); }
  const FeatureSpace* space() const override { return space_.get(); }
  const Prefilter& prefilter() const override { return *prefilter_; }
  Result<const Prefilter*> alignment_prefilter() const override {
    if (level_scan_) return level_scan_.get();
    return alignment_->get();
  }
  double alignment_norm() const override { return level_scan_ ? level_norm_ : alignment_->norm(); }
  double largest_residual() const override { return largest_residual_; }
  std::size_t count() const override { return ids_.size(); }
  Result<compute::ReducedSetView> set(PartItem item, std::vector<double>&) const override {
    return view(item.index());
  }
  compute::ReducedSetView view(std::size_t item) const {
    const std::size_t d = space_->dimension();
    return {points_.data() + starts_[item] * d, weights_.data() + starts_[item],
            starts_[item + 1] - starts_[item], d, space_->kernel()};
  }
  double self(PartItem item) const override { return selves_[item.index()]; }
  std::string_view id(PartItem item) const override { return ids_[item.index()]; }
  double largest_mass() const override { return largest_mass_; }

 private:
  std::shared_ptr<const FeatureSpace> space_;
  std::vector<std::string> ids_;
  std::vector<std::size_t> starts_ = {0};
  std::vector<double> points_, weights_, selves_;
  double largest_mass_ = 0, largest_residual_ = 0;
  Cells cells_;
  std::unique_ptr<compute::ScanCodes> codes_;
  std::unique_ptr<Prefilter> prefilter_, level_scan_;
  double level_norm_ = 0;
  std::unique_ptr<InnerProductPrefilter> alignment_;
};

}  // namespace

Result<std::shared_ptr<const SearchPart>> make_memory_part(
    std::shared_ptr<const FeatureSpace> space, std::span<const ItemContent> items, const PartOptions& options,
    const std::shared_ptr<const compute::Backend>& backend) {
  for (const ItemContent& item : items)
    if (item.set.dimension != space->dimension() || !codable(mass_of(item.set)))
      return fail(
          ErrorCode::invalid_argument,
          "a learnware of another dimension, or of weights that codes cannot hold, is no item of a part");
  auto part = std::make_shared<MemoryPart>(std::move(space), items);
  LEARNDOCK_CHECK(part->index(options, backend));
  return part;
}

}  // namespace learndock::engine
