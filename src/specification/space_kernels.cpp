#include "specification/space_kernels.hpp"

#include <fmt/format.h>

#include <cmath>
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

Result<SpaceFamily> group_of(const Json& json) {
  if (!json.is_object() || !json.contains("type") || !json["type"].is_string())
    return damaged("a group has no type");
  const auto type = type_of_name(json["type"].get_ref<const std::string&>());
  if (!type) return damaged("a type is unknown");
  if (!whole_number(json, "scales", compute::kMaxScales) || json["scales"] == 0)
    return damaged("a group has no scales");
  SpaceFamily group{*type, {}, json["scales"].get<std::uint32_t>()};
  const auto shape = json.find("shape");
  if (shape == json.end() || !shape->is_array() || shape->empty() || shape->size() > kMaxRank)
    return damaged("a group has no shape");
  for (const Json& extent : *shape) {
    if (!extent.is_number_unsigned() || extent == 0) return damaged("an extent is not a whole number");
    group.shape.push_back(extent.get<std::size_t>());
  }
  return group;
}

}  // namespace

Result<void> SpaceKernels::set(SpaceFamily group, double gamma) {
  if (group.type == StatisticalType::rkme_image)
    return fail(ErrorCode::invalid_argument, "image specifications have no Gaussian kernel");
  if (!(gamma > 0) || !std::isfinite(compute::Kernel{gamma, group.scales}.narrowest_gamma()))
    return fail(ErrorCode::invalid_argument,
                fmt::format("gamma {} is not a positive number that {} scale{} can have", gamma, group.scales,
                            group.scales == 1 ? "" : "s"));
  gammas_.insert_or_assign(std::move(group), gamma);
  return {};
}

std::optional<double> SpaceKernels::gamma_of(const SpaceFamily& group) const {
  const auto found = gammas_.find(group);
  return found == gammas_.end() ? std::nullopt : std::optional(found->second);
}

SpaceId SpaceKernels::in_force(const SpaceId& specified) const {
  const SpaceFamily group = SpaceFamily::of(specified);
  return group.under(gamma_of(group).value_or(specified.gamma));
}

Json to_json(const SpaceKernels& kernels) {
  Json list = Json::array();
  for (const auto& [group, gamma] : kernels.gammas())
    list.push_back({{"type", type_name(group.type)},
                    {"shape", group.shape},
                    {"scales", group.scales},
                    {"gamma", gamma}});
  return list;
}

Result<SpaceKernels> kernels_from_json(const Json& json) {
  if (!json.is_array()) return damaged("they are not a list");
  SpaceKernels kernels;
  for (const Json& one : json) {
    LEARNDOCK_TRY(SpaceFamily group, group_of(one));
    if (kernels.gamma_of(group)) return damaged("a group appears twice");
    if (!one.contains("gamma") || !one["gamma"].is_number()) return damaged("a gamma is not a number");
    if (!kernels.set(std::move(group), one["gamma"].get<double>()))
      return damaged("a gamma does not fit its group");
  }
  return kernels;
}

}  // namespace learndock::specification
