#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/catalog/verification.hpp"

namespace learndock::dock {

/// A verification as `status` and GET /v1/learnwares/{id}/verification print it: id, status, state, stage,
/// place, attempts, worker, note, queued; verdict, checks, figures, log, lock, package_sha256,
/// checker_version, finished. `state` is null for a learnware without a package, `verdict` is null before the
/// first verdict, and the keys after it are then not there.
[[nodiscard]] Json to_json(const catalog::VerificationStatus& status);

}  // namespace learndock::dock
