#pragma once

#include "learndock/base/result.hpp"
#include "learndock/catalog/verification.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace learndock::catalog {

/// A job that a worker has claimed. Only this claim may report on the job, and only while its lease lasts.
struct Claim {
  LearnwareNumber sequence;
  LearnwareId id;
  std::string package_digest;
  std::uint64_t fencing = 0;
  std::uint64_t attempt = 0;  ///< 1 to kMostAttempts
};

/// No lease is longer, and no job waits longer for its next attempt. A stored time that lies further in the
/// future means that the clock was set back, and counts as over.
inline constexpr std::chrono::milliseconds kLongestLease = std::chrono::minutes(10);

/// The most bytes of each text of a verdict.
inline constexpr std::size_t kMostLogBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMostEvidenceBytes = std::size_t{512} << 10;

/// The queue of verifications: one job for each learnware that has a package. `Catalog::insert` and `put` add
/// the job in the transaction of the record, `Catalog::remove` takes it away in that of the removal.
///
/// A claim gets a fencing number, which is larger than all before it, and a lease. A report is taken only
/// from the current claim while its lease lasts, in one transaction with everything that follows from it: a
/// learnware becomes `verified` in the transaction that stores its passing verdict, and in no other.
/// @threads safe to call concurrently, also from several processes
class VerificationJobs {
 public:
  virtual ~VerificationJobs() = default;

  /// Takes the job that has waited longest, or one whose lease is over; nothing when there is none. A job
  /// that has used up its attempts is parked on the way, with a verdict that says so.
  /// @param worker  a name for people
  [[nodiscard]] virtual Result<std::optional<Claim>> claim(std::string_view worker,
                                                           std::chrono::milliseconds lease) = 0;
  /// Extends the lease and says what is being done. @errors lease_lost
  [[nodiscard]] virtual Result<void> renew(const Claim& claim, std::string_view stage,
                                           std::chrono::milliseconds lease) = 0;
  /// Stores the verdict, ends the job and sets the learnware's status, all or nothing. `fencing` and
  /// `finished_unix_ms` of the verdict are set here. @errors lease_lost; conflict (the verdict is on another
  /// package); invalid_argument (it passed without a check, or with one that did not pass); too_large
  [[nodiscard]] virtual Result<void> finish(const Claim& claim, const Verdict& verdict) = 0;
  /// Ends the attempt without a verdict: the job waits for the next attempt, or is parked after the last.
  /// @param note  why @param counts  false: the attempt does not count, because the worker was told to stop
  /// @errors lease_lost
  [[nodiscard]] virtual Result<void> give_back(const Claim& claim, std::string_view note, bool counts,
                                               std::chrono::milliseconds delay) = 0;

  /// Asks for a new verification, with all attempts. A job that waits or runs stays as it is. The status
  /// stays what the last verdict says until there is another. @errors not_found, not_verifiable
  [[nodiscard]] virtual Result<VerificationStatus> ask_again(const LearnwareId& id) = 0;
  /// @errors not_found
  [[nodiscard]] virtual Result<VerificationStatus> find(const LearnwareId& id) const = 0;
  [[nodiscard]] virtual Result<JobCounts> counts() const = 0;

  /// The rules that the queue breaks, one line each (docs/verification.md lists the rules).
  [[nodiscard]] virtual Result<std::vector<std::string>> problems() const = 0;
};

struct VerificationOptions {
  std::function<std::int64_t()> now_unix_ms = {};  ///< unset: the system's clock
  bool check_claims = true;                        ///< only tests that show what the check is for turn it off
};

/// Opens the queue of the SQLite catalogue at `file`, which has this build's schema (open the catalogue
/// first). It has a connection of its own. @errors not_found, corrupt, unsupported, io
[[nodiscard]] Result<std::unique_ptr<VerificationJobs>> open_verification_jobs(
    const std::filesystem::path& file, const VerificationOptions& options = {});
/// The same for reading only.
[[nodiscard]] Result<std::unique_ptr<VerificationJobs>> read_verification_jobs(
    const std::filesystem::path& file, const VerificationOptions& options = {});

}  // namespace learndock::catalog
