#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace learndock::catalog {

/// The text of a record that text search compares: its folded name and folded description with a line break
/// between them. When the semantic specification cannot be read it is the name alone.
[[nodiscard]] std::string search_text(std::string_view name, std::string_view semantic_json);

/// The full-text query for texts that contain every trigram of a folded text: each text that contains
/// `folded` matches, and a few others may. Nothing for fewer than three letters, which have no trigram.
[[nodiscard]] std::optional<std::string> trigram_query(std::string_view folded);

}  // namespace learndock::catalog
