#pragma once

#include "engine/part/search_part.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace learndock::engine {

/// Embeddings of sets, made once in each distinct space of some parts; empty for parts without a space.
class SpaceEmbeddings {
 public:
  SpaceEmbeddings(std::span<const FilteredPart> parts, std::span<const compute::ReducedSetView> sets,
                  unsigned threads);
  [[nodiscard]] const Embedding& of(std::size_t part, std::size_t set) const {
    return embedded_[space_of_[part]][set];
  }

 private:
  std::vector<std::size_t> space_of_;             // [parts]
  std::vector<std::vector<Embedding>> embedded_;  // [spaces][sets]
};

}  // namespace learndock::engine
