#include "learndock/dock/record_json.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"

#include "base/shorten.hpp"
#include "dock/view/further.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace learndock::dock {
namespace {

Json summary_of(const specification::RkmeSpecification& spec) {
  return {{"type", spec.kind->name()},  {"points", spec.points.rows()}, {"dimension", spec.dimension()},
          {"gamma", spec.kernel.gamma}, {"scales", spec.kernel.scales}, {"num_points", spec.num_points}};
}

Json statistical_summary(const std::string& binary) {
  if (binary.empty()) return nullptr;
  const auto spec = specification::from_binary(binary);
  if (!spec) return {{"error", spec.error().message}};
  return summary_of(*spec);
}

Json further_summary(const std::string& packed) {
  const auto further = unpack_further(packed);
  if (!further) return Json::array({{{"error", further.error().message}}});
  Json all = Json::array();
  for (const specification::RkmeSpecification& one : *further) all.push_back(summary_of(one));
  return all;
}

/// Records of earlier versions have no Model, which the reference's checkers want.
Json semantic_of(const std::string& text) {
  auto semantic = parse_json(text);
  if (!semantic) return nullptr;
  if (semantic->is_object() && !semantic->contains("Model"))
    (*semantic)["Model"] = {{"Type", "Optional"}, {"Values", {"Others"}}};
  return std::move(*semantic);
}

}  // namespace

/// A time as text. One beyond the year 9999 belongs to a damaged record and gives "".
std::string utc_text(std::int64_t unix_ms) {
  if (unix_ms < 0 || unix_ms > 253'402'300'799'999) return {};
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1000)),
                     unix_ms % 1000);
}

Json to_json(const DeletedLearnware& learnware) {
  Json json = to_json(learnware.record);
  json["deleted"] = utc_text(learnware.removed_unix_ms);
  json["kept_until"] = utc_text(learnware.kept_until_unix_ms);
  return json;
}

Json to_json(const catalog::LearnwareRecord& record) {
  Json package = nullptr;
  if (!record.package_digest.empty())
    package = {{"sha256", record.package_digest}, {"bytes", record.package_bytes}};
  const std::string created = utc_text(record.created_unix_ms);
  Json json{{"id", record.id.text()},
            {"status", catalog::status_name(record.status)},
            {"name", record.name},
            {"semantic", semantic_of(record.semantic_json)},
            {"statistical", statistical_summary(record.statistical)},
            {"package", std::move(package)},
            {"url", record.url.empty() ? Json(nullptr) : Json(record.url)},
            {"created", created.empty() ? Json(nullptr) : Json(created)},
            {"warnings", shortened(record.warnings)}};
  if (!record.further.empty()) json["further"] = further_summary(record.further);
  if (!record.damage.empty()) json["damaged"] = record.damage;
  return json;
}

}  // namespace learndock::dock
