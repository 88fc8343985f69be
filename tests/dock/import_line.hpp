#pragma once

#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"
#include "learndock/specification/semantic.hpp"

#include <fmt/format.h>

#include <string>

namespace learndock::testing {

/// Number i of a dock: every third one is for business, the others are for health.
inline specification::SemanticSpecification numbered_model(std::size_t i) {
  specification::SemanticSpecification semantic;
  semantic.name = fmt::format("model {}", i);
  semantic.of(specification::SemanticKey::scenario) = {i % 3 == 0 ? "Business" : "Health"};
  return semantic;
}

/// A line of a bulk import.
inline std::string import_line(const std::string& id, const specification::SemanticSpecification& semantic,
                               const specification::RkmeSpecification& specification) {
  return to_text({{"id", id},
                  {"semantic", specification::semantic_to_json(semantic)},
                  {"stat", specification::to_json(specification)}}) +
         "\n";
}

}  // namespace learndock::testing
