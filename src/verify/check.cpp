#include "verify/check.hpp"

#include "learndock/base/json.hpp"

#include "base/shorten.hpp"
#include "catalog/verification_jobs.hpp"

namespace learndock::verify {
namespace {

constexpr std::size_t kMostMessageBytes = 2000;

/// The beginning of a text, in whole letters, when it is too long.
std::string cut(const std::string& text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

Json to_json(const std::vector<Check>& checks) {
  Json all = Json::array();
  for (const Check& check : checks) {
    Json one{{"name", check.name},
             {"passed", check.passed},
             {"message", shortened(check.message, kMostMessageBytes)}};
    if (check.figures->is_object()) one["figures"] = *check.figures;
    all.push_back(std::move(one));
  }
  return all;
}

Json to_json(const Report& report) {
  return {{"verdict", catalog::outcome_name(report.outcome)},
          {"checks", to_json(report.checks)},
          {"figures", report.figures->is_object() ? *report.figures : Json::object()},
          {"lock", report.lock_text},
          {"log", report.log},
          {"checker_version", kCheckerVersion}};
}

catalog::Verdict verdict_of(const Report& report, const std::string& package_digest) {
  catalog::Verdict verdict;
  verdict.outcome = report.outcome;
  verdict.package_digest = package_digest;
  verdict.checker_version = kCheckerVersion;
  verdict.checks_json = to_text(to_json(report.checks));
  verdict.figures_json = to_text(report.figures->is_object() ? *report.figures : Json::object());
  verdict.log = cut(report.log, catalog::kMostLogBytes);
  verdict.lock_text = cut(report.lock_text, catalog::kMostEvidenceBytes);
  return verdict;
}

}  // namespace learndock::verify
