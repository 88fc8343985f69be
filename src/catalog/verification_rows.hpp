#pragma once

#include "learndock/catalog/verification.hpp"

#include "catalog/sql.hpp"

#include <optional>
#include <string>
#include <vector>

namespace learndock::catalog {

/// The job of a learnware; nothing when it has none. @errors corrupt (a state that cannot be), io
[[nodiscard]] Result<std::optional<VerificationJob>> read_job(Connection& connection,
                                                              LearnwareNumber sequence);
/// Writes all fields of a job, and when its next attempt is due. Call it inside a transaction.
[[nodiscard]] Result<void> write_job(Connection& connection, const VerificationJob& job,
                                     std::int64_t due_unix_ms);
/// The place in the queue, from 1, of a job that waits.
[[nodiscard]] Result<std::uint64_t> place_of(Connection& connection, const VerificationJob& job);
[[nodiscard]] Result<JobCounts> job_counts(Connection& connection);

/// The verdict on a learnware; nothing when it has none. @errors corrupt (it is not what was stored), io
[[nodiscard]] Result<std::optional<Verdict>> read_verdict(Connection& connection, LearnwareNumber sequence);
/// Stores a verdict in place of the one that is there. Call it inside a transaction.
[[nodiscard]] Result<void> write_verdict(Connection& connection, LearnwareNumber sequence,
                                         const Verdict& verdict);

/// Everything that is known of the verification of a record's package.
[[nodiscard]] Result<VerificationStatus> verification_of(Connection& connection,
                                                         const LearnwareRecord& record);
/// See Catalog::status_changes and Catalog::tried.
[[nodiscard]] Result<std::uint64_t> status_changes(Connection& connection);
[[nodiscard]] Result<std::vector<TriedLearnware>> tried_learnwares(Connection& connection);

/// What every verdict must satisfy, whoever made it: see VerificationJobs::finish.
[[nodiscard]] Result<void> check_verdict(const Verdict& verdict);

/// The rules of the queue that the tables break, one line each (docs/verification.md). @errors corrupt, io
[[nodiscard]] Result<std::vector<std::string>> verification_problems(Connection& connection);

}  // namespace learndock::catalog
