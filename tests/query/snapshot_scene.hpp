#pragma once

#include "learndock/compute/registry.hpp"
#include "learndock/query/search.hpp"

#include "learnwares/snapshot.hpp"
#include "text/fold_case.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace learndock::query {

inline std::shared_ptr<const compute::Backend> backend(const char* name) {
  return compute::open_backend(name).value();
}

/// One learnware at the end of a snapshot.
inline void add(learnwares::Snapshot& snapshot, const std::string& id,
                std::optional<specification::RkmeSpecification> spec, const std::string& name = "",
                const std::string& scenario = "") {
  learnwares::EntryFields fields;
  fields.sequence = LearnwareNumber(snapshot.entries.size() + 1);
  fields.id = LearnwareId::create(id).value();
  fields.name = name;
  fields.folded_name = text::fold_case(name);
  if (!scenario.empty())
    fields.values[static_cast<std::size_t>(specification::SemanticKey::scenario)] = {scenario};
  if (spec) {
    const auto view = spec->view();
    EXPECT_TRUE(
        backend("cpu_reference")->self_inner_products({&view, 1}, {&fields.self_inner, 1}).has_value());
  }
  fields.specification = std::move(spec);
  snapshot.entries.push_back(learnwares::make_entry(std::move(fields)));
}

inline SearchRequest request_for(specification::RkmeSpecification spec) {
  SearchRequest request;
  request.specification = std::move(spec);
  return request;
}

}  // namespace learndock::query
