// The semantic filter over a million learnwares: what a requirement leaves, as a bitmap, as bits, as the bits
// that a stored part's scan takes, and as the first ten of an answer.
#include "learnwares/snapshot.hpp"
#include "machine.hpp"
#include "query/plain_filter.hpp"
#include "query/semantic_filter.hpp"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <random>

namespace learndock::bench {
namespace {

constexpr std::size_t kLearnwares = 1'000'000;

/// One of the values, each half as likely as the one before: a few common, a long tail.
std::string_view draw_value(const std::vector<std::string_view>& values, std::mt19937_64& random) {
  std::size_t i = 0;
  while (i + 1 < values.size() && random() % 2 == 0) ++i;
  return values[i];
}

std::vector<std::shared_ptr<const learnwares::Entry>> make_entries(std::size_t first, std::size_t count) {
  std::mt19937_64 random(first + 7);
  std::vector<std::shared_ptr<const learnwares::Entry>> entries;
  learnwares::TraitsPool traits;
  for (std::size_t i = first; i < first + count; ++i) {
    learnwares::EntryFields fields;
    fields.sequence = LearnwareNumber(i + 1);
    fields.id = LearnwareId::from_number(i + 1);
    for (const auto& vocabulary : specification::semantic_vocabularies()) {
      auto& values = fields.values[static_cast<std::size_t>(vocabulary.key)];
      const std::size_t most = vocabulary.type == "Tag" ? 1 + random() % 3 : 1;
      for (std::size_t n = 0; n < most; ++n) values.emplace_back(draw_value(vocabulary.values, random));
    }
    entries.push_back(learnwares::make_entry(std::move(fields), &traits));
  }
  return entries;
}

const learnwares::Snapshot& dock() {
  static const learnwares::Snapshot snapshot = [] {
    learnwares::Snapshot made;
    made.entries = make_entries(0, kLearnwares);
    made.semantic = std::make_shared<learnwares::SemanticIndex>(learnwares::SemanticIndex::of(made.entries));
    return made;
  }();
  return snapshot;
}

struct Question {
  const char* name;
  specification::SemanticSpecification wanted;
};

std::string value(specification::SemanticKey key, std::size_t rank) {
  return std::string(specification::semantic_vocabularies()[static_cast<std::size_t>(key)].values[rank]);
}

const std::vector<Question>& questions() {
  using specification::SemanticKey;
  static const std::vector<Question> all = [] {
    std::vector<Question> made;
    const auto ask = [&](const char* name) -> specification::SemanticSpecification& {
      made.push_back({name, {}});
      return made.back().wanted;
    };
    ask("everything");
    ask("common value").of(SemanticKey::data) = {value(SemanticKey::data, 0)};
    ask("rare value").of(SemanticKey::license) = {value(SemanticKey::license, 9)};
    auto& four = ask("four keys");
    for (const auto key : {SemanticKey::data, SemanticKey::task, SemanticKey::library, SemanticKey::license})
      four.of(key) = {value(key, 0), value(key, 1)};
    auto& any = ask("fifteen values of one key");
    for (std::size_t rank = 0; rank < 15; ++rank)
      any.of(SemanticKey::scenario).push_back(value(SemanticKey::scenario, rank));
    ask("one id").learnware_id = "00777777";
    ask("part of many ids").learnware_id = "77";
    auto& narrow = ask("four keys and part of an id");
    narrow = four;
    narrow.learnware_id = "123";
    return made;
  }();
  return all;
}

void require_plain_answer(const specification::SemanticSpecification& wanted) {
  query::Deadline none;
  if (query::filter(dock(), {wanted, ""}, none) == query::plain_filter(dock(), wanted, "")) return;
  std::fprintf(stderr, "the filter's answer is not the plain filter's\n");
  std::abort();
}

template <class Work>
void time_question(benchmark::State& state, Work work) {
  const Question& question = questions()[static_cast<std::size_t>(state.range(0))];
  require_plain_answer(question.wanted);
  for (auto _ : state) benchmark::DoNotOptimize(work(question.wanted));
  state.SetLabel(question.name);
  state.counters["left"] = static_cast<double>(dock().semantic->select(question.wanted).count());
  state.counters["bytes_per_learnware"] =
      static_cast<double>(dock().semantic->bytes()) / static_cast<double>(kLearnwares);
}

void BM_FilterSelect(benchmark::State& state) {
  time_question(state, [](const auto& wanted) { return dock().semantic->select(wanted).empty(); });
}
void BM_FilterWords(benchmark::State& state) {
  time_question(state, [](const auto& wanted) {
    return dock().semantic->select(wanted).words(learnwares::FilterBit(), kLearnwares).front();
  });
}
void BM_FilterFirstTen(benchmark::State& state) {
  time_question(state, [](const auto& wanted) {
    query::Deadline none;
    return query::filter(dock(), {wanted, "", 10}, none).size();
  });
}
void BM_FilterAllEntries(benchmark::State& state) {
  time_question(state, [](const auto& wanted) {
    query::Deadline none;
    return query::filter(dock(), {wanted, ""}, none).size();
  });
}
/// What a filter leaves as the bits that a stored part's scan takes, from bitmap to bitmap; the part holds
/// one learnware in `share`.
template <std::size_t share>
const learnwares::FilterBitsOfPart& filter_bits() {
  static const learnwares::FilterBitsOfPart made = [] {
    std::vector<LearnwareNumber> sequences, keys;
    for (std::uint64_t sequence = 1; sequence <= kLearnwares; ++sequence) sequences.emplace_back(sequence);
    for (std::uint64_t sequence = 1; sequence <= kLearnwares; sequence += share) keys.emplace_back(sequence);
    return learnwares::FilterBitsOfPart(keys, sequences, *dock().semantic);
  }();
  return made;
}
template <std::size_t share>
void BM_FilterOfPart(benchmark::State& state) {
  time_question(state, [](const auto& wanted) {
    const learnwares::Bitmap selected = dock().semantic->select(wanted);
    return filter_bits<share>().bits_for_part(selected.words(learnwares::FilterBit(), kLearnwares)).front();
  });
  state.counters["filter_bits_bytes"] = static_cast<double>(filter_bits<share>().bytes());
}
/// The loop over learnwares that the index replaces.
void BM_FilterPlain(benchmark::State& state) {
  time_question(state, [](const auto& wanted) { return query::plain_filter(dock(), wanted, "").size(); });
}
void all_questions(benchmark::internal::Benchmark* benchmark) {
  benchmark->DenseRange(0, 7)->ArgName("question")->UseRealTime()->Unit(benchmark::kMillisecond);
}
BENCHMARK(BM_FilterSelect)->Apply(all_questions);
BENCHMARK(BM_FilterWords)->Apply(all_questions);
BENCHMARK(BM_FilterFirstTen)->Apply(all_questions);
BENCHMARK(BM_FilterAllEntries)->Apply(all_questions);
BENCHMARK(BM_FilterOfPart<1>)->Apply(all_questions);
BENCHMARK(BM_FilterOfPart<2>)->Apply(all_questions);
BENCHMARK(BM_FilterPlain)->Apply(all_questions);

/// A batch on top of a million: what an insert pays besides the catalogue.
void BM_FilterExtend(benchmark::State& state) {
  const auto added = make_entries(kLearnwares, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(dock().semantic->extended(added).size());
}
BENCHMARK(BM_FilterExtend)->Arg(1)->Arg(2000)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_FilterRemove(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(dock().semantic->without(learnwares::SnapshotPosition(kLearnwares / 2)).size());
}
BENCHMARK(BM_FilterRemove)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace learndock::bench

int main(int argc, char** argv) { return learndock::bench::run_benchmarks(argc, argv); }
