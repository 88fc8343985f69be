#pragma once

#include "learndock/base/result.hpp"

#include "runtime/model_runner.hpp"
#include "verify/answers.hpp"
#include "verify/check.hpp"

#include <filesystem>

namespace learndock::verify {

/// The name of the labelled samples that a package may carry: a CSV whose last column, or the one named
/// "label", has the answers.
inline constexpr const char* kValidationFile = "validation.csv";

/// Runs the model on the samples of its own package. The figure is the owner's own: it says how good the
/// model is on samples that its owner chose, and that it can be reproduced here.
/// @return a check that passed, or one that did not because the file cannot be used
/// @errors those of predict
[[nodiscard]] Result<Check> check_quality(const std::filesystem::path& csv, const Promise& promise,
                                          std::size_t features, const runtime::ModelFacts& facts,
                                          runtime::ModelRunner& runner);

}  // namespace learndock::verify
