#include "learndock/dock/verification_json.hpp"

#include "learndock/base/json.hpp"
#include "learndock/dock/record_json.hpp"

namespace learndock::dock {
namespace {

Json parsed(const std::string& text) {
  auto json = parse_json(text);
  return json ? std::move(*json) : Json(nullptr);
}

void add_job(const catalog::VerificationStatus& status, Json& json) {
  if (!status.job) {
    for (const char* const key : {"state", "stage", "place", "attempts", "worker", "note", "queued"})
      json[key] = nullptr;
    return;
  }
  const catalog::VerificationJob& job = *status.job;
  json["state"] = catalog::state_name(job.state);
  json["stage"] = job.stage.empty() ? Json(nullptr) : Json(job.stage);
  json["place"] = status.place == 0 ? Json(nullptr) : Json(status.place);
  json["attempts"] = job.attempts;
  json["worker"] = job.worker.empty() ? Json(nullptr) : Json(job.worker);
  json["note"] = job.note.empty() ? Json(nullptr) : Json(job.note);
  json["queued"] = utc_text(job.queued_unix_ms);
}

}  // namespace

Json to_json(const catalog::VerificationStatus& status) {
  Json json{{"id", status.id.text()}, {"status", catalog::status_name(status.status)}};
  add_job(status, json);
  if (!status.verdict) {
    json["verdict"] = nullptr;
    return json;
  }
  const catalog::Verdict& verdict = *status.verdict;
  json["verdict"] = catalog::outcome_name(verdict.outcome);
  json["checks"] = parsed(verdict.checks_json);
  json["figures"] = parsed(verdict.figures_json);
  json["log"] = verdict.log;
  json["lock"] = verdict.lock_text;
  json["package_sha256"] = verdict.package_digest;
  json["checker_version"] = verdict.checker_version;
  json["finished"] = utc_text(verdict.finished_unix_ms);
  return json;
}

}  // namespace learndock::dock
