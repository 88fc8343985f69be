#pragma once

#include "learndock/compute/backend.hpp"

#include <memory>

namespace learndock::compute {

/// Plain loops in double, distances by direct difference. Never optimised: it is what correct means.
[[nodiscard]] std::shared_ptr<const Backend> make_cpu_reference();

}  // namespace learndock::compute
