#include "learndock/index/prefilter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace learndock::index {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"code_scan", "exact_scan", "cells", "faiss_flat", "hnsw"};

/// docs/performance.md: at 100,000 comparing the centres cost more than cells saved, at 400,000 they halved
/// the median. By number alone: the hardware is known when a part is opened (cell_reading).
constexpr std::size_t kWorthCells = 200'000;

}  // namespace

std::string_view prefilter_name(PrefilterKind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

Result<PrefilterKind> prefilter_kind(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end())
    return fail(ErrorCode::invalid_argument, fmt::format("there is no prefilter '{}'", name), {},
                "choose cells, code_scan, exact_scan, faiss_flat or hnsw");
  return static_cast<PrefilterKind>(found - kNames.begin());
}

PrefilterKind chosen_prefilter(std::size_t learnwares) {
  return learnwares < kWorthCells ? PrefilterKind::code_scan : PrefilterKind::cells;
}

std::size_t chosen_coordinates(std::size_t learnwares) {
  return learnwares < kWorthCells ? kFewCoordinates : kManyCoordinates;
}

}  // namespace learndock::index
