#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/catalog/verification.hpp"

#include <string>
#include <vector>

namespace learndock::verify {

/// The version of the checks: it is kept with each verdict, and grows whenever a package could get another
/// verdict than before.
inline constexpr const char* kCheckerVersion = "1";

/// The names of the checks, in their order. They are stored and shown: do not rename.
namespace check_name {
inline constexpr const char* kStructure = "structure";
inline constexpr const char* kSpecification = "specification";
inline constexpr const char* kNearCopies = "near_copies";
inline constexpr const char* kEnvironment = "environment";
inline constexpr const char* kLoad = "load";
inline constexpr const char* kContract = "contract";
inline constexpr const char* kProbes = "probes";
inline constexpr const char* kSamples = "samples";
inline constexpr const char* kOutput = "output";
inline constexpr const char* kDeterminism = "determinism";
inline constexpr const char* kSpeed = "speed";
inline constexpr const char* kQuality = "quality";
}  // namespace check_name

/// One check and what it found.
struct Check {
  std::string name;
  bool passed = false;
  std::string message;  ///< one sentence for people
  JsonValue figures;    ///< an object; null without any
};

/// Everything that one verification found.
struct Report {
  catalog::Outcome outcome = catalog::Outcome::parked;
  std::vector<Check> checks;  ///< in order; the last is the first that did not pass, if any did not
  JsonValue figures;          ///< rows_per_second, peak_memory_bytes, seconds, runtime
  std::string log;            ///< what the model printed, bounded
  std::string lock_text;      ///< one requirement a line
};

/// {verdict, checks, figures, lock, log} as `learndock check --json` prints it.
[[nodiscard]] Json to_json(const Report& report);
[[nodiscard]] Json to_json(const std::vector<Check>& checks);
/// The report as the catalogue keeps it, with its texts cut to what the catalogue takes.
[[nodiscard]] catalog::Verdict verdict_of(const Report& report, const std::string& package_digest);

}  // namespace learndock::verify
