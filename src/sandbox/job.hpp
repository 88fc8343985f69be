#pragma once

#include "learndock/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace learndock::sandbox {

/// A folder or file of the host that a job sees. Nothing else of the host is there, apart from the system's
/// programs and libraries, which are read-only.
struct Binding {
  std::filesystem::path host;
  std::string
      inside;  ///< absolute path inside the sandbox, such as /package; not in a folder of the system or /tmp
};

/// What one job may use. A job that reaches a limit is ended, and `Ended` says which limit it was.
struct Limits {
  std::chrono::milliseconds wall = std::chrono::seconds(60);  ///< from the start to the end
  std::chrono::seconds cpu{60};                               ///< of each process
  std::uint64_t memory_bytes = std::uint64_t{2} << 30;        ///< of all processes together
  std::uint64_t scratch_bytes = std::uint64_t{256} << 20;     ///< of what the job writes, which is in memory
  std::uint64_t log_bytes = std::uint64_t{64} << 10;          ///< the rest of what it prints is dropped
  unsigned processes = 64;                                    ///< with threads
};

/// Whether the layers of protection are used. `none` is for people who run a package that they trust on their
/// own machine; a server and a worker refuse it.
enum class Protection : std::uint8_t { full, none };

/// One program of a stranger, and all that it gets. It has no network, none of this process's environment
/// variables or descriptors, and an empty standard input. Its requests arrive at descriptor 3, its answers
/// leave from descriptor 4; its standard output and standard error are the log.
/// It learns where its files are from `command` and `environment`: without a sandbox, a word or value that
/// begins with a path inside is changed to begin with the path on the host, and other texts are not.
struct Job {
  std::vector<std::string> command;  ///< the first word is a program by its path inside
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<Binding> bindings;  ///< all read-only
  Limits limits;
  Protection protection = Protection::full;
};

/// Where a job can write: it is empty at first, it is the current folder, and it goes when the job ends.
inline constexpr const char* kScratch = "/scratch";

}  // namespace learndock::sandbox
