#include "learndock/query/search.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"

#include "base/shorten.hpp"
#include "catalog/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace learndock::query {
namespace {

struct MethodName {
  std::string_view name;
  MixtureMethod method;
};
constexpr std::array<MethodName, 3> kMethods = {{{"certified", MixtureMethod::certified},
                                                 {"greedy", MixtureMethod::greedy},
                                                 {"auto", MixtureMethod::auto_weights}}};

Failure bad(std::string message, std::string where) {
  return fail(ErrorCode::invalid_argument, std::move(message), std::move(where));
}

/// @param range for the message only: the search, which knows the limits, refuses larger numbers
Result<std::size_t> read_count(const Json& json, const std::string& where, std::string_view range) {
  if (!json.is_number_integer() || json.get<std::int64_t>() < 0)
    return bad(fmt::format("{} is {}, it must be a whole number from {}", where.substr(1),
                           json.is_number() ? json.dump() : json.type_name(), range),
               where);
  return json.get<std::size_t>();
}

Result<std::string> read_text(const Json& json, const std::string& where) {
  if (!json.is_string()) return bad(fmt::format("expected a string, found {}", json.type_name()), where);
  return json.get<std::string>();
}

template <class T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

constexpr std::size_t kMostCandidates = 1'000'000'000;

/// An error inside a value, with the value's place in the request in front of its own.
Failure placed(Error error, const std::string& where) {
  error.where = where + error.where;
  return Failure(std::move(error));
}

// Each of these reads one member of a request. @param where its JSON pointer

Result<void> read_specification(const Json& value, const std::string& where, SearchRequest& request) {
  auto specification = specification::from_json(value);
  if (!specification) return placed(std::move(specification).error(), where);
  request.specification = std::move(*specification);
  return {};
}

Result<void> read_semantic(const Json& value, const std::string& where, SearchRequest& request) {
  auto semantic = specification::semantic_from_json(value);
  if (!semantic) return placed(std::move(semantic).error(), where);
  request.semantic = std::move(*semantic);
  return {};
}

Result<void> read_words(const Json& value, const std::string& where, SearchRequest& request) {
  LEARNDOCK_TRY(request.text, read_text(value, where));
  return {};
}

Result<void> read_top(const Json& value, const std::string& where, SearchRequest& request) {
  LEARNDOCK_TRY(request.top, read_count(value, where, "1 to 1000"));
  return {};
}

Result<void> read_mixture(const Json& value, const std::string& where, SearchRequest& request) {
  LEARNDOCK_TRY(request.mixture, read_count(value, where, "0 to 100"));
  return {};
}

Result<void> read_mixture_method(const Json& value, const std::string& where, SearchRequest& request) {
  LEARNDOCK_TRY(const std::string name, read_text(value, where));
  LEARNDOCK_TRY(request.mixture_method, mixture_method_of(name));
  return {};
}

Result<void> read_scores(const Json& value, const std::string& where, SearchRequest& request) {
  LEARNDOCK_TRY(const std::string name, read_text(value, where));
  LEARNDOCK_TRY(request.scores, score_mode_of(name));
  return {};
}

Result<void> read_budget(const Json& value, const std::string& where, SearchRequest& request) {
  LEARNDOCK_TRY(const std::size_t budget, read_count(value, where, "0 to 3600000"));
  if (budget > 3'600'000) return bad("a budget is at most an hour", where);
  request.budget = std::chrono::milliseconds(budget);
  return {};
}

Result<void> read_budget_candidates(const Json& value, const std::string& where, SearchRequest& request) {
  LEARNDOCK_TRY(request.budget_candidates, read_count(value, where, "1 to 1000000000"));
  if (*request.budget_candidates == 0 || *request.budget_candidates > kMostCandidates)
    return bad("a budget of candidates is 1 to 1000000000", where);
  return {};
}

Result<void> read_backend(const Json& value, const std::string& where, SearchRequest& request) {
  LEARNDOCK_TRY(request.backend, read_text(value, where));
  return {};
}

Result<void> read_columns(const Json& value, const std::string& where, SearchRequest& request) {
  if (!value.is_array())
    return bad(fmt::format("expected a list of names, found {}", value.type_name()), where);
  if (value.size() > kMaxColumnNames)
    return bad(fmt::format("{} columns are named, the limit is {}", value.size(), kMaxColumnNames), where);
  for (const Json& name : value) {
    const std::string place = fmt::format("{}/{}", where, request.columns.size());
    LEARNDOCK_TRY(std::string text, read_text(name, place));
    if (text.size() > kMaxColumnNameBytes)
      return bad(fmt::format("the name has {} bytes, the limit is {}", text.size(), kMaxColumnNameBytes),
                 place);
    request.columns.push_back(std::move(text));
  }
  return {};
}

Result<void> read_statuses(const Json& value, const std::string& where, SearchRequest& request) {
  if (!value.is_array() || value.empty())
    return bad("status is a list of unverified, verified and failed", where);
  for (const Json& one : value) {
    LEARNDOCK_TRY(const std::string name, read_text(one, where));
    LEARNDOCK_TRY(const catalog::Status status, status_filter_of(name));
    request.statuses.push_back(status);
  }
  return {};
}

struct RequestMember {
  std::string_view key;
  bool may_be_null;  // null is then the same as a missing key
  Result<void> (*read)(const Json& value, const std::string& where, SearchRequest& request);
};
constexpr std::array<RequestMember, 12> kMembers = {{{"spec", true, read_specification},
                                                     {"semantic", true, read_semantic},
                                                     {"text", false, read_words},
                                                     {"top", false, read_top},
                                                     {"mixture", true, read_mixture},
                                                     {"mixture_method", true, read_mixture_method},
                                                     {"scores", false, read_scores},
                                                     {"budget_ms", true, read_budget},
                                                     {"budget_candidates", false, read_budget_candidates},
                                                     {"backend", false, read_backend},
                                                     {"columns", true, read_columns},
                                                     {"status", true, read_statuses}}};

std::string member_names() {
  std::string names;
  for (const RequestMember& one : kMembers) names += fmt::format("{}{}", names.empty() ? "" : ", ", one.key);
  return names;
}

/// Reads one key into the request.
Result<void> read_member(const std::string& key, const Json& value, SearchRequest& request) {
  const std::string where = "/" + key;
  const auto member = std::find_if(kMembers.begin(), kMembers.end(),
                                   [&](const RequestMember& one) { return one.key == key; });
  if (member == kMembers.end())
    return fail(ErrorCode::invalid_argument, fmt::format("unknown key \"{}\"", key), where,
                "the keys are " + member_names());
  if (value.is_null() && member->may_be_null) return {};
  return member->read(value, where, request);
}

Json status_json(const std::optional<catalog::Status>& status) {
  return status ? Json(catalog::status_name(*status)) : Json(nullptr);
}

Failure odd_answer(std::string_view key) {
  return fail(ErrorCode::corrupt, fmt::format("the server's answer lacks a usable \"{}\"", key));
}

std::optional<double> number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

/// A count that a server wrote; anything else reads as 0.
std::uint64_t count_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<MixtureHit> mixture_from_json(const Json& json) {
  if (!json.contains("members") || !json["members"].is_array()) return odd_answer("mixture");
  MixtureHit hit{number_of(json, "mmd_squared").value_or(0),
                 number_of(json, "score").value_or(0),
                 number_of(json, "gap"),
                 {}};
  for (const Json& member : json["members"]) {
    if (!member.is_object()) return odd_answer("members");
    LEARNDOCK_TRY(LearnwareId id, LearnwareId::create(text_of(member, "id")));
    hit.members.push_back({std::move(id), text_of(member, "name"), number_of(member, "weight").value_or(0)});
  }
  return hit;
}

}  // namespace

Result<ScoreMode> score_mode_of(std::string_view name) {
  if (name == "absolute") return ScoreMode::absolute;
  if (name == "compat") return ScoreMode::compat;
  return fail(ErrorCode::invalid_argument, fmt::format("there are no \"{}\" scores", name), "scores",
              "use absolute or compat");
}

Result<MixtureMethod> mixture_method_of(std::string_view name) {
  for (const MethodName& row : kMethods)
    if (row.name == name) return row.method;
  return fail(ErrorCode::invalid_argument, fmt::format("there is no mixture method \"{}\"", name),
              "mixture_method", "use certified, greedy or auto");
}

Result<catalog::Status> status_filter_of(std::string_view name) {
  if (const auto status = catalog::status_of_name(name)) return *status;
  return fail(ErrorCode::invalid_argument, fmt::format("no learnware has the status \"{}\"", name), "/status",
              "the statuses are unverified, verified and failed");
}

Json to_json(const SearchAnswer& answer) {
  Json singles = Json::array();
  for (const SingleHit& hit : answer.singles)
    singles.push_back({{"id", hit.id.text()},
                       {"name", hit.name},
                       {"mmd_squared", optional_json(hit.mmd_squared)},
                       {"score", optional_json(hit.score)},
                       {"status", status_json(hit.status)}});
  Json mixture = nullptr;
  if (answer.mixture) {
    Json members = Json::array();
    for (const MixtureMember& member : answer.mixture->members)
      members.push_back({{"id", member.id.text()},
                         {"name", member.name},
                         {"weight", member.weight},
                         {"status", status_json(member.status)}});
    mixture = {{"mmd_squared", answer.mixture->mmd_squared},
               {"score", answer.mixture->score},
               {"gap", optional_json(answer.mixture->gap)},
               {"members", std::move(members)}};
  }
  Json timings = Json::object();
  for (const auto& [stage, milliseconds] : answer.timings_ms) timings[stage] = milliseconds;
  const Warnings warnings = shortened(answer.warnings);
  return {{"schema", 1},
          {"exact", answer.exact},
          {"slack", answer.slack},
          {"evaluated", answer.evaluated},
          {"index_version", answer.index_version},
          {"singles", std::move(singles)},
          {"mixture", std::move(mixture)},
          {"timings_ms", std::move(timings)},
          {"warnings", messages_of(warnings)},
          {"warning_details", to_json(std::span(warnings))}};
}

Result<SearchAnswer> answer_from_json(const Json& json) {
  if (!json.is_object() || !json.contains("singles") || !json["singles"].is_array())
    return odd_answer("singles");
  SearchAnswer answer;
  answer.exact = json.value("exact", Json(false)) == Json(true);
  answer.slack = number_of(json, "slack").value_or(0);
  answer.evaluated = count_of(json, "evaluated");
  answer.index_version = count_of(json, "index_version");
  for (const Json& hit : json["singles"]) {
    if (!hit.is_object()) return odd_answer("singles");
    LEARNDOCK_TRY(LearnwareId id, LearnwareId::create(text_of(hit, "id")));
    answer.singles.push_back({std::move(id), text_of(hit, "name"), number_of(hit, "mmd_squared"),
                              number_of(hit, "score"), catalog::status_of_name(text_of(hit, "status"))});
  }
  if (json.contains("mixture") && json["mixture"].is_object()) {
    LEARNDOCK_TRY(answer.mixture, mixture_from_json(json["mixture"]));
  }
  if (json.contains("timings_ms") && json["timings_ms"].is_object())
    for (const auto& [stage, value] : json["timings_ms"].items())
      if (value.is_number()) answer.timings_ms[stage] = value.get<double>();
  if (json.contains("warning_details")) {
    answer.warnings = warnings_from_json(json["warning_details"]);
  } else if (json.contains("warnings") && json["warnings"].is_array()) {
    // Servers of earlier versions send warnings without codes.
    for (const Json& warning : json["warnings"])
      if (warning.is_string()) answer.warnings.push_back({WarningCode::other, warning.get<std::string>()});
  }
  return answer;
}

bool are_sendable(const std::vector<std::string>& columns) {
  return columns.size() <= kMaxColumnNames &&
         std::all_of(columns.begin(), columns.end(),
                     [](const auto& name) { return name.size() <= kMaxColumnNameBytes; });
}

MixtureMethod method_of(const SearchRequest& request) {
  return request.mixture_method.value_or(request.scores == ScoreMode::compat ? MixtureMethod::greedy
                                                                             : MixtureMethod::certified);
}

std::size_t members_of(const SearchRequest& request) {
  return request.mixture.value_or(method_of(request) == MixtureMethod::certified ? 10 : 5);
}

Json to_json(const SearchRequest& request) {
  Json json = Json::object();
  if (request.specification) json["spec"] = specification::to_json(*request.specification);
  json["semantic"] = specification::semantic_to_json(request.semantic);
  if (!request.text.empty()) json["text"] = request.text;
  json["top"] = request.top;
  if (request.mixture) json["mixture"] = *request.mixture;
  if (request.mixture_method)
    for (const MethodName& row : kMethods)
      if (row.method == *request.mixture_method) json["mixture_method"] = row.name;
  json["scores"] = request.scores == ScoreMode::compat ? "compat" : "absolute";
  if (request.budget) json["budget_ms"] = request.budget->count();
  if (request.budget_candidates) json["budget_candidates"] = *request.budget_candidates;
  if (!request.backend.empty()) json["backend"] = request.backend;
  if (!request.columns.empty()) json["columns"] = request.columns;
  for (const catalog::Status status : request.statuses)
    json["status"].push_back(catalog::status_name(status));
  return json;
}

Result<SearchRequest> request_from_json(const Json& json) {
  if (!json.is_object())
    return bad(fmt::format("a search request is an object, this is {}", json.type_name()), "");
  SearchRequest request;
  for (const auto& [key, value] : json.items()) LEARNDOCK_CHECK(read_member(key, value, request));
  return request;
}

}  // namespace learndock::query
