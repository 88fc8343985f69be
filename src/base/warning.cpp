#include "learndock/base/warning.hpp"

#include "learndock/base/json.hpp"

#include <algorithm>
#include <array>

namespace learndock {
namespace {

constexpr std::array kSlugs = {
#define LEARNDOCK_WARNING(code) std::string_view(#code),
#include "learndock/base/warning_codes.def"
#undef LEARNDOCK_WARNING
};

}  // namespace

std::string_view slug(WarningCode code) { return kSlugs.at(static_cast<std::size_t>(code)); }

WarningCode warning_code_of(std::string_view slug) {
  const auto found = std::find(kSlugs.begin(), kSlugs.end(), slug);
  return found == kSlugs.end() ? WarningCode::other : static_cast<WarningCode>(found - kSlugs.begin());
}

std::vector<std::string> messages_of(std::span<const Warning> warnings) {
  std::vector<std::string> messages;
  for (const Warning& warning : warnings) messages.push_back(warning.message);
  return messages;
}

bool contains(std::span<const Warning> warnings, WarningCode code) {
  return std::any_of(warnings.begin(), warnings.end(),
                     [&](const Warning& warning) { return warning.code == code; });
}

Json to_json(std::span<const Warning> warnings) {
  Json json = Json::array();
  for (const Warning& warning : warnings)
    json.push_back({{"code", slug(warning.code)},
                    {"message", warning.message},
                    {"facts", warning.facts->is_null() ? Json::object() : *warning.facts}});
  return json;
}

Warnings warnings_from_json(const Json& json) {
  Warnings warnings;
  if (!json.is_array()) return warnings;
  for (const Json& one : json) {
    if (!one.is_object()) continue;
    const auto code = one.find("code"), message = one.find("message"), facts = one.find("facts");
    if (code == one.end() || !code->is_string() || message == one.end() || !message->is_string()) continue;
    warnings.push_back(
        {warning_code_of(code->get_ref<const std::string&>()), message->get<std::string>(),
         facts != one.end() && facts->is_object() && !facts->empty() ? JsonValue(*facts) : JsonValue()});
  }
  return warnings;
}

}  // namespace learndock
