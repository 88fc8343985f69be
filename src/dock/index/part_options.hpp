#pragma once

#include "learndock/compute/scan_codes.hpp"
#include "learndock/engine/prefilter_kind.hpp"
#include "learndock/specification/statistical.hpp"

#include "engine/part/part_writer.hpp"

#include <map>
#include <optional>
#include <string>

namespace learndock::dock {

/// Whether a part of the index can store the reduced set. Others are compared directly.
[[nodiscard]] bool is_indexable(const specification::RkmeSpecification& specification);

/// How a re-index was told to write parts, as the index keeps it: later parts are written in the same way.
[[nodiscard]] std::map<std::string, std::string> kept_options(std::optional<engine::PrefilterKind> prefilter,
                                                              compute::CodeType codes);
/// Reads these options again. Options that are missing, or of another version, keep their defaults.
[[nodiscard]] engine::PartWriterOptions chosen_writing(const std::map<std::string, std::string>& kept);

/// The prefilter's name, or "auto".
[[nodiscard]] std::string prefilter_option(std::optional<engine::PrefilterKind> prefilter);

}  // namespace learndock::dock
