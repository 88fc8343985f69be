#pragma once

#include "learndock/base/strong_number.hpp"

#include <cstdint>

namespace learndock::engine {

/// The number of a learnware in one part. A part's tables, and the bits of its filters, have an element for
/// each. Backends and prefilters return it as a plain integer, ScanHit::item.
using PartItem = StrongNumber<struct PartItemKind, std::uint32_t>;

/// The place of a code in a part whose codes are in the order of cells.
using CodeSlot = StrongNumber<struct CodeSlotKind, std::uint64_t>;

}  // namespace learndock::engine
