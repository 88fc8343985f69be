#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace learndock::catalog {

/// What text search looks at of a record: folded name and folded description, a line break between them. A
/// record whose semantic specification cannot be read is known by its name.
[[nodiscard]] std::string search_text(std::string_view name, std::string_view semantic_json);

/// The full-text query for texts that contain every trigram of a folded text: each text that contains
/// `folded` matches, and a few others may. None for fewer than three letters, which have no trigram.
[[nodiscard]] std::optional<std::string> trigram_query(std::string_view folded);

}  // namespace learndock::catalog
