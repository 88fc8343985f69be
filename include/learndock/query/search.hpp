#pragma once

#include "learndock/base/ids.hpp"
#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"
#include "learndock/base/warning.hpp"
#include "learndock/catalog/records.hpp"
#include "learndock/specification/semantic.hpp"
#include "learndock/specification/statistical.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace learndock::query {

/// absolute: 1 - MMD^2 / (<L,L> + <U,U>), which means the same in every answer. compat: the reference's
/// numbers, relative to the other results of the same answer, with its cut-offs and selection.
enum class ScoreMode : std::uint8_t { absolute, compat };
enum class MixtureMethod : std::uint8_t { certified, greedy, auto_weights };

/// Limits on the names of columns in a request. A caller whose table has more does not send them.
inline constexpr std::size_t kMaxColumnNames = 16'384;
inline constexpr std::size_t kMaxColumnNameBytes = 1'024;
/// Whether a request may have these names.
[[nodiscard]] bool are_sendable(const std::vector<std::string>& columns);

/// The default limit of points in one specification that a dock takes.
inline constexpr std::size_t kUsualMaxPoints = 1000;

struct SearchRequest {
  std::optional<specification::RkmeSpecification> specification;  ///< none: a semantic search only
  specification::SemanticSpecification semantic;                  ///< empty fields are wildcards
  std::string text;  ///< name or description words; overrides semantic.name
  /// The names of the columns that the specification was made of, in its order; empty: not known. They are
  /// compared with the names of the hits' inputs for warnings alone, and change no hit.
  std::vector<std::string> columns = {};
  std::size_t top = 10;  ///< 1..1000; compat mode ignores it
  /// The largest number of members; 0: no mixture; none: 10, or the reference's 5 for greedy and auto. The
  /// limit is 20, or 100 for greedy and auto.
  std::optional<std::size_t> mixture;
  std::optional<MixtureMethod> mixture_method;  ///< default: certified for absolute, greedy for compat
  ScoreMode scores = ScoreMode::absolute;
  std::optional<std::chrono::milliseconds>
      budget;  ///< stop evaluating after this; the answer says exact: false
  /// The most learnwares to compare; a first few are always compared. If the limit ends the search, the
  /// answer says exact: false.
  std::optional<std::size_t> budget_candidates;
  std::string backend;                         ///< "" = the dock's own
  std::vector<catalog::Status> statuses = {};  ///< only learnwares of these statuses; empty: all
};

[[nodiscard]] MixtureMethod method_of(const SearchRequest& request);
[[nodiscard]] std::size_t members_of(const SearchRequest& request);

struct SingleHit {
  LearnwareId id;
  std::string name;
  std::optional<double> mmd_squared;  ///< none for a semantic-only search
  std::optional<double> score;
  std::optional<catalog::Status> status = {};  ///< none: a server of an earlier version does not say
};

struct MixtureMember {
  LearnwareId id;
  std::string name;
  double weight = 0;
  std::optional<catalog::Status> status = {};  ///< as in SingleHit
};

struct MixtureHit {
  double mmd_squared = 0;
  double score = 0;
  std::optional<double> gap;  ///< certified: this mixture is at most this much above the best one of any size
                              ///< over all candidates
  std::vector<MixtureMember> members;  ///< in selection order
};

struct SearchAnswer {
  bool exact = true;  ///< every learnware that passed the filters was compared or proved to be farther
  double slack = 0;   ///< how far below the last hit an unevaluated learnware could be (MMD^2); exact: 0
  std::uint64_t evaluated = 0;  ///< learnwares compared by exact MMD
  std::uint64_t index_version = 0;
  std::vector<SingleHit> singles;
  std::optional<MixtureHit> mixture;
  std::map<std::string, double> timings_ms;  ///< filter, mmd, mixture, total
  Warnings warnings;
};

/// The command contract's JSON, the same from the CLI and the server.
[[nodiscard]] Json to_json(const SearchAnswer& answer);
[[nodiscard]] Result<SearchAnswer> answer_from_json(const Json& json);

/// A request as `POST /v1/search` takes it: {"spec": {...}|null, "semantic": {...}, "text", "top", "mixture",
/// "mixture_method", "scores", "budget_ms", "budget_candidates", "backend", "columns"}. Unknown keys are
/// refused.
[[nodiscard]] Json to_json(const SearchRequest& request);
/// @errors invalid_argument, spec_*, semantic_*; `where` is a JSON pointer
[[nodiscard]] Result<SearchRequest> request_from_json(const Json& json);

/// "unverified", "verified" or "failed" as a filter. @errors invalid_argument
[[nodiscard]] Result<catalog::Status> status_filter_of(std::string_view name);
/// The value of a name on the command line and the wire. @errors invalid_argument
[[nodiscard]] Result<ScoreMode> score_mode_of(std::string_view name);
[[nodiscard]] Result<MixtureMethod> mixture_method_of(std::string_view name);

}  // namespace learndock::query
