#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/index/dock_parts.hpp"
#include "learndock/index/index_store.hpp"
#include "learndock/index/snapshot.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace learndock::market {

/// Where a dock's stored index lies.
[[nodiscard]] std::filesystem::path index_folder(const std::filesystem::path& dock);

struct OpenedIndex {
  std::shared_ptr<const index::DockParts> parts;  ///< null when there is none
  std::vector<std::string> problems;              ///< why a stored index is not used
};

/// A version of the stored index, with those learnwares alive that the catalogue still has. A damaged one is
/// not used and said: searches then compare every learnware.
[[nodiscard]] OpenedIndex open_index(const index::IndexVersion& version,
                                     std::span<const std::shared_ptr<const index::Entry>> entries,
                                     const std::shared_ptr<const compute::Backend>& backend,
                                     unsigned threads);

}  // namespace learndock::market
