#include "specification/kinds/table/table.hpp"

#include "learndock/compute/kernel.hpp"

namespace learndock::specification {
namespace {

constexpr std::string_view kTableNames[] = {"RKMETableSpecification", "RKMEStatSpecification"};

}  // namespace

constinit const KindRules kTableKind = {
    .number = 1,
    .names = kTableNames,
    .data = "Table",
    .columns_are_input = true,
    .rank = 2,
    .most_scales = compute::kMaxScales,
};

}  // namespace learndock::specification
