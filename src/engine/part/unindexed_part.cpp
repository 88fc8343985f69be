#include "engine/part/unindexed_part.hpp"

#include <algorithm>
#include <cstdlib>

namespace learndock::engine {
namespace {

class UnindexedPart final : public SearchPart {
 public:
  UnindexedPart(const compute::Kernel& kernel, std::size_t dimension, std::vector<UnindexedItem> items)
      : kernel_(kernel), dimension_(dimension), items_(std::move(items)) {
    for (const UnindexedItem& item : items_) largest_mass_ = std::max(largest_mass_, mass_of(item.set));
  }
  std::size_t dimension() const override { return dimension_; }
  const compute::Kernel& kernel() const override { return kernel_; }
  const FeatureSpace* space() const override { return nullptr; }
  // An unindexed part has no prefilter: asking it for bounds is a bug of the caller.
  const Prefilter& prefilter() const override { std::abort(); }
  Result<const Prefilter*> alignment_prefilter() const override { std::abort(); }
  double alignment_norm() const override { return 0; }
  double largest_residual() const override { return 0; }
  std::size_t count() const override { return items_.size(); }
  Result<compute::ReducedSetView> set(PartItem item, std::vector<double>&) const override {
    return items_[item.index()].set;
  }
  double self(PartItem item) const override { return items_[item.index()].self; }
  std::string_view id(PartItem item) const override { return items_[item.index()].id; }
  double largest_mass() const override { return largest_mass_; }

 private:
  compute::Kernel kernel_;
  std::size_t dimension_;
  std::vector<UnindexedItem> items_;
  double largest_mass_ = 0;
};

}  // namespace

std::shared_ptr<const SearchPart> make_unindexed_part(const compute::Kernel& kernel, std::size_t dimension,
                                                      std::vector<UnindexedItem> items) {
  return std::make_shared<UnindexedPart>(kernel, dimension, std::move(items));
}

}  // namespace learndock::engine
