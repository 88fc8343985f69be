#pragma once

#include "learndock/base/json_value.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace learndock {

enum class WarningCode : std::uint8_t {
#define LEARNDOCK_WARNING(code) code,
#include "learndock/base/warning_codes.def"
#undef LEARNDOCK_WARNING
};

/// A warning is what a caller should know about an answer and is not an error. Programs read `code` and
/// `facts`, people the message.
struct Warning {
  WarningCode code = WarningCode::other;
  std::string message;
  JsonValue facts = {};  ///< an object with the numbers and names that the message tells; null without any
  bool operator==(const Warning&) const = default;
};
using Warnings = std::vector<Warning>;

/// "learnwares_skipped" and so on, as JSON has it.
[[nodiscard]] std::string_view slug(WarningCode code);
/// `other` for a name that this version does not know.
[[nodiscard]] WarningCode warning_code_of(std::string_view slug);

[[nodiscard]] std::vector<std::string> messages_of(std::span<const Warning> warnings);
[[nodiscard]] bool contains(std::span<const Warning> warnings, WarningCode code);

/// [{"code", "message", "facts"}]
[[nodiscard]] Json to_json(std::span<const Warning> warnings);
/// Entries that are not of that form are left out: warnings decide nothing.
[[nodiscard]] Warnings warnings_from_json(const Json& json);

}  // namespace learndock
