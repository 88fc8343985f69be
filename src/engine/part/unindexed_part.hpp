#pragma once

#include "engine/part/search_part.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace learndock::engine {

/// A learnware that is not in any segment yet. It owns nothing: `owner` keeps the rest alive.
struct UnindexedItem {
  std::shared_ptr<const void> owner;
  std::string_view id;
  compute::ReducedSetView set;
  double self = 0;  ///< <mu, mu> by direct difference
};

/// Makes a part without embeddings from the latest inserts. A search computes all their exact distances:
/// there are few of them, and nothing has to be built before the first answer.
[[nodiscard]] std::shared_ptr<const SearchPart> make_unindexed_part(const compute::Kernel& kernel,
                                                                    std::size_t dimension,
                                                                    std::vector<UnindexedItem> items);

}  // namespace learndock::engine
