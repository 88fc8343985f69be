#include "learndock/specification/kinds.hpp"

#include "specification/kinds/hetero_map/hetero_map.hpp"
#include "specification/kinds/image/image.hpp"
#include "specification/kinds/table/table.hpp"
#include "specification/kinds/text/text.hpp"

#include <algorithm>
#include <array>

namespace learndock::specification {
namespace {

/// A new kind is a folder beside these and a line here. Messages list the kinds in this order.
constexpr std::array kKinds = {Kind(kTableKind), Kind(kTextKind), Kind(kImageKind), Kind(kHeteroMapKind)};

std::optional<Kind> first_kind(auto&& fits) {
  const auto* const found = std::find_if(kKinds.begin(), kKinds.end(), fits);
  return found == kKinds.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

Kind::Kind() : Kind(kTableKind) {}

std::optional<Kind> kind_of_name(std::string_view name) {
  return first_kind([&](const Kind& kind) {
    return std::find(kind->names.begin(), kind->names.end(), name) != kind->names.end();
  });
}

std::optional<Kind> kind_of_number(std::uint64_t number) {
  return first_kind([&](const Kind& kind) { return kind->number == number; });
}

std::string kind_names() {
  std::string names;
  for (const Kind& kind : kKinds) {
    if (!names.empty()) names += kind == kKinds.back() ? " or " : ", ";
    names += kind->name();
  }
  return names;
}

bool data_has_input(std::string_view data) {
  return first_kind([&](const Kind& kind) { return kind->columns_are_input && kind->data == data; })
      .has_value();
}

}  // namespace learndock::specification
