#pragma once

#include "learndock/base/json.hpp"
#include "learndock/base/result.hpp"

#include <cstddef>
#include <string_view>

namespace learndock::package {

struct YamlLimits {
  std::size_t max_bytes = std::size_t{1} << 20;
  std::size_t max_depth = 64;
};

/// One YAML document as plain data, scalars by YAML 1.1 (yaml_scalar.hpp): null, bool, int, float (which may
/// be infinite or NaN), string. Tags and aliases are read as far as visit_yaml (yaml_events.hpp) reads them.
/// The file is UTF-8, or UTF-16 with its byte order mark. Mapping keys are taken as text. An empty document
/// is null. Nothing is ever constructed from a tag.
/// @errors package_yaml, package_yaml_alias (anchors too), package_yaml_tag, package_yaml_duplicate_key,
///         package_yaml_size; `where` is "line L, column C"
[[nodiscard]] Result<Json> parse_yaml(std::string_view bytes, const YamlLimits& limits = {});

}  // namespace learndock::package
