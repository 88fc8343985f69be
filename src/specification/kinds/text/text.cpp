#include "specification/kinds/text/text.hpp"

#include "learndock/compute/kernel.hpp"

namespace learndock::specification {
namespace {

constexpr std::string_view kTextNames[] = {"RKMETextSpecification"};

}  // namespace

constinit const KindRules kTextKind = {
    .number = 3,
    .names = kTextNames,
    .data = "Text",
    .rank = 3,
    .most_scales = compute::kMaxScales,
    .has_languages = true,
};

}  // namespace learndock::specification
