#pragma once

#include "learndock/base/json.hpp"
#include "learndock/spec/codec.hpp"
#include "learndock/spec/semantic.hpp"

#include <fmt/format.h>

#include <string>

namespace learndock::testing {

/// Number i of a market: every third one is for business, the others are for health.
inline spec::SemanticSpecification numbered_model(std::size_t i) {
  spec::SemanticSpecification semantic;
  semantic.name = fmt::format("model {}", i);
  semantic.of(spec::SemanticKey::scenario) = {i % 3 == 0 ? "Business" : "Health"};
  return semantic;
}

/// A line of a bulk import.
inline std::string import_line(const std::string& id, const spec::SemanticSpecification& semantic,
                               const spec::RkmeSpecification& specification) {
  return to_text({{"id", id},
                  {"semantic", spec::semantic_to_json(semantic)},
                  {"stat", spec::to_json(specification)}}) +
         "\n";
}

}  // namespace learndock::testing
