#include "cli/search_command.hpp"

#include "learndock/base/json.hpp"
#include "learndock/client/client.hpp"
#include "learndock/dock/dock.hpp"

#include "cli/data_options.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

namespace learndock::cli {
namespace {

struct SearchOptions {
  DockChoice dock;
  DataOptions data;
  std::string spec, semantic, text;
  std::size_t top = 10;
  std::optional<std::size_t> mixture;
  std::string mixture_method, scores = "absolute", backend;
  std::int64_t budget_ms = 0;
  std::size_t budget_candidates = 0;
  std::vector<std::string> statuses;
};

/// What is to be said of the user's data comes before what is said of the answer. A blind kernel is said
/// once.
void put_first(Warnings of_data, query::SearchAnswer& answer) {
  if (contains(answer.warnings, WarningCode::kernel_blind))
    std::erase_if(of_data, [](const Warning& warning) { return warning.code == WarningCode::kernel_blind; });
  answer.warnings.insert(answer.warnings.begin(), of_data.begin(), of_data.end());
}

/// @param of_data  gets the warnings about the user's data
Result<query::SearchRequest> make_request(const SearchOptions& options, Warnings& of_data) {
  query::SearchRequest request;
  if (!options.spec.empty()) {
    LEARNDOCK_TRY(request.specification, read_specification(options.spec));
  } else if (!options.data.data.empty()) {
    DataOptions data = options.data;
    if (options.dock.server.empty()) data.backend = options.backend;
    LEARNDOCK_TRY(SketchedData sketched, sketch(data, false));
    request.specification = std::move(sketched.reduced.spec);
    if (query::are_sendable(sketched.columns)) request.columns = std::move(sketched.columns);
    of_data = std::move(sketched.warnings);
  }
  if (!options.semantic.empty()) {
    LEARNDOCK_TRY(const std::string text, io::read_file(options.semantic, 1 << 20));
    auto semantic = specification::semantic_from_json_text(text);
    if (!semantic) return pass_on(std::move(semantic).error(), options.semantic);
    request.semantic = std::move(*semantic);
  }
  request.text = options.text;
  for (const std::string& name : options.statuses) {
    LEARNDOCK_TRY(const catalog::Status status, query::status_filter_of(name));
    request.statuses.push_back(status);
  }
  request.top = options.top;
  request.mixture = options.mixture;
  if (!options.mixture_method.empty()) {
    LEARNDOCK_TRY(request.mixture_method, query::mixture_method_of(options.mixture_method));
  }
  LEARNDOCK_TRY(request.scores, query::score_mode_of(options.scores));
  if (options.budget_ms > 0) request.budget = std::chrono::milliseconds(options.budget_ms);
  if (options.budget_candidates > 0) request.budget_candidates = options.budget_candidates;
  request.backend = options.backend;
  return request;
}

Result<query::SearchAnswer> ask(const SearchOptions& options, const query::SearchRequest& request) {
  if (!options.dock.server.empty()) {
    LEARNDOCK_TRY(const client::Client client,
                  client::Client::create(options.dock.server, {.token = options.dock.token}));
    return client.search(request);
  }
  LEARNDOCK_TRY(const auto opened, open_to_read(options.dock, {.backend = options.backend}));
  return opened->search(request);
}

std::string cell(const std::optional<double>& value) { return value ? fmt::format("{:.6g}", *value) : "-"; }

/// Prints the mixture as two more tables, each after an empty line: its members, and how close they are
/// together.
void print_mixture(const query::MixtureHit& mixture) {
  Rows members = {{"member", "id", "weight", "name"}};
  for (std::size_t i = 0; i < mixture.members.size(); ++i) {
    const auto& member = mixture.members[i];
    members.push_back(
        {std::to_string(i + 1), member.id.text(), fmt::format("{:.4f}", member.weight), member.name});
  }
  print_line("");
  print_table(members);
  print_line("");
  print_table({{"mixture_mmd_squared", "mixture_score", "mixture_gap"},
               {cell(mixture.mmd_squared), cell(mixture.score), cell(mixture.gap)}});
}

/// Says how sure the answer is. When nothing could be compared it says why, and nothing about a proof.
/// @param compared  whether learnwares had to fit a specification too
std::string closing_line(const query::SearchAnswer& answer, bool compared) {
  if (!answer.exact)
    return fmt::format("not exact: {} compared, slack {:.6g}", answer.evaluated, answer.slack);
  if (!compared)
    return answer.singles.empty() ? "no learnware passes the filters"
                                  : "found by the filters alone: nothing was compared";
  if (answer.evaluated > 0)
    return fmt::format("exact: proved for all comparable learnwares, of which {} were compared",
                       answer.evaluated);
  if (!contains(answer.warnings, WarningCode::dimension_unmatched))
    return "nothing was compared: no learnware passes the filters and compares with the specification";
  return contains(answer.warnings, WarningCode::label_suspected)
             ? "nothing was compared: the query's dimension fits no learnware"
             : "nothing was compared: the query's dimension fits no learnware; if a label or an id is among "
               "the columns, leave it out with --label NAME";
}

/// @param compared  whether learnwares had to fit a specification too
void print_answer(const query::SearchAnswer& answer, bool compared, const OutputOptions& output) {
  warn(output, messages_of(answer.warnings));
  Rows rows = {{"rank", "id", "mmd_squared", "score", "name"}};
  for (std::size_t i = 0; i < answer.singles.size(); ++i) {
    const auto& hit = answer.singles[i];
    rows.push_back({std::to_string(i + 1), hit.id.text(), cell(hit.mmd_squared), cell(hit.score), hit.name});
  }
  print_table(rows);
  if (answer.mixture) print_mixture(*answer.mixture);
  note(output, closing_line(answer, compared));
}

Result<void> search(const SearchOptions& options, const OutputOptions& output) {
  LEARNDOCK_CHECK(check(options.dock));
  if (!options.spec.empty() && !options.data.data.empty())
    return fail(ErrorCode::usage, "--spec and --data cannot be given together", {}, "give one of them");
  Warnings of_data;
  LEARNDOCK_TRY(const query::SearchRequest request, make_request(options, of_data));
  LEARNDOCK_TRY(query::SearchAnswer answer, ask(options, request));
  put_first(std::move(of_data), answer);
  if (output.json)
    print_json(query::to_json(answer));
  else
    print_answer(answer, request.specification.has_value(), output);
  return {};
}

}  // namespace

void add_search_command(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<SearchOptions>();
  const OutputOptions& output = invocation.output;
  CLI::App* command = add_command(
      app, invocation, "search", "Find the learnwares made for data like yours; the data stay here",
      "learndock search --server http://127.0.0.1:8080 --data my.csv --label class",
      [=, &output] { return search(*options, output); });
  add_dock_choice(*command, options->dock);
  add_data_options(*command, options->data, false);
  command->add_option("--spec", options->spec, "A specification file instead of --data");
  command->add_option("--semantic", options->semantic,
                      "Semantic requirement, JSON; empty values are wildcards");
  command
      ->add_option(
          "--status", options->statuses,
          "Only learnwares of these statuses: unverified, verified, failed. Example: --status verified")
      ->delimiter(',');
  command->add_option("--text", options->text, "Words to look for in names and descriptions");
  command->add_option("--top", options->top, "Number of learnwares to list")
      ->check(whole_number(1, 1000))
      ->capture_default_str();
  command
      ->add_option(
          "--mixture", options->mixture,
          "Most members of a weighted mixture, 0 for none. Default and limit: 10 and 20 for certified, 5 and "
          "100 for greedy and auto")
      ->check(whole_number(0, 100));
  command->add_option("--mixture-method", options->mixture_method,
                      "Method: certified (default), greedy or auto (default of compat: greedy)");
  command
      ->add_option(
          "--scores", options->scores,
          "Scores: absolute (mean the same in every answer) or compat (the reference's relative ones)")
      ->capture_default_str();
  command
      ->add_option("--budget-ms", options->budget_ms,
                   "Stop comparing after this time in ms; the answer says so. 0 for no limit")
      ->check(whole_number(0));
  command
      ->add_option("--budget-candidates", options->budget_candidates,
                   "Most learnwares compared one by one; 0 for no limit")
      ->check(whole_number(0, 1'000'000'000));
  command->add_option("--backend", options->backend, "Compute backend: cpu, cpu_reference or cuda");
}

}  // namespace learndock::cli
