#pragma once

#include "base/asset.hpp"

namespace learndock::dock {

/// The script with which users run a learnware.
extern const Asset kUsePy;

}  // namespace learndock::dock
