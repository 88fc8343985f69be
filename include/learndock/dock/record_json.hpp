#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/catalog/records.hpp"
#include "learndock/dock/deleted_learnware.hpp"

#include <cstdint>
#include <string>

namespace learndock::dock {

/// The JSON of the record, with `deleted` and `kept_until`.
[[nodiscard]] Json to_json(const DeletedLearnware& learnware);

/// "2026-11-29T13:45:00.000Z"
[[nodiscard]] std::string utc_text(std::int64_t unix_ms);

/// A record as `show`, `list` and GET /v1/learnwares/{id} print it: id, status, name, semantic, statistical
/// summary, package {sha256, bytes} or null, url, created, warnings; a damaged record also has `damaged`, the
/// reason.
[[nodiscard]] Json to_json(const catalog::LearnwareRecord& record);

}  // namespace learndock::dock
