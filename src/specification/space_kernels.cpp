#include "specification/space_kernels.hpp"

#include "learndock/base/json.hpp"

#include <fmt/format.h>

#include <utility>

namespace learndock::specification {
namespace {

Failure damaged(const char* what) {
  return fail(ErrorCode::corrupt, fmt::format("the kernels are damaged: {}", what));
}

bool whole_number(const Json& object, const char* key, std::uint64_t most) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() && found->get<std::uint64_t>() <= most;
}

Result<SpaceFamily> family_of(const Json& json) {
  if (!json.is_object() || !json.contains("type") || !json["type"].is_string())
    return damaged("a group has no type");
  const auto kind = kind_of_name(json["type"].get_ref<const std::string&>());
  if (!kind) return damaged("a type is unknown");
  if (!whole_number(json, "scales", compute::kMaxScales) || json["scales"] == 0)
    return damaged("a group has no scales");
  SpaceFamily family{*kind, {}, json["scales"].get<std::uint32_t>()};
  const auto shape = json.find("shape");
  if (shape == json.end() || !shape->is_array() || shape->empty() || shape->size() > kMaxRank)
    return damaged("a group has no shape");
  for (const Json& extent : *shape) {
    if (!extent.is_number_unsigned() || extent == 0) return damaged("an extent is not a whole number");
    family.shape.push_back(extent.get<std::size_t>());
  }
  return family;
}

}  // namespace

Result<void> SpaceKernels::set(SpaceFamily family, const compute::Kernel& kernel) {
  if (!family.kind->comparable())
    return fail(ErrorCode::invalid_argument, std::string(family.kind->not_comparable));
  if (kernel.scales != family.scales || !kernel.valid())
    return fail(ErrorCode::invalid_argument,
                fmt::format("gamma {} is not a positive number that {} scale{} can have", kernel.gamma,
                            family.scales, family.scales == 1 ? "" : "s"));
  kernels_.insert_or_assign(std::move(family), kernel);
  return {};
}

std::optional<compute::Kernel> SpaceKernels::kernel_of(const SpaceFamily& family) const {
  const auto found = kernels_.find(family);
  return found == kernels_.end() ? std::nullopt : std::optional(found->second);
}

SpaceId SpaceKernels::current(const SpaceId& specified) const {
  const SpaceFamily family = SpaceFamily::of(specified);
  return family.under(kernel_of(family).value_or(specified.kernel));
}

Json to_json(const SpaceKernels& kernels) {
  Json list = Json::array();
  for (const auto& [family, kernel] : kernels.kernels())
    list.push_back({{"type", family.kind->name()},
                    {"shape", family.shape},
                    {"scales", family.scales},
                    {"gamma", kernel.gamma}});
  return list;
}

Result<SpaceKernels> kernels_from_json(const Json& json) {
  if (!json.is_array()) return damaged("they are not a list");
  SpaceKernels kernels;
  for (const Json& one : json) {
    LEARNDOCK_TRY(SpaceFamily family, family_of(one));
    if (kernels.kernel_of(family)) return damaged("a group appears twice");
    if (!one.contains("gamma") || !one["gamma"].is_number()) return damaged("a gamma is not a number");
    const compute::Kernel kernel = family.kernel(one["gamma"].get<double>());
    if (!kernels.set(std::move(family), kernel)) return damaged("a gamma does not fit its group");
  }
  return kernels;
}

std::string kernels_text(const SpaceKernels& kernels) {
  return kernels.empty() ? std::string() : to_text(to_json(kernels));
}

Result<SpaceKernels> kernels_from_text(std::string_view text) {
  if (text.empty()) return SpaceKernels();
  const auto json = parse_json(text, {.max_bytes = text.size()});
  return json ? kernels_from_json(*json) : damaged("they are not JSON");
}

Result<void> check_kernels_text(std::string_view text) {
  return kernels_from_text(text).map([](const SpaceKernels&) {});
}

}  // namespace learndock::specification
