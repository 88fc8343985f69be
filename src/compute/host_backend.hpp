#pragma once

#include "learndock/compute/backend.hpp"

#include <memory>

namespace learndock::compute {

/// A backend that computes on this machine's processors: it holds reduced sets and codes where the caller
/// keeps them.
class HostBackend : public Backend {
 public:
  /// @errors invalid_argument (a kernel that the fast path cannot use)
  Result<std::shared_ptr<const HeldSets>> hold(const PackedSetsView& sets) const final;
  Result<std::shared_ptr<const HeldCodes>> hold(const ScanCodesView& codes) const final;
};

}  // namespace learndock::compute
