#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/scan_codes.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace learndock::engine {

/// How candidates are found. Values are stored: do not renumber.
enum class PrefilterKind : std::uint8_t {
  code_scan = 0,   ///< certified codes, read from end to end
  exact_scan = 1,  ///< every bound in fp64: the oracle
  cells = 2,       ///< codes in FAISS-trained cells; a cell that cannot contain an answer is skipped
  faiss_flat = 3,  ///< FAISS' flat index of fp32 vectors, less its rounding error
  hnsw = 4         ///< hnswlib's graph: proves nothing, answers say exact: false
};

/// The default code of a coordinate.
inline constexpr compute::CodeType kCodes = compute::CodeType::int8;

/// The wanted number of items in a cell: four blocks. Smaller cells let a query skip more items, but every
/// query reads all centres, and a centre is as long as the codes of four items.
inline constexpr std::size_t kItemsPerCell = 128;

/// A part gets cells from this number of learnwares on: at 100,000 reading by cells took longer than reading
/// all codes, at 400,000 half as long. The number alone decides, because the hardware is known only when a
/// part is opened.
inline constexpr std::size_t kWorthCells = 200'000;

/// The name of a prefilter, such as "cells".
[[nodiscard]] std::string_view prefilter_name(PrefilterKind kind);
/// @errors invalid_argument
[[nodiscard]] Result<PrefilterKind> prefilter_kind(std::string_view name);
/// The default prefilter of a stored part with this number of learnwares.
[[nodiscard]] PrefilterKind chosen_prefilter(std::size_t learnwares);

}  // namespace learndock::engine
