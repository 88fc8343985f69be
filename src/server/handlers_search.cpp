#include "server/handlers_search.hpp"

#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/sketch/reducer.hpp"
#include "learndock/sketch/table.hpp"
#include "learndock/specification/codec.hpp"
#include "learndock/specification/mmd.hpp"

#include "base/number.hpp"
#include "http/http_fields.hpp"
#include "server/table_query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

namespace learndock::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kMaxNumber = 1'000'000'000;
/// The most rows of a table. More rows are sketched faster where they are; the command line has no such
/// limit.
constexpr std::size_t kMaxRows = 200'000;
constexpr std::size_t kMaxTableValues = std::size_t{32} << 20;
/// Rows in the sample for the distance to the data. The exact distance costs rows^2 kernel values.
constexpr std::size_t kMeasuredRows = 2'000;
constexpr std::uint64_t kMaxPoints = 1'000;
/// The most points times values of a table: the cost of the largest table with the usual 100 points.
constexpr std::uint64_t kMaxWork = kMaxTableValues * 100;

/// The options of a search whose body is a binary specification, as the JSON form would carry them.
Result<Json> options_of_query(const http::Query& query) {
  LEARNDOCK_CHECK(query.only({"top", "mixture", "mixture_method", "scores", "budget_ms", "budget_candidates",
                              "text", "backend", "semantic"}));
  Json json = Json::object();
  for (const char* name : {"top", "mixture", "budget_ms", "budget_candidates"}) {
    const auto text = query.get(name);
    if (!text) continue;
    const auto number = http::parse_number(*text, kMaxNumber);
    if (!number)
      return fail(ErrorCode::invalid_argument, fmt::format("{}={} is not a whole number", name, *text), name);
    json[name] = *number;
  }
  for (const char* name : {"mixture_method", "scores", "text", "backend"})
    if (const auto text = query.get(name)) json[name] = *text;
  if (const auto text = query.get("semantic")) {
    LEARNDOCK_TRY(json["semantic"], parse_json(*text));
  }
  return json;
}

Result<query::SearchRequest> request_of(const Request& request) {
  if (request.media != kSpecMedia) {
    LEARNDOCK_CHECK(request.target.query.only({}));
    LEARNDOCK_TRY(const Json json, parse_json(request.body));
    return query::request_from_json(json);
  }
  LEARNDOCK_TRY(const Json options, options_of_query(request.target.query));
  LEARNDOCK_TRY(query::SearchRequest out, query::request_from_json(options));
  LEARNDOCK_TRY(out.specification, specification::from_binary(request.body));
  return out;
}

Result<sketch::ReducerOptions> reducer_options(const http::Query& query) {
  sketch::ReducerOptions options;
  options.measured_rows = kMeasuredRows;
  if (const auto points = query.get("points")) {
    const auto number = http::parse_number(*points, kMaxPoints);
    if (!number || *number == 0)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("points={} is not a number from 1 to {}", *points, kMaxPoints), "points");
    options.points = static_cast<std::size_t>(*number);
  }
  if (const auto gamma = query.get("gamma")) {
    options.gamma = positive_number(*gamma);
    if (!options.gamma && *gamma != "auto")
      return fail(ErrorCode::invalid_argument,
                  fmt::format("gamma={} is neither a positive number nor auto", *gamma), "gamma");
  }
  if (const auto method = query.get("method")) {
    if (*method != "joint" && *method != "compat")
      return fail(ErrorCode::invalid_argument, fmt::format("method={} is neither joint nor compat", *method),
                  "method");
    if (*method == "compat") options.method = sketch::ReducerMethod::compat;
  }
  return options;
}

std::optional<Clock::time_point> end_of_sketch(const Context& context, const Request& request) {
  const auto limit = context.options.sketch_budget;
  return limit.count() == 0 ? std::nullopt : std::optional(request.arrived + limit);
}

Result<sketch::TableOptions> table_options(const Request& request) {
  LEARNDOCK_TRY(sketch::TableOptions options, table_options_of(request.target.query));
  options.max_values = kMaxTableValues;
  return options;
}

/// The most memory that a table takes while it is reduced: its values, a copy of them when cells are missing,
/// another of the sample of many rows, blocks of it in fp64, and the points in fp64, in each place that has
/// them (most are steps that L-BFGS remembers); profiles of the columns, and a copy of the text in UTF-8. The
/// body is charged where it arrives.
std::uint64_t memory_of(const sketch::TableExtent& extent, std::size_t points) {
  constexpr std::uint64_t kCopiesOfPoints = 32, kMostBlocks = std::uint64_t{96} << 20;
  // As in the reducer: no more points than two thirds of the rows, and few when rows are wide.
  const std::uint64_t wide =
      std::max<std::uint64_t>(sketch::kMinCappedPoints * extent.columns, sketch::kMaxSpecificationValues);
  const std::uint64_t made = std::min<std::uint64_t>({points * extent.columns, wide, extent.values});
  const std::uint64_t table = extent.values * sizeof(float);
  const bool sampled = extent.values > sketch::ReducerOptions().sample_rows * extent.columns;
  constexpr std::uint64_t kProfile = 512;
  return (sampled ? 3 : 2) * table + std::min(8 * table, kMostBlocks) +
         kCopiesOfPoints * sizeof(double) * made + kProfile * extent.columns + extent.decoded_bytes;
}

Result<void> check_table_memory(const Context& context, std::uint64_t bytes) {
  const std::uint64_t limit = context.options.max_table_memory;
  if (bytes <= limit) return {};
  return fail(ErrorCode::too_large,
              fmt::format("the table would take {} bytes of memory while it is reduced, the limit is {}",
                          bytes, limit),
              {},
              "send fewer rows or columns, ask for fewer points, or run `learndock spec make` on your own "
              "machine");
}

/// Waits for memory that others hold, as long as a request waits for a worker.
Result<void> take_table_memory(const Context& context, const Request& request, std::uint64_t bytes,
                               Share& share) {
  constexpr std::chrono::milliseconds kPause{20};
  auto end = Clock::now() + context.options.queue_patience;
  if (const auto last = end_of_sketch(context, request)) end = std::min(end, *last);
  while (!share.take(bytes)) {
    if (Clock::now() >= end || context.stopping)
      return fail(ErrorCode::overloaded, "other tables hold the memory that this one needs", {},
                  "try again in a second, or send a smaller table");
    std::this_thread::sleep_for(kPause);
  }
  return {};
}

/// Takes memory for the most that the bytes can come to before it reads them, and gives back what is too much
/// once the header is known. To take the rest later instead could leave two requests waiting for each other.
Result<sketch::Table> read_csv(const Context& context, const Request& request,
                               const sketch::TableOptions& options, std::size_t points, Share& memory) {
  LEARNDOCK_TRY(sketch::CsvSource source, sketch::CsvSource::open(request.body, options));
  const sketch::TableExtent bound = source.bound();
  LEARNDOCK_CHECK(check_table_memory(context, bound.decoded_bytes));
  const std::uint64_t most = std::min(context.options.max_table_memory, memory_of(bound, points));
  LEARNDOCK_CHECK(take_table_memory(context, request, most, memory));
  LEARNDOCK_TRY(const sketch::TableExtent extent, source.read_header());
  const std::uint64_t needed = memory_of(extent, points);
  LEARNDOCK_CHECK(check_table_memory(context, needed));
  memory.keep(needed);
  return source.read_rows();
}

Result<sketch::Table> read_npy(const Context& context, const Request& request,
                               const sketch::TableOptions& options, std::size_t points, Share& memory) {
  LEARNDOCK_TRY(const sketch::TableExtent extent, sketch::extent_of_npy(request.body, options));
  const std::uint64_t needed = memory_of(extent, points);
  LEARNDOCK_CHECK(check_table_memory(context, needed));
  LEARNDOCK_CHECK(take_table_memory(context, request, needed, memory));
  return sketch::parse_npy(request.body, options);
}

/// @param memory  what the table takes until it is reduced
Result<sketch::Table> read_body(const Context& context, const Request& request, std::size_t points,
                                Share& memory) {
  LEARNDOCK_TRY(const sketch::TableOptions options, table_options(request));
  const auto read = request.media == kNpyMedia ? read_npy : read_csv;
  LEARNDOCK_TRY(sketch::Table table, read(context, request, options, points, memory));
  if (table.values.rows() > kMaxRows)
    return fail(ErrorCode::too_large,
                fmt::format("the table has {} rows, the limit is {}", table.values.rows(), kMaxRows), {},
                "send a random sample of the rows, or run `learndock spec make` on your own machine");
  return table;
}

Result<void> check_sketch_time(const Context& context, const Request& request) {
  const auto end = end_of_sketch(context, request);
  if (!end || Clock::now() < *end) return {};
  return fail(
      ErrorCode::timeout,
      fmt::format("the specification was not made within {} ms", context.options.sketch_budget.count()), {},
      "run `learndock spec make` on your own machine, or send fewer rows");
}

Result<void> check_work(const sketch::Table& table, std::size_t points) {
  const std::uint64_t values = table.values.values().size();
  if (values * points <= kMaxWork) return {};
  return fail(ErrorCode::too_large,
              fmt::format("{} points of a table with {} values are too much work for a shared server", points,
                          values),
              "points",
              "ask for fewer points or send fewer rows, or run `learndock spec make` on your own machine");
}

/// Checks the backend that a client chose: it has to be there, and the slow cpu_reference may not keep the
/// workers from others.
Result<void> check_backend(const Context& context, const std::string& name) {
  if (name.empty() || name == "auto") return {};
  const auto backends = compute::list_backends();
  const auto found =
      std::find_if(backends.begin(), backends.end(), [&](const auto& b) { return b.name == name; });
  constexpr const char* kFix =
      "leave the backend out, or choose one that `learndock version` lists as available there";
  if (found == backends.end())
    return fail(ErrorCode::unsupported, fmt::format("this server has no backend \"{}\"", name), "/backend",
                kFix);
  if (!found->available)
    return fail(ErrorCode::backend_unavailable,
                fmt::format("the backend \"{}\" cannot run on this server: {}", name, found->details),
                "/backend", kFix);
  if (name != "cpu_reference") return {};
  const std::uint64_t learnwares = context.dock.status().learnwares;
  if (learnwares <= context.options.reference_learnwares) return {};
  return fail(ErrorCode::unsupported,
              fmt::format("cpu_reference is for docks of at most {} learnwares here; this one holds {}",
                          context.options.reference_learnwares, learnwares),
              "/backend", "leave the backend out; or start the server with a higher --reference-learnwares");
}

/// The server's own limit on a search's time, unless the request's is shorter. Both count from the request's
/// arrival, so the time that waiting for a worker and reading the request took is spent.
void bound_time(const Context& context, Clock::time_point arrived, query::SearchRequest& request) {
  const auto limit = context.options.search_budget;
  if (limit.count() != 0) request.budget = std::min(request.budget.value_or(limit), limit);
  if (!request.budget) return;
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - arrived);
  request.budget = std::max(*request.budget - spent, std::chrono::milliseconds(0));
}

/// This dock answers with verified learnwares alone. Who asks for others is told.
Result<void> want_verified_only(query::SearchRequest& wanted) {
  const bool others = std::any_of(wanted.statuses.begin(), wanted.statuses.end(),
                                  [](catalog::Status status) { return status != catalog::Status::verified; });
  if (others)
    return fail(ErrorCode::invalid_argument, "this dock answers with verified learnwares alone", "/status",
                "leave status out, or ask for [\"verified\"]");
  wanted.statuses = {catalog::Status::verified};
  return {};
}

}  // namespace

Result<Response> search(const Context& context, const Request& request) {
  const auto begin = Clock::now();
  LEARNDOCK_TRY(query::SearchRequest wanted, request_of(request));
  if (context.options.only_verified) LEARNDOCK_CHECK(want_verified_only(wanted));
  LEARNDOCK_CHECK(check_backend(context, wanted.backend));
  bound_time(context, request.arrived, wanted);
  const auto parsing = Clock::now() - begin;
  LEARNDOCK_TRY(const query::SearchAnswer answer, context.dock.search(wanted));
  context.metrics.search(answer, parsing);
  return json_response(200, query::to_json(answer));
}

Result<Response> make_specification(const Context& context, const Request& request) {
  LEARNDOCK_CHECK(request.target.query.only({"points", "gamma", "method", "label", "drop", "columns",
                                             "numeric_only", "delimiter", "decimal", "encoding", "header"}));
  LEARNDOCK_TRY(sketch::ReducerOptions options, reducer_options(request.target.query));
  options.deadline = end_of_sketch(context, request);
  LEARNDOCK_CHECK(check_sketch_time(context, request));
  Share memory(*context.table_memory, {});
  LEARNDOCK_TRY(sketch::Table table, read_body(context, request, options.points, memory));
  request.body = {};
  const std::optional<std::string> columns = columns_field(table.columns);
  table.columns = {};
  LEARNDOCK_CHECK(check_work(table, options.points));
  const std::size_t rows = table.values.rows();
  auto made = sketch::reduce(table.values.view(), options, *context.backend);
  if (!made && made.error().code == ErrorCode::timeout) LEARNDOCK_CHECK(check_sketch_time(context, request));
  table.values = {};
  LEARNDOCK_TRY(const sketch::ReducedData reduced, std::move(made));
  LEARNDOCK_TRY(const double off_diagonal,
                specification::mean_off_diagonal_kernel(reduced.spec, *context.backend));
  Response response = json_response(200, specification::to_json(reduced.spec));
  response.with("Learndock-Rows", fmt::format("{}", rows))
      .with("Learndock-Mean-Off-Diagonal-Kernel", fmt::format("{:.6g}", off_diagonal));
  if (reduced.mmd_squared_to_data)
    response.with("Learndock-Mmd-Squared-To-Data", fmt::format("{:.6g}", *reduced.mmd_squared_to_data));
  Warnings warnings = reduced.warnings;
  warnings.insert(warnings.end(), table.warnings.begin(), table.warnings.end());
  if (columns) response.with("Learndock-Columns", *columns);
  if (!warnings.empty()) response.with("Learndock-Warnings", warnings_field(warnings));
  return response;
}

}  // namespace learndock::server
