#pragma once

#include "engine/prefilter/cells.hpp"
#include "engine/prefilter/prefilter.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace learndock::engine {

/// How codes in cells are read: only the cells that may contain an answer, or all in a row.
enum class CellReading : std::uint8_t { bounded, whole };
/// The reading that suits the backend. A device reads all codes in less time than the CPU takes to compare a
/// query with the cells.
[[nodiscard]] CellReading cell_reading(const compute::Backend& backend);

/// Makes a code scan that reads cells in ascending order of their bound and stops with proof, if the hardware
/// is faster that way. `cells` and `codes` must outlive it.
/// @param threads number of threads that compare queries with cells; the backend has its own
/// @errors device_memory
[[nodiscard]] Result<std::unique_ptr<Prefilter>> cell_scan(const CellsView& cells,
                                                           const compute::ScanCodesView& codes,
                                                           std::shared_ptr<const compute::Backend> backend,
                                                           unsigned threads, std::optional<double> level = {},
                                                           std::optional<CellReading> reading = {});

}  // namespace learndock::engine
