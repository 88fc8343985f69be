#pragma once

#include "base/asset.hpp"

namespace learndock::cli {

/// The files of the package that `init-package` writes.
extern const Asset kLearnwareYaml;
extern const Asset kModelPy;
extern const Asset kRequirementsTxt;
extern const Asset kSemanticSpecificationJson;
extern const Asset kStatSpecJson;
extern const Asset kValidationCsv;

}  // namespace learndock::cli
