#pragma once

#include "learndock/base/ids.hpp"
#include "learndock/catalog/records.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace learndock::catalog {

/// Where the verification of one package stands. The names are stored and shown: do not rename.
enum class JobState : std::uint8_t {
  waiting,  ///< for a worker
  running,  ///< a worker has claimed it
  done,     ///< it ended with a verdict on the package
  parked,   ///< it was given up after too many attempts; its verdict says why
};
[[nodiscard]] std::string_view state_name(JobState state);

/// What a verification found. The names are stored and shown: do not rename.
enum class Outcome : std::uint8_t {
  passed,  ///< every check passed
  failed,  ///< a check did not pass, which is the package's fault
  parked,  ///< the package could not be tried: nothing is known about it
};
[[nodiscard]] std::string_view outcome_name(Outcome outcome);

/// A package is tried this often before its job is parked.
inline constexpr std::uint64_t kMostAttempts = 3;

/// The verification of one learnware's package.
struct VerificationJob {
  LearnwareNumber sequence;
  LearnwareId id;
  JobState state = JobState::waiting;
  std::uint64_t attempts = 0;  ///< how often it was claimed, of kMostAttempts
  std::uint64_t fencing = 0;  ///< number of its latest claim; every claim gets a larger one; 0: never claimed
  std::int64_t queued_unix_ms = 0;
  std::int64_t lease_until_unix_ms = 0;  ///< the claim is void after this time
  std::string worker;                    ///< name of the worker of the latest claim
  std::string stage;                     ///< what that worker was doing when it last said so
  std::string note;                      ///< why the latest attempt ended without a verdict
};

/// What one verification found, with its evidence.
struct Verdict {
  Outcome outcome = Outcome::parked;
  std::string package_digest;   ///< of the package that was tried
  std::string checker_version;  ///< of the program that tried it
  std::uint64_t fencing = 0;    ///< of the claim that it belongs to
  std::string checks_json;      ///< array of {name, passed, message, figures}
  std::string figures_json;     ///< object: rows/s, peak memory, seconds of each stage
  std::string log;              ///< what the model printed, bounded
  std::string lock_text;        ///< exact versions of the packages in its environment; empty: it had none
  std::int64_t finished_unix_ms = 0;
};

/// Everything that the catalogue knows of one learnware's verification.
struct VerificationStatus {
  LearnwareId id;
  Status status = Status::unverified;
  std::optional<VerificationJob> job;  ///< none: the learnware has no package
  std::uint64_t place = 0;             ///< in the queue, from 1; 0: it does not wait
  std::optional<Verdict> verdict;      ///< of the latest verification that ended
};

/// A learnware whose status is not `unverified`.
struct TriedLearnware {
  LearnwareNumber sequence;
  Status status = Status::verified;
};

/// How many jobs are in each state.
struct JobCounts {
  std::uint64_t waiting = 0, running = 0, done = 0, parked = 0;
};

}  // namespace learndock::catalog
