#pragma once

#include "learndock/compute/backend.hpp"

namespace learndock::compute {

/// Held where the caller keeps them: all a CPU needs.
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

}  // namespace learndock::compute
