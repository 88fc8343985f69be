#pragma once

#include "learndock/compute/registry.hpp"
#include "learndock/index/snapshot.hpp"
#include "learndock/market/search.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace learndock::market {

inline std::shared_ptr<const compute::Backend> backend(const char* name) {
  return compute::open_backend(name).value();
}

/// One learnware at the end of a snapshot.
inline void add(index::Snapshot& snapshot, const std::string& id, std::optional<spec::RkmeSpecification> spec,
                const std::string& name = "", const std::string& scenario = "") {
  index::EntryFields fields;
  fields.sequence = snapshot.entries.size() + 1;
  fields.id = LearnwareId::create(id).value();
  fields.name = name;
  fields.folded_name = index::fold_case(name);
  if (!scenario.empty()) fields.values[static_cast<std::size_t>(spec::SemanticKey::scenario)] = {scenario};
  if (spec) {
    const auto view = spec->view();
    EXPECT_TRUE(
        backend("cpu_reference")->self_inner_products({&view, 1}, {&fields.self_inner, 1}).has_value());
  }
  fields.specification = std::move(spec);
  snapshot.entries.push_back(index::make_entry(std::move(fields)));
}

inline SearchRequest request_for(spec::RkmeSpecification spec) {
  SearchRequest request;
  request.specification = std::move(spec);
  return request;
}

}  // namespace learndock::market
