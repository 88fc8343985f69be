#pragma once

#include "learndock/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace learndock::package {

/// learnware.yaml as the dock stores and serves it, so that both releases of the reference load it: plain
/// data in UTF-8 without tags, anchors and comments, every key of the statistical specifications written out,
/// `semantic_specification`, and `id`. The keys keep their order, values their spelling. The text of such a
/// file is itself again.
/// @param yaml  a manifest that read_manifest takes
/// @param id    the learnware's; "": no id is written
/// @errors package_yaml*; package_yaml_size: the text is longer than `max_bytes`
[[nodiscard]] Result<std::string> manifest_for_dock(std::string_view yaml, std::string_view id,
                                                    std::size_t max_bytes);

/// `id` of a manifest; "" if it has none. @errors package_yaml*
[[nodiscard]] Result<std::string> id_in_manifest(std::string_view yaml);

}  // namespace learndock::package
