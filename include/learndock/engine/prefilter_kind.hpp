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
  cells = 2,       ///< the codes in FAISS-trained cells, those skipped that cannot hold an answer
  faiss_flat = 3,  ///< FAISS' flat index of fp32 vectors, its rounding taken off
  hnsw = 4         ///< hnswlib's graph: proves nothing, answers say exact: false
};

/// Of each coordinate, when nobody chose.
inline constexpr compute::CodeType kCodes = compute::CodeType::int8;

/// Members of a cell that make it worth its centre: four blocks. Fewer let more be skipped, but the centres,
/// each as long as four of its members' codes, are read for every query.
inline constexpr std::size_t kItemsPerCell = 128;

/// From so many learnwares on cells are worth their centres: at 100,000 reading by cells took longer than
/// reading all codes, at 400,000 half as long. The number decides alone, because the hardware is known only
/// when a part is opened.
inline constexpr std::size_t kWorthCells = 200'000;

/// "cells" and so on.
[[nodiscard]] std::string_view prefilter_name(PrefilterKind kind);
/// @errors invalid_argument
[[nodiscard]] Result<PrefilterKind> prefilter_kind(std::string_view name);
/// What a stored part of so many learnwares gets when nobody chose.
[[nodiscard]] PrefilterKind chosen_prefilter(std::size_t learnwares);

}  // namespace learndock::engine
