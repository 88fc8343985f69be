#pragma once

/// The numbers that descriptors have in a job and in the programs that start it.
namespace learndock::sandbox {

inline constexpr int kRequests = 3;   ///< the job reads
inline constexpr int kAnswers = 4;    ///< the job writes
inline constexpr int kReady = 5;      ///< what `confine` says before it becomes the job
inline constexpr int kFilter = 6;     ///< the seccomp program, for bubblewrap
inline constexpr int kAccounts = 7;   ///< the job's /etc/passwd, for bubblewrap
inline constexpr int kHelper = 8;     ///< the helper program itself
inline constexpr int kReport = 9;     ///< how the keeper says what became of the job
inline constexpr int kLifeline = 10;  ///< the keeper ends the job when no one has the other end any more
inline constexpr int kAfterLast = 11;

}  // namespace learndock::sandbox
