#pragma once

#include "learndock/compute/registry.hpp"

#include "engine/memory_part.hpp"
#include "engine/part/unindexed_part.hpp"
#include "engine/search/certified_search.hpp"
#include "support/generators.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace learndock::testing {

/// A small market: learnwares around some tasks, as search.md's generator makes them.
struct MarketShape {
  std::size_t learnwares = 100;
  std::size_t tasks = 8;
  std::size_t dimension = 4;
  std::size_t points = 6;
  double gamma = 0.1;
  std::uint32_t scales = 1;
  double spread = 1;      ///< of a learnware around its task, in units of a task's own width
  double offset = 0;      ///< added to every coordinate
  double duplicates = 0;  ///< share of learnwares that repeat an earlier one exactly
  bool signed_weights = false;
  std::uint64_t seed = 1;
};

struct SceneMarket {
  std::vector<WeightedSet> sets;
  std::vector<std::string> ids;

  [[nodiscard]] std::vector<compute::ReducedSetView> views() const {
    std::vector<compute::ReducedSetView> all;
    for (const WeightedSet& set : sets) all.push_back(set.view());
    return all;
  }
  [[nodiscard]] std::vector<engine::ItemContent> items(std::size_t first, std::size_t count) const {
    std::vector<engine::ItemContent> part;
    for (std::size_t i = first; i < first + count; ++i) part.push_back({ids[i], sets[i].view()});
    return part;
  }
};

inline WeightedSet around_task(const MarketShape& shape, const WeightedSet& task, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<std::size_t> points(1, 2 * shape.points - 1);
  SetShape own{points(random), shape.dimension, shape.gamma, 0, 0.3, shape.signed_weights, shape.scales};
  WeightedSet set = random_set(own, random());
  // Signed weights may all but cancel; parts hold what codes can hold.
  if (!engine::codable(engine::mass_of(set.view()))) set.weights[0] = 0.5;
  std::vector<double> shift(shape.dimension);
  for (double& value : shift) value = shape.spread * 0.3 * normal(random);
  for (std::size_t i = 0; i < set.points.rows(); ++i) {
    const auto from = task.points.row(random() % task.points.rows());
    for (std::size_t k = 0; k < shape.dimension; ++k) set.points(i, k) += from[k] + shift[k];
  }
  return set;
}

/// `queries` more sets of the same kind follow the learnwares.
inline SceneMarket make_market(const MarketShape& shape, std::size_t queries) {
  std::mt19937_64 random(shape.seed);
  std::vector<WeightedSet> tasks;
  for (std::size_t t = 0; t < shape.tasks; ++t)
    tasks.push_back(random_set({3, shape.dimension, shape.gamma, shape.offset, 1, false}, random()));
  SceneMarket market;
  std::uniform_real_distribution<double> uniform(0, 1);
  for (std::size_t i = 0; i < shape.learnwares + queries; ++i) {
    if (i > 0 && uniform(random) < shape.duplicates)
      market.sets.push_back(market.sets[random() % i]);
    else
      market.sets.push_back(around_task(shape, tasks[random() % tasks.size()], random));
    // Ids in another order than the items': ties must go by id.
    market.ids.push_back(std::to_string((i * 7919 + 13) % 100'003) + "-" + std::to_string(i));
  }
  return market;
}

/// Items as the latest inserts are held, without embeddings.
inline std::shared_ptr<const engine::SearchPart> unindexed_part(std::span<const engine::ItemContent> items,
                                                                const compute::Kernel& kernel,
                                                                std::size_t dimension) {
  std::vector<engine::UnindexedItem> plain;
  for (const engine::ItemContent& item : items)
    plain.push_back(
        {nullptr, item.id, item.set, compute::DirectQuery(item.set, kernel).inner_product(item.set)});
  return make_unindexed_part(kernel, dimension, std::move(plain));
}

/// Bits of a random filter that lets about `share` of the items pass.
struct Filter {
  std::vector<std::uint64_t> bits;
  std::size_t count = 0;

  Filter(std::size_t items, double share, std::mt19937_64& random) : bits((items + 63) / 64) {
    std::uniform_real_distribution<double> uniform(0, 1);
    for (std::size_t i = 0; i < items; ++i)
      if (uniform(random) < share) {
        bits[i / 64] |= std::uint64_t{1} << (i % 64);
        ++count;
      }
  }
};

/// The distance as the engine defines it, for every allowed item: what a certified answer must agree with.
inline std::vector<engine::CertifiedHit> brute_force(std::span<const engine::FilteredPart> parts,
                                                     const compute::ReducedSetView& query, std::size_t top) {
  const compute::Kernel& kernel = parts[0].part->kernel();
  const compute::DirectQuery direct(query, kernel);
  const double self = direct.inner_product(query);
  std::vector<engine::CertifiedHit> all;
  std::vector<double> memory;
  for (std::size_t p = 0; p < parts.size(); ++p)
    for (engine::PartItem item; item.index() < parts[p].part->count(); ++item) {
      const std::size_t i = item.index();
      if (parts[p].allowed != nullptr && (parts[p].allowed[i / 64] >> (i % 64) & 1U) == 0) continue;
      const compute::ReducedSetView set = parts[p].part->set(item, memory).value();
      const double own = compute::DirectQuery(set, kernel).inner_product(set);
      all.push_back({p, item, own - 2 * direct.inner_product(set) + self});
    }
  std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    return a.mmd_squared != b.mmd_squared ? a.mmd_squared < b.mmd_squared
                                          : parts[a.part].part->id(a.item) < parts[b.part].part->id(b.item);
  });
  all.resize(std::min(all.size(), top));
  return all;
}

}  // namespace learndock::testing
