// What a user of the installed library would write: an empty dock, one search, the answer as JSON.
#include "learndock/base/error.hpp"
#include "learndock/market/market.hpp"
#include "learndock/spec/statistical.hpp"

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto stop = [](const learndock::Error& error) {
    std::fprintf(stderr, "%s\n", learndock::describe(error).c_str());
    return 1;
  };
  if (const auto made = learndock::market::Market::create(argv[1]); !made) return stop(made.error());
  const auto market = learndock::market::Market::open(argv[1]);
  if (!market) return stop(market.error());
  auto spec = learndock::spec::make_table_specification({2, 1, {0.0, 1.0}}, {0.5, 0.5}, 0.1, 2);
  if (!spec) return stop(spec.error());
  learndock::market::SearchRequest request;
  request.specification = std::move(*spec);
  const auto answer = (*market)->search(request);
  if (!answer) return stop(answer.error());
  std::printf("%s\n", learndock::to_text(learndock::market::to_json(*answer)).c_str());
  return answer->exact && answer->singles.empty() ? 0 : 1;
}
