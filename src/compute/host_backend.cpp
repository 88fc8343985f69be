#include "compute/host_backend.hpp"

#include "compute/checks.hpp"

namespace learndock::compute {
namespace {

class SetsInPlace final : public HeldSets {
 public:
  explicit SetsInPlace(const PackedSetsView& sets) : sets_(sets) {}
  const PackedSetsView& view() const override { return sets_; }

 private:
  PackedSetsView sets_;
};

class CodesInPlace final : public HeldCodes {
 public:
  explicit CodesInPlace(const ScanCodesView& codes) : codes_(codes) {}
  const ScanCodesView& view() const override { return codes_; }

 private:
  ScanCodesView codes_;
};

}  // namespace

Result<std::shared_ptr<const HeldSets>> HostBackend::hold(const PackedSetsView& sets) const {
  LEARNDOCK_CHECK(check_hold(sets));
  return std::make_shared<SetsInPlace>(sets);
}

Result<std::shared_ptr<const HeldCodes>> HostBackend::hold(const ScanCodesView& codes) const {
  return std::make_shared<CodesInPlace>(codes);
}

}  // namespace learndock::compute
