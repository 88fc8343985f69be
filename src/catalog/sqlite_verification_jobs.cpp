#include "learndock/base/json.hpp"

#include "base/crash_point.hpp"
#include "catalog/migrations.hpp"
#include "catalog/record_reader.hpp"
#include "catalog/record_writer.hpp"
#include "catalog/verification_jobs.hpp"
#include "catalog/verification_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace learndock::catalog {
namespace {

/// The job to claim next. A job that runs can be claimed when its lease is over. A time beyond the longest
/// lease comes from a clock that was set back since.
constexpr std::string_view kNext =
    "SELECT sequence FROM verification_job WHERE state IN ('waiting', 'running') AND "
    "((state = 'waiting' AND (due_unix_ms <= ?1 OR due_unix_ms > ?2)) OR "
    "(state = 'running' AND (lease_until_unix_ms <= ?1 OR lease_until_unix_ms > ?2))) "
    "ORDER BY queued_unix_ms, sequence LIMIT 1";
constexpr const char* kCountClaim = "UPDATE counter SET value = value + 1 WHERE name = 'fencing'";
constexpr std::string_view kFencing = "SELECT value FROM counter WHERE name = 'fencing'";
constexpr const char* kCountVerdict = "UPDATE counter SET value = value + 1 WHERE name = 'verdicts'";

std::int64_t system_unix_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

Status status_after(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return Status::verified;
    case Outcome::failed:
      return Status::failed;
    case Outcome::parked:
      return Status::unverified;
  }
  return Status::unverified;
}

class SqliteVerificationJobs final : public VerificationJobs {
 public:
  SqliteVerificationJobs(std::unique_ptr<Connection> connection, VerificationOptions options, bool writable)
      : connection_(std::move(connection)), options_(std::move(options)), writable_(writable) {
    if (!options_.now_unix_ms) options_.now_unix_ms = system_unix_ms;
  }

  [[nodiscard]] Result<std::optional<Claim>> claim(std::string_view worker,
                                                   std::chrono::milliseconds lease) override {
    const std::lock_guard lock(mutex_);
    LEARNDOCK_TRY(Transaction transaction, begin());
    crash_point("claim.begun");
    while (true) {
      LEARNDOCK_TRY(std::optional<VerificationJob> job, next_job());
      if (!job) break;
      LEARNDOCK_TRY(LearnwareRecord record, find_record(*connection_, job->sequence));
      LEARNDOCK_TRY(job->fencing, next_fencing());
      if (job->attempts >= kMostAttempts || !record.damage.empty()) {
        LEARNDOCK_CHECK(park(*job, record, why_parked(*job, record)));
        crash_point("claim.parked");
        continue;
      }
      job->state = JobState::running;
      job->attempts += 1;
      job->worker = worker.empty() ? "unnamed" : worker;
      job->stage = "claimed";
      job->lease_until_unix_ms = now() + std::min(lease, kLongestLease).count();
      LEARNDOCK_CHECK(write_job(*connection_, *job, 0));
      crash_point("claim.written");
      LEARNDOCK_CHECK(transaction.commit());
      crash_point("claim.committed");
      return std::optional<Claim>(Claim{job->sequence, std::move(record.id), std::move(record.package_digest),
                                        job->fencing, job->attempts});
    }
    LEARNDOCK_CHECK(transaction.commit());
    return std::optional<Claim>();
  }

  [[nodiscard]] Result<void> renew(const Claim& claim, std::string_view stage,
                                   std::chrono::milliseconds lease) override {
    const std::lock_guard lock(mutex_);
    LEARNDOCK_TRY(Transaction transaction, begin());
    LEARNDOCK_TRY(VerificationJob job, claimed(claim));
    job.stage = stage;
    job.lease_until_unix_ms = now() + std::min(lease, kLongestLease).count();
    LEARNDOCK_CHECK(write_job(*connection_, job, 0));
    crash_point("renew.written");
    LEARNDOCK_CHECK(transaction.commit());
    crash_point("renew.committed");
    return {};
  }

  [[nodiscard]] Result<void> finish(const Claim& claim, const Verdict& found) override {
    LEARNDOCK_CHECK(check_verdict(found));
    if (found.package_digest != claim.package_digest)
      return fail(ErrorCode::conflict, "the verdict is on another package than the claimed one");
    const std::lock_guard lock(mutex_);
    LEARNDOCK_TRY(Transaction transaction, begin());
    LEARNDOCK_TRY(const VerificationJob job, claimed(claim));
    LEARNDOCK_TRY(const LearnwareRecord record, find_record(*connection_, claim.sequence));
    if (record.package_digest != found.package_digest || !record.damage.empty())
      return fail(ErrorCode::conflict, "the learnware is no longer the one that was tried", claim.id.text());
    LEARNDOCK_CHECK(end(job, record, found, claim.fencing));
    LEARNDOCK_CHECK(transaction.commit());
    crash_point("finish.committed");
    return {};
  }

  [[nodiscard]] Result<void> give_back(const Claim& claim, std::string_view note, bool counts,
                                       std::chrono::milliseconds delay) override {
    const std::lock_guard lock(mutex_);
    LEARNDOCK_TRY(Transaction transaction, begin());
    LEARNDOCK_TRY(VerificationJob job, claimed(claim));
    if (!counts && job.attempts > 0) job.attempts -= 1;
    job.note = note;
    if (job.attempts >= kMostAttempts) {
      LEARNDOCK_TRY(const LearnwareRecord record, find_record(*connection_, claim.sequence));
      LEARNDOCK_CHECK(
          park(job, record, fmt::format("tried {} times, the last time: {}", job.attempts, note)));
    } else {
      job.state = JobState::waiting;
      job.lease_until_unix_ms = 0;
      LEARNDOCK_CHECK(write_job(*connection_, job, now() + std::min(delay, kLongestLease).count()));
    }
    crash_point("give_back.written");
    LEARNDOCK_CHECK(transaction.commit());
    crash_point("give_back.committed");
    return {};
  }

  [[nodiscard]] Result<VerificationStatus> ask_again(const LearnwareId& id) override {
    const std::lock_guard lock(mutex_);
    LEARNDOCK_TRY(Transaction transaction, begin());
    LEARNDOCK_TRY(const LearnwareRecord record, find_record(*connection_, id));
    LEARNDOCK_TRY(auto job, read_job(*connection_, record.sequence));
    if (!job)
      return fail(ErrorCode::not_verifiable, "the learnware has no package that could be verified", id.text(),
                  record.damage.empty() ? "verify one that has a package"
                                        : "its record is damaged: learndock check DIR --repair");
    if (job->state == JobState::done || job->state == JobState::parked) {
      job->state = JobState::waiting;
      job->attempts = 0;
      job->queued_unix_ms = now();
      job->lease_until_unix_ms = 0;
      job->stage.clear();
      job->note.clear();
      LEARNDOCK_CHECK(write_job(*connection_, *job, 0));
      crash_point("ask.written");
    }
    LEARNDOCK_CHECK(transaction.commit());
    return verification_of(*connection_, record);
  }

  [[nodiscard]] Result<VerificationStatus> find(const LearnwareId& id) const override {
    const std::lock_guard lock(mutex_);
    LEARNDOCK_TRY(const LearnwareRecord record, find_record(*connection_, id));
    return verification_of(*connection_, record);
  }

  [[nodiscard]] Result<JobCounts> counts() const override {
    const std::lock_guard lock(mutex_);
    return job_counts(*connection_);
  }

  [[nodiscard]] Result<std::vector<std::string>> problems() const override {
    const std::lock_guard lock(mutex_);
    return verification_problems(*connection_);
  }

 private:
  [[nodiscard]] std::int64_t now() const { return options_.now_unix_ms(); }

  Result<Transaction> begin() {
    if (!writable_)
      return fail(ErrorCode::read_only, "the dock is open for reading only", {},
                  "see why its folder cannot be written, then open it again");
    return Transaction::begin(*connection_);
  }

  Result<std::optional<VerificationJob>> next_job() {
    LEARNDOCK_TRY(Statement next, connection_->prepare(kNext));
    const std::int64_t at = now();
    LEARNDOCK_TRY(const bool found, next.bind(at).bind(at + kLongestLease.count()).step());
    if (!found) return std::optional<VerificationJob>();
    return read_job(*connection_, LearnwareNumber(next.unsigned_integer(0)));
  }

  Result<std::uint64_t> next_fencing() {
    LEARNDOCK_CHECK(connection_->execute(kCountClaim));
    LEARNDOCK_TRY(const std::int64_t value, connection_->integer_of(kFencing));
    return static_cast<std::uint64_t>(value);
  }

  /// The job of a claim that may still report. @errors lease_lost
  Result<VerificationJob> claimed(const Claim& claim) {
    LEARNDOCK_TRY(auto job, read_job(*connection_, claim.sequence));
    const std::int64_t at = now();
    const bool current = job && job->state == JobState::running && job->fencing == claim.fencing &&
                         job->lease_until_unix_ms > at &&
                         job->lease_until_unix_ms <= at + kLongestLease.count();
    if (job && (current || !options_.check_claims)) return std::move(*job);
    return fail(ErrorCode::lease_lost,
                job ? "this claim is over: its lease ended, or another worker has the job"
                    : "the learnware was deleted while it was verified",
                claim.id.text(), "nothing needs to be done: the job is run again where it is needed");
  }

  static std::string why_parked(const VerificationJob& job, const LearnwareRecord& record) {
    if (!record.damage.empty()) return "its record is damaged: " + record.damage;
    return fmt::format("tried {} times; the last worker ({}) stopped without a word at the stage \"{}\"{}{}",
                       job.attempts, job.worker, job.stage,
                       job.note.empty() ? "" : "; before that: ", job.note);
  }

  /// Gives a job up, with a verdict that says why.
  Result<void> park(VerificationJob job, const LearnwareRecord& record, const std::string& why) {
    Verdict verdict;
    verdict.outcome = Outcome::parked;
    verdict.package_digest = record.package_digest;
    verdict.checks_json = to_text(Json::array({{{"name", "attempts"}, {"passed", false}, {"message", why}}}));
    verdict.figures_json = to_text(Json{{"attempts", job.attempts}});
    job.note = why;
    return end(job, record, verdict, job.fencing);
  }

  /// Writes the verdict, the end of the job and the learnware's status. The caller commits all three.
  Result<void> end(VerificationJob job, const LearnwareRecord& record, Verdict verdict,
                   std::uint64_t fencing) {
    verdict.fencing = fencing;
    verdict.finished_unix_ms = now();
    LEARNDOCK_CHECK(write_verdict(*connection_, job.sequence, verdict));
    crash_point("finish.verdict");
    job.state = verdict.outcome == Outcome::parked ? JobState::parked : JobState::done;
    job.lease_until_unix_ms = 0;
    job.stage.clear();
    LEARNDOCK_CHECK(write_job(*connection_, job, 0));
    crash_point("finish.job");
    const Status status = status_after(verdict.outcome);
    if (status == record.status || !record.damage.empty()) return {};
    LEARNDOCK_CHECK(set_status(*connection_, record, status));
    LEARNDOCK_CHECK(connection_->execute(kCountVerdict));
    crash_point("finish.status");
    return {};
  }

  mutable std::mutex mutex_;
  std::unique_ptr<Connection> connection_;
  VerificationOptions options_;
  const bool writable_;
};

Result<std::unique_ptr<VerificationJobs>> open_jobs(const std::filesystem::path& file,
                                                    const VerificationOptions& options, bool writable) {
  LEARNDOCK_TRY(auto connection, Connection::open(file, writable ? Connection::Mode::read_write
                                                                 : Connection::Mode::read_only));
  LEARNDOCK_TRY(const bool current, is_current(*connection));
  if (!current)
    return fail(ErrorCode::unsupported, "the catalogue was written by an earlier version of learndock",
                file.string(), "open the dock once where it can be written; it is then brought up to date");
  if (writable) LEARNDOCK_CHECK(connection->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"));
  return std::make_unique<SqliteVerificationJobs>(std::move(connection), options, writable);
}

}  // namespace

Result<std::unique_ptr<VerificationJobs>> open_verification_jobs(const std::filesystem::path& file,
                                                                 const VerificationOptions& options) {
  return open_jobs(file, options, true);
}

Result<std::unique_ptr<VerificationJobs>> read_verification_jobs(const std::filesystem::path& file,
                                                                 const VerificationOptions& options) {
  return open_jobs(file, options, false);
}

}  // namespace learndock::catalog
