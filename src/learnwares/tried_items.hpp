#pragma once

#include "learndock/base/ids.hpp"

#include "learnwares/bitmap.hpp"
#include "learnwares/semantic_index.hpp"

#include <memory>
#include <span>
#include <vector>

namespace learndock::learnwares {

class Entry;

/// The learnwares of a snapshot whose packages were tried, by what was found. All others are unverified.
struct TriedItems {
  std::vector<LearnwareNumber> verified_numbers, failed_numbers;  ///< ascending
  Bitmap verified, failed;                                        ///< items of the semantic index

  /// @param entries  those of the index @cost a search in the entries for each number
  [[nodiscard]] static TriedItems of(std::vector<LearnwareNumber> verified,
                                     std::vector<LearnwareNumber> failed,
                                     std::span<const std::shared_ptr<const Entry>> entries,
                                     const SemanticIndex& index);
};

}  // namespace learndock::learnwares
