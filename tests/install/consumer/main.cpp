// What a user of the installed library would write: an empty dock, one search, the answer as JSON.
#include "learndock/base/error.hpp"
#include "learndock/base/json.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/specification/statistical.hpp"

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto stop = [](const learndock::Error& error) {
    std::fprintf(stderr, "%s\n", learndock::describe(error).c_str());
    return 1;
  };
  if (const auto made = learndock::dock::Dock::create(argv[1]); !made) return stop(made.error());
  const auto opened = learndock::dock::Dock::open(argv[1]);
  if (!opened) return stop(opened.error());
  auto spec = learndock::specification::make_table_specification({2, 1, {0.0, 1.0}}, {0.5, 0.5}, 0.1, 2);
  if (!spec) return stop(spec.error());
  learndock::query::SearchRequest request;
  request.specification = std::move(*spec);
  const auto answer = (*opened)->search(request);
  if (!answer) return stop(answer.error());
  std::printf("%s\n", learndock::to_text(learndock::query::to_json(*answer)).c_str());
  return answer->exact && answer->singles.empty() ? 0 : 1;
}
