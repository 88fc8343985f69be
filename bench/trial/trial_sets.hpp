#pragma once

#include "learndock/base/result.hpp"

#include "trial/synthetic_market.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace learndock::trial {

/// The source of a search trial's reduced sets. They are drawn by number, so that nothing is kept in memory.
/// All are of one dimension and one Gaussian kernel.
/// @threads  safe
class TrialSets {
 public:
  virtual ~TrialSets() = default;
  [[nodiscard]] virtual std::size_t dimension() const = 0;
  [[nodiscard]] virtual double gamma() const = 0;
  /// The most learnwares and queries together.
  [[nodiscard]] virtual std::uint64_t available() const = 0;
  /// The learnware of a number; the same number gives the same set. @errors as the source's
  [[nodiscard]] virtual Result<OwnedSet> learnware(std::uint64_t number) const = 0;
  /// A query, drawn as the learnwares are, but different from all of them.
  [[nodiscard]] virtual Result<OwnedSet> query(std::uint64_t number) const = 0;
};

[[nodiscard]] std::unique_ptr<TrialSets> synthetic_sets(const SyntheticOptions& options);

/// Reads specifications from a file, one JSON object a line: stat.json texts, or lines of a bulk import
/// ("stat"). The last ones serve as queries. Points are rounded to four bytes a value, as most are.
/// @errors as read_file and from_json, spec_dimension (of differing type, shape or kernel)
[[nodiscard]] Result<std::unique_ptr<TrialSets>> listed_sets(const std::filesystem::path& file);

}  // namespace learndock::trial
