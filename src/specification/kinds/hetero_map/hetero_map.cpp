#include "specification/kinds/hetero_map/hetero_map.hpp"

#include "learndock/compute/kernel.hpp"

namespace learndock::specification {
namespace {

constexpr std::string_view kHeteroMapNames[] = {"HeteroMapTableSpecification"};
constexpr PassedKey kHeteroMapKeysAfterPoints[] = {{"embedding", "null"}, {"weight", "null"}};

}  // namespace

constinit const KindRules kHeteroMapKind = {
    .number = 4,
    .names = kHeteroMapNames,
    .data = "Table",
    .rank = 1,
    .most_scales = compute::kMaxScales,
    .keys_after_points = kHeteroMapKeysAfterPoints,
    .writes_num_points = false,
};

}  // namespace learndock::specification
