// Text search over names and descriptions: the catalogue's trigram index against reading every text, for
// texts that are contained, and the similar ones, which are always read.
#include "learndock/base/json.hpp"

#include "base/parallel.hpp"
#include "catalog/catalog.hpp"
#include "dock/view/entry_fields.hpp"
#include "learnwares/snapshot.hpp"
#include "machine.hpp"
#include "query/plain_filter.hpp"
#include "query/semantic_filter.hpp"
#include "support/temporary_folder.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>

namespace learndock::bench {
namespace {

constexpr std::size_t kLearnwares = 200'000, kBatch = 2000, kWords = 8000;

/// What the words are made like: each letter follows the two before it as here.
constexpr std::string_view kLike =
    " predicts the quality of red and white wine from chemical measurements of each sample recognises "
    "handwritten "
    "digits in small grey images trained on public hospital records it estimates how long a patient will "
    "stay "
    "classifies customer reviews by mood forecasts hourly demand for rental bikes given weather and season "
    "detects "
    "fraudulent credit card payments with gradient boosted trees segments satellite pictures into fields "
    "forest "
    "water and buildings ranks loan applicants by risk of default diagnoses diseases of plants using leaf "
    "photographs "
    "translates short sentences between languages counts vehicles at junctions finds broken parts on "
    "assembly lines ";

class Words {
 public:
  Words() {
    std::map<std::string, std::string> following;
    for (std::size_t i = 0; i + 2 < kLike.size(); ++i)
      following[std::string(kLike.substr(i, 2))] += kLike[i + 2];
    while (words_.size() < kWords) {
      const std::size_t space = kLike.find(' ', random_() % (kLike.size() - 20));
      std::string word(kLike.substr(space, 2));
      while (word.size() < 2 || word.back() != ' ') {
        const std::string& next = following[word.substr(word.size() - 2)];
        word += next.empty() ? ' ' : next[random_() % next.size()];
      }
      if (word.size() > 4) words_.push_back(word.substr(1, word.size() - 2));
    }
  }
  /// The word of rank r is drawn with probability about 1 / r.
  std::string text(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      const double share = std::uniform_real_distribution<double>()(random_);
      const auto rank = static_cast<std::size_t>(std::pow(static_cast<double>(kWords), share)) - 1;
      text += (i > 0 ? " " : "") + words_[rank];
    }
    return text;
  }
  const std::string& word(std::size_t rank) const { return words_[rank]; }

 private:
  std::mt19937_64 random_{7};
  std::vector<std::string> words_;
};

struct Dock {
  testing::TemporaryFolder folder;
  Words words;
  std::unique_ptr<catalog::Catalog> catalog;
  learnwares::Snapshot snapshot;

  std::vector<catalog::LearnwareRecord> records(std::size_t count) {
    std::vector<catalog::LearnwareRecord> made(count);
    for (auto& record : made) {
      specification::SemanticSpecification semantic;
      semantic.name = record.name = words.text(3);
      semantic.description = words.text(20);
      record.semantic_json = to_text(specification::semantic_to_json(semantic));
    }
    return made;
  }
  Dock() {
    catalog = catalog::open_sqlite_catalog(folder / "catalog.sqlite", true).value();
    for (std::size_t i = 0; i < kLearnwares; i += kBatch) {
      const auto stored = catalog->insert(records(kBatch)).value();
      for (const auto& record : stored)
        snapshot.entries.push_back(learnwares::make_entry(dock::entry_fields(record).value()));
    }
    snapshot.version = catalog->version().value();
    snapshot.semantic =
        std::make_shared<learnwares::SemanticIndex>(learnwares::SemanticIndex::of(snapshot.entries));
  }
};

Dock& dock() {
  static Dock one;
  return one;
}

std::pair<std::string, std::string> question(std::int64_t number) {
  const learnwares::Entry& some = *dock().snapshot.entries[kLearnwares / 2];
  switch (number) {
    case 0:
      return {"a name", std::string(some.folded_name())};
    case 1:
      return {"a phrase inside a description", std::string(some.folded_description().substr(11, 24))};
    case 2:
      return {"a rare word", dock().words.word(kWords - 9)};
    case 3:
      return {"a common word", dock().words.word(20)};
    case 4:
      return {"the most common word", dock().words.word(0)};
    default: {
      std::string misspelt(some.folded_name());
      misspelt[misspelt.size() / 2] = '#';
      return {"a misspelt name", misspelt};
    }
  }
}

void time_text(benchmark::State& state, const catalog::Catalog* catalog, std::size_t limit,
               unsigned threads = 1) {
  const auto [name, text] = question(state.range(0));
  query::Deadline none;
  const specification::SemanticSpecification any;
  auto want = query::plain_filter(dock().snapshot, any, text);
  const auto found = want.size();
  want.resize(std::min(want.size(), limit));
  if (query::filter(dock().snapshot, {any, text, limit, catalog, threads}, none) != want) {
    std::fprintf(stderr, "the filter's answer to \"%s\" is not the plain filter's\n", text.c_str());
    std::abort();
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(
        query::filter(dock().snapshot, {any, text, limit, catalog, threads}, none).size());
  state.SetLabel(name);
  state.counters["found"] = static_cast<double>(found);
}
void BM_TextIndexed(benchmark::State& state) { time_text(state, dock().catalog.get(), SIZE_MAX); }
void BM_TextRead(benchmark::State& state) { time_text(state, nullptr, SIZE_MAX); }
void BM_TextFirstTen(benchmark::State& state) { time_text(state, dock().catalog.get(), 10); }
void BM_TextAllThreads(benchmark::State& state) {
  time_text(state, dock().catalog.get(), SIZE_MAX, usable_cores());
}
BENCHMARK(BM_TextIndexed)->DenseRange(0, 5)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_TextRead)->DenseRange(0, 5)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_TextFirstTen)->DenseRange(0, 5)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_TextAllThreads)->Arg(5)->UseRealTime()->Unit(benchmark::kMillisecond);

/// One transaction of a bulk import, without specifications. Last: the catalogue is then ahead of the
/// snapshot.
void BM_TextInsert(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    const auto records = dock().records(kBatch);
    state.ResumeTiming();
    if (!dock().catalog->insert(records)) std::abort();
  }
}
BENCHMARK(BM_TextInsert)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(20);

}  // namespace
}  // namespace learndock::bench

int main(int argc, char** argv) { return learndock::bench::run_benchmarks(argc, argv); }
