#pragma once

#include "base/asset.hpp"

namespace learndock::sandbox {

/// The program of `helper/`.
extern const Asset kLearndockHelper;

}  // namespace learndock::sandbox
