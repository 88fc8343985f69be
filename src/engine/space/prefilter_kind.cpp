#include "learndock/engine/prefilter_kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace learndock::engine {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"code_scan", "exact_scan", "cells", "faiss_flat", "hnsw"};

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

}  // namespace learndock::engine
