#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"
#include "learndock/query/search.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace learndock::dock {

/// The limits of a dock, stored in its dock.json and read when the dock is opened.
struct DockLimits {
  std::uint64_t max_points = query::kUsualMaxPoints;       ///< points of one specification; 0: no limit
  std::uint64_t max_dock_bytes = 0;                        ///< bytes of the whole dock; 0: no limit
  std::uint64_t min_free_bytes = std::uint64_t{64} << 20;  ///< bytes left free on the dock's disk
  std::uint64_t keep_deleted_days = 7;                     ///< days that a deleted package is kept; 0: none
  bool operator==(const DockLimits&) const = default;
};

/// One limit as dock.json, the command line and the documentation name it.
struct LimitName {
  const char* key;  ///< "max_points"; the command line writes --max-points
  std::uint64_t DockLimits::*value;
  const char* help;
};
/// All limits, in the order of the file.
[[nodiscard]] const std::vector<LimitName>& limit_names();
[[nodiscard]] Json to_json(const DockLimits& limits);

struct DockFile {
  DockLimits limits;
  JsonValue other = {};  ///< keys that this program does not know; they are kept
};

/// @errors not_found (no dock there), corrupt, unsupported (another version's), io; each names the file and
///         says how to go on
[[nodiscard]] Result<DockFile> read_dock_file(const std::filesystem::path& dock);
/// Writes dock.json in place of the one that is there. @errors io, no_space
[[nodiscard]] Result<void> write_dock_file(const std::filesystem::path& dock, const DockFile& file);
/// Changes the limits in dock.json. A server that has the dock open keeps the limits it read.
/// @errors as above, conflict (another process has the dock open)
[[nodiscard]] Result<void> set_dock_limits(const std::filesystem::path& dock, const DockLimits& limits);

}  // namespace learndock::dock
