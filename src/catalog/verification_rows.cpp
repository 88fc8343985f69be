#include "catalog/verification_rows.hpp"

#include "learndock/base/json.hpp"

#include "catalog/verification_jobs.hpp"
#include "io/crc32c.hpp"

#include <fmt/format.h>

#include <span>

namespace learndock::catalog {
namespace {

constexpr std::string_view kReadJob =
    "SELECT sequence, (SELECT id FROM learnware l WHERE l.sequence = j.sequence), state, attempts, fencing, "
    "queued_unix_ms, lease_until_unix_ms, worker, stage, note FROM verification_job j WHERE sequence = ?";
constexpr std::string_view kWriteJob =
    "UPDATE verification_job SET state = ?, attempts = ?, fencing = ?, queued_unix_ms = ?, due_unix_ms = ?, "
    "lease_until_unix_ms = ?, worker = ?, stage = ?, note = ? WHERE sequence = ?";
constexpr std::string_view kPlace =
    "SELECT count(*) FROM verification_job WHERE state IN ('waiting', 'running') AND state = 'waiting' AND "
    "(queued_unix_ms, sequence) <= (?, ?)";
constexpr std::string_view kCounts = "SELECT state, count(*) FROM verification_job GROUP BY state";
constexpr std::string_view kReadVerdict =
    "SELECT outcome, package_digest, checker_version, fencing, checks_json, figures_json, log, lock_text, "
    "finished_unix_ms, checksum FROM verdict WHERE sequence = ?";
constexpr std::string_view kWriteVerdict =
    "INSERT OR REPLACE INTO verdict (outcome, package_digest, checker_version, fencing, checks_json, "
    "figures_json, log, lock_text, finished_unix_ms, checksum, sequence) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

constexpr std::string_view kStatusChanges = "SELECT value FROM counter WHERE name = 'verdicts'";
constexpr std::string_view kTried =
    "SELECT sequence, status FROM learnware INDEXED BY learnware_tried WHERE status <> 'unverified' ORDER BY "
    "sequence";

/// The rules, each as a query for the learnwares that break it. A learnware whose row is damaged (it has no
/// checksum) has no job, and is mended elsewhere.
struct Rule {
  std::string_view broken_by;
  std::string_view says;
};
constexpr Rule kRules[] = {
    {"SELECT sequence FROM learnware l WHERE package_digest <> '' AND checksum IS NOT NULL AND NOT EXISTS "
     "(SELECT 1 FROM verification_job j WHERE j.sequence = l.sequence)",
     "it has a package and no verification job"},
    {"SELECT sequence FROM verification_job WHERE sequence NOT IN (SELECT sequence FROM learnware WHERE "
     "package_digest <> '')",
     "a verification job belongs to no package"},
    {"SELECT sequence FROM verdict WHERE sequence NOT IN (SELECT sequence FROM verification_job)",
     "a verdict belongs to no verification job"},
    {"SELECT sequence FROM learnware l WHERE status <> 'unverified' AND NOT EXISTS (SELECT 1 FROM verdict v "
     "JOIN verification_job j USING (sequence) WHERE v.sequence = l.sequence AND v.package_digest = "
     "l.package_digest AND v.outcome = CASE l.status WHEN 'verified' THEN 'passed' ELSE 'failed' END AND "
     "v.fencing <= j.fencing AND v.checks_json <> '[]')",
     "its status is not that of a verdict on its package"},
    {"SELECT v.sequence FROM verdict v JOIN learnware l USING (sequence) WHERE l.checksum IS NOT NULL AND "
     "l.status <> CASE v.outcome WHEN 'passed' THEN 'verified' WHEN 'failed' THEN 'failed' ELSE 'unverified' "
     "END",
     "its verdict is not that of its status"},
    {"SELECT sequence FROM verification_job j WHERE state IN ('done', 'parked') AND NOT EXISTS (SELECT 1 "
     "FROM verdict v WHERE v.sequence = j.sequence AND v.fencing = j.fencing AND (v.outcome = 'parked') = "
     "(j.state = 'parked'))",
     "its verification ended without the verdict of its last claim"},
    {"SELECT sequence FROM verification_job j WHERE state = 'running' AND EXISTS (SELECT 1 FROM verdict v "
     "WHERE v.sequence = j.sequence AND v.fencing >= j.fencing)",
     "its verification runs and has ended"},
    {"SELECT sequence FROM verification_job WHERE state = 'running' AND (attempts = 0 OR fencing = 0 OR "
     "worker = '' OR lease_until_unix_ms = 0)",
     "its verification runs and no worker has claimed it"},
    {"SELECT sequence FROM verification_job WHERE state NOT IN ('waiting', 'running', 'done', 'parked')",
     "its verification job has a state that cannot be"},
    {"SELECT sequence FROM verification_job WHERE attempts < 0 OR attempts > 3",
     "it was tried more often than allowed"},
    {"SELECT sequence FROM verification_job WHERE fencing > (SELECT value FROM counter WHERE name = "
     "'fencing') OR fencing IN (SELECT fencing FROM verification_job WHERE fencing > 0 GROUP BY fencing "
     "HAVING count(*) > 1)",
     "the number of its claim was given twice or never"},
};
static_assert(kMostAttempts == 3);  // a rule has it as a number
constexpr std::string_view kVerdicts = "SELECT sequence FROM verdict";
constexpr std::size_t kMostProblems = 100;

std::optional<JobState> state_of(std::string_view name) {
  for (const JobState state : {JobState::waiting, JobState::running, JobState::done, JobState::parked})
    if (name == state_name(state)) return state;
  return std::nullopt;
}

std::optional<Outcome> outcome_of(std::string_view name) {
  for (const Outcome outcome : {Outcome::passed, Outcome::failed, Outcome::parked})
    if (name == outcome_name(outcome)) return outcome;
  return std::nullopt;
}

/// The CRC-32C of all fields, each with its length, so that no two verdicts give the same bytes.
std::int64_t checksum_of(LearnwareNumber sequence, const Verdict& verdict) {
  std::uint32_t sum = 0;
  const auto add = [&](std::string_view text) {
    const std::string field = fmt::format("{}:{}", text.size(), text);
    sum = io::crc32c(std::as_bytes(std::span(field)), sum);
  };
  for (const std::string& text : {verdict.package_digest, verdict.checker_version, verdict.checks_json,
                                  verdict.figures_json, verdict.log, verdict.lock_text})
    add(text);
  add(outcome_name(verdict.outcome));
  add(fmt::format("{} {} {}", sequence.value(), verdict.fencing, verdict.finished_unix_ms));
  return sum;
}

Result<std::vector<LearnwareNumber>> numbers_of(Connection& connection, std::string_view sql) {
  LEARNDOCK_TRY(Statement statement, connection.prepare(sql));
  std::vector<LearnwareNumber> found;
  while (true) {
    LEARNDOCK_TRY(const bool row, statement.step());
    if (!row) return found;
    found.emplace_back(statement.unsigned_integer(0));
  }
}

/// A passing verdict is evidence only when it has checks, and all of them passed.
bool all_passed(const Json& checks) {
  for (const Json& check : checks) {
    const auto passed = check.find("passed");
    if (passed == check.end() || !passed->is_boolean() || !passed->get<bool>()) return false;
  }
  return !checks.empty();
}

}  // namespace

Result<std::optional<VerificationJob>> read_job(Connection& connection, LearnwareNumber sequence) {
  LEARNDOCK_TRY(Statement row, connection.prepare(kReadJob));
  LEARNDOCK_TRY(const bool found, row.bind(sequence.value()).step());
  if (!found) return std::optional<VerificationJob>();
  const auto state = state_of(row.bytes(2));
  if (!state)
    return fail(ErrorCode::corrupt,
                fmt::format("the verification job of learnware {} has a state that cannot be", row.bytes(1)),
                {}, "the dock's owner mends it: learndock check DIR --repair");
  VerificationJob job;
  job.sequence = LearnwareNumber(row.unsigned_integer(0));
  job.id = LearnwareId::create(row.bytes(1)).value_or(LearnwareId());
  job.state = *state;
  job.attempts = row.unsigned_integer(3);
  job.fencing = row.unsigned_integer(4);
  job.queued_unix_ms = row.integer(5);
  job.lease_until_unix_ms = row.integer(6);
  job.worker = row.bytes(7);
  job.stage = row.bytes(8);
  job.note = row.bytes(9);
  return std::optional(std::move(job));
}

Result<void> write_job(Connection& connection, const VerificationJob& job, std::int64_t due_unix_ms) {
  LEARNDOCK_TRY(Statement update, connection.prepare(kWriteJob));
  update.bind_text(state_name(job.state)).bind(job.attempts).bind(job.fencing).bind(job.queued_unix_ms);
  update.bind(due_unix_ms).bind(job.lease_until_unix_ms).bind_text(job.worker).bind_text(job.stage);
  update.bind_text(job.note).bind(job.sequence.value());
  LEARNDOCK_CHECK(update.step());
  return {};
}

Result<std::uint64_t> place_of(Connection& connection, const VerificationJob& job) {
  LEARNDOCK_TRY(Statement row, connection.prepare(kPlace));
  LEARNDOCK_CHECK(row.bind(job.queued_unix_ms).bind(job.sequence.value()).step());
  return row.unsigned_integer(0);
}

Result<JobCounts> job_counts(Connection& connection) {
  LEARNDOCK_TRY(Statement row, connection.prepare(kCounts));
  JobCounts counts;
  while (true) {
    LEARNDOCK_TRY(const bool more, row.step());
    if (!more) return counts;
    const auto state = state_of(row.bytes(0));
    if (!state) continue;  // damage, which `problems` reports
    std::uint64_t* const of_state[] = {&counts.waiting, &counts.running, &counts.done, &counts.parked};
    *of_state[static_cast<std::size_t>(*state)] = row.unsigned_integer(1);
  }
}

Result<std::optional<Verdict>> read_verdict(Connection& connection, LearnwareNumber sequence) {
  LEARNDOCK_TRY(Statement row, connection.prepare(kReadVerdict));
  LEARNDOCK_TRY(const bool found, row.bind(sequence.value()).step());
  if (!found) return std::optional<Verdict>();
  Verdict verdict;
  const auto outcome = outcome_of(row.bytes(0));
  verdict.outcome = outcome.value_or(Outcome::parked);
  verdict.package_digest = row.bytes(1);
  verdict.checker_version = row.bytes(2);
  verdict.fencing = row.unsigned_integer(3);
  verdict.checks_json = row.bytes(4);
  verdict.figures_json = row.bytes(5);
  verdict.log = row.bytes(6);
  verdict.lock_text = row.bytes(7);
  verdict.finished_unix_ms = row.integer(8);
  if (!outcome || row.integer(9) != checksum_of(sequence, verdict))
    return fail(ErrorCode::corrupt,
                fmt::format("the verdict on learnware number {} is not the one that was stored: the checksum "
                            "does not fit",
                            sequence.value()),
                {}, "the dock's owner mends it: learndock check DIR --repair");
  return std::optional(std::move(verdict));
}

Result<void> write_verdict(Connection& connection, LearnwareNumber sequence, const Verdict& verdict) {
  LEARNDOCK_TRY(Statement insert, connection.prepare(kWriteVerdict));
  insert.bind_text(outcome_name(verdict.outcome)).bind_text(verdict.package_digest);
  insert.bind_text(verdict.checker_version).bind(verdict.fencing).bind_text(verdict.checks_json);
  insert.bind_text(verdict.figures_json).bind_text(verdict.log).bind_text(verdict.lock_text);
  insert.bind(verdict.finished_unix_ms).bind(checksum_of(sequence, verdict)).bind(sequence.value());
  LEARNDOCK_CHECK(insert.step());
  return {};
}

Result<VerificationStatus> verification_of(Connection& connection, const LearnwareRecord& record) {
  VerificationStatus status;
  status.id = record.id;
  status.status = record.status;
  LEARNDOCK_TRY(status.job, read_job(connection, record.sequence));
  LEARNDOCK_TRY(status.verdict, read_verdict(connection, record.sequence));
  if (status.job && status.job->state == JobState::waiting) {
    LEARNDOCK_TRY(status.place, place_of(connection, *status.job));
  }
  return status;
}

Result<std::uint64_t> status_changes(Connection& connection) {
  LEARNDOCK_TRY(const std::int64_t value, connection.integer_of(kStatusChanges));
  return static_cast<std::uint64_t>(value);
}

Result<std::vector<TriedLearnware>> tried_learnwares(Connection& connection) {
  LEARNDOCK_TRY(Statement row, connection.prepare(kTried));
  std::vector<TriedLearnware> all;
  while (true) {
    LEARNDOCK_TRY(const bool more, row.step());
    if (!more) return all;
    const bool verified = row.bytes(1) == status_name(Status::verified);
    all.push_back({LearnwareNumber(row.unsigned_integer(0)), verified ? Status::verified : Status::failed});
  }
}

Result<void> check_verdict(const Verdict& verdict) {
  if (verdict.log.size() > kMostLogBytes || verdict.checks_json.size() > kMostEvidenceBytes ||
      verdict.figures_json.size() > kMostEvidenceBytes || verdict.lock_text.size() > kMostEvidenceBytes)
    return fail(ErrorCode::too_large, "a verdict has more evidence than the catalogue keeps");
  LEARNDOCK_TRY(const Json checks, parse_json(verdict.checks_json));
  LEARNDOCK_TRY(const Json figures, parse_json(verdict.figures_json));
  if (!checks.is_array() || !figures.is_object() || checks.empty())
    return fail(ErrorCode::invalid_argument, "a verdict has no check as its evidence");
  if ((verdict.outcome == Outcome::passed) != all_passed(checks))
    return fail(ErrorCode::invalid_argument, "a verdict says something else than its checks");
  return {};
}

Result<std::vector<std::string>> verification_problems(Connection& connection) {
  std::vector<std::string> problems;
  for (const Rule& rule : kRules) {
    LEARNDOCK_TRY(const auto broken, numbers_of(connection, rule.broken_by));
    for (const LearnwareNumber sequence : broken)
      if (problems.size() < kMostProblems)
        problems.push_back(fmt::format("learnware number {}: {}", sequence.value(), rule.says));
  }
  LEARNDOCK_TRY(const auto verdicts, numbers_of(connection, kVerdicts));
  for (const LearnwareNumber sequence : verdicts) {
    const auto verdict = read_verdict(connection, sequence);
    if (problems.size() >= kMostProblems) break;
    if (!verdict) {
      if (verdict.error().code != ErrorCode::corrupt) return Failure(verdict.error());
      problems.push_back(verdict.error().message);
    } else if (*verdict && !check_verdict(**verdict)) {
      problems.push_back(fmt::format("learnware number {}: its verdict has no evidence", sequence.value()));
    }
  }
  return problems;
}

}  // namespace learndock::catalog
