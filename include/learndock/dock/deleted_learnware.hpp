#pragma once

#include "learndock/catalog/records.hpp"

#include <cstdint>

namespace learndock::dock {

/// A learnware that was deleted and is kept for a while.
struct DeletedLearnware {
  catalog::LearnwareRecord record;
  std::int64_t removed_unix_ms = 0;
  std::int64_t kept_until_unix_ms = 0;
};

}  // namespace learndock::dock
