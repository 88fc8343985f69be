#pragma once

#include "learndock/index/snapshot.hpp"

#include <memory>
#include <string>
#include <vector>

namespace learndock::market {

using Entries = std::vector<std::shared_ptr<const index::Entry>>;

/// The learnwares a requirement leaves, by insertion order: one of the wanted values for each wanted key;
/// then, with text, all whose name or description contains it, or, when none does, those with a partial ratio
/// of at least 75, best first.
[[nodiscard]] Entries filter(const index::Snapshot& snapshot, const spec::SemanticSpecification& wanted,
                             const std::string& text);

}  // namespace learndock::market
