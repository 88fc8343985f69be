// The certified search beside what else could answer the same queries, on one market in one run:
// brute force in two forms, general vector indexes over the same embeddings, and random Fourier features.
//
//   bench_search [--n N] [--dimension D] [--points M] [--gamma G] [--tasks T] [--queries Q] [--repeats R]
//                [--threads T] [--backend NAME] [--only RIVAL]
//
// Rivals are called directly, without the program's adapters, and their answers are checked before they are
// timed. They return candidates by approximate distance, which are then ranked by exact distance, as here:
// their recall is what the candidates miss. The embeddings are the coordinates and the residual, so that
// Euclidean distances are the lower bounds of MMD. Prints one JSON object.
#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"

#include "base/parallel.hpp"
#include "engine/search/certified_search.hpp"
#include "faiss_flat.hpp"
#include "faiss_ivf.hpp"
#include "fourier_features.hpp"
#include "hnswlib_graph.hpp"
#include "rival_check.hpp"
#include "search_scene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace learndock::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFourierFeatures = 256, kLists = 1024, kLoopQueries = 3, kCheckedQueries = 8;
/// Candidates asked of rivals whose own knob does not say.
constexpr std::size_t kCandidates[] = {100, 1000};

/// Vectors of many sets, and of a query.
struct Embedder {
  std::size_t columns;
  std::function<void(std::span<const compute::ReducedSetView>, MatrixView<float>, unsigned)> embed;
};

Embedder embedder_of(const engine::FeatureSpace& space) {
  return {space.coordinates() + 1, [&space](auto sets, MatrixView<float> out, unsigned threads) {
            constexpr std::size_t kBatch = 8192;
            for (std::size_t first = 0; first < sets.size(); first += kBatch) {
              const auto batch =
                  space.embed(sets.subspan(first, std::min(kBatch, sets.size() - first)), threads);
              for (std::size_t i = 0; i < batch.size(); ++i) {
                const auto row = out.row(first + i);
                std::transform(batch[i].coordinates.begin(), batch[i].coordinates.end(), row.begin(),
                               [](double value) { return static_cast<float>(value); });
                row.back() = static_cast<float>(batch[i].residual);
              }
            }
          }};
}

Embedder embedder_of(const FourierFeatures& features) {
  return {features.features(), [&features](auto sets, MatrixView<float> out, unsigned threads) {
            run_tasks(sets.size(), threads, [&](std::size_t i) { features.embed(sets[i], out.row(i)); });
          }};
}

Json json_of(const SearchRow& row) {
  return {{"name", row.name},
          {"recall", row.recall},
          {"all_right", row.all_right},
          {"p50_ms", row.milliseconds.median},
          {"p99_ms", row.milliseconds.p99},
          {"batched_per_second", row.batched_per_second}};
}

class Run {
 public:
  /// @param only  the one rival to measure; empty: all
  Run(const SearchScene& scene, std::string_view only) : scene_(scene), only_(only) {}

  Result<Json> all() {
    LEARNDOCK_CHECK(brute());
    LEARNDOCK_CHECK(certified());
    const Embedder embeddings = embedder_of(*scene_.part().space());
    Matrix<float> vectors = embedded(embeddings, "embedding");
    LEARNDOCK_CHECK(rival(faiss_flat(), "faiss flat", "", embeddings, vectors.view()));
    LEARNDOCK_CHECK(rival(faiss_ivf(kLists), "faiss ivf", "", embeddings, vectors.view()));
    LEARNDOCK_CHECK(rival(hnswlib_graph(), "hnswlib", "", embeddings, vectors.view()));
    vectors = {};
    const FourierFeatures features(scene_.options().market.dimension, kFourierFeatures,
                                   scene_.options().market.used_gamma(), 1);
    const Embedder fourier = embedder_of(features);
    vectors = embedded(fourier, "Fourier features");
    LEARNDOCK_CHECK(rival(faiss_flat(), "Fourier features", "Fourier features, ", fourier, vectors.view()));
    return result();
  }

 private:
  /// By one float64 loop over learnwares, self terms known; and by every core with vector instructions.
  Result<void> brute() {
    LEARNDOCK_TRY(const auto reference, compute::open_backend("cpu_reference", 1));
    std::vector<double> products(scene_.learnwares().size()), milliseconds;
    for (std::size_t q = 0; q < std::min(kLoopQueries, scene_.queries().size()); ++q) {
      const auto start = Clock::now();
      LEARNDOCK_CHECK(reference->inner_products(scene_.queries()[q], scene_.learnwares(), products));
      milliseconds.push_back(1e3 * seconds_since(start));
    }
    loop_ms_ = *std::min_element(milliseconds.begin(), milliseconds.end());
    brute_ms_ = trial::Quantiles::of(scene_.brute_milliseconds()).median;
    return {};
  }

  Result<void> certified() {
    for (const unsigned threads : {1U, scene_.options().threads}) {
      LEARNDOCK_TRY(const auto part, scene_.open(threads));
      std::size_t proved = 0, asked = 0;
      LEARNDOCK_TRY(
          const SearchRow row,
          measure(scene_, fmt::format("learndock, {} thread{}", threads, threads == 1 ? "" : "s"), threads,
                  [&](auto queries, unsigned) -> Result<std::vector<std::vector<std::size_t>>> {
                    engine::CertifiedOptions search;
                    search.top = scene_.options().top;
                    search.threads = threads;
                    LEARNDOCK_TRY(
                        const auto answers,
                        engine::certified_search(std::vector{engine::FilteredPart{part}}, queries, search));
                    std::vector<std::vector<std::size_t>> items(answers.size());
                    for (std::size_t q = 0; q < answers.size(); ++q) {
                      for (const auto& hit : answers[q].hits) items[q].push_back(hit.item.index());
                      proved += answers[q].exact ? 1 : 0;
                      ++asked;
                    }
                    return items;
                  }));
      if (row.all_right < 1 && proved == asked)
        return fail(ErrorCode::internal, "answers that claim to be exact differ from brute force");
      rows_.push_back(json_of(row));
      rows_.back()["certified_share"] = static_cast<double>(proved) / static_cast<double>(asked);
      rows_.back()["build_seconds"] = scene_.fit_seconds() + scene_.build_seconds();
      rows_.back()["bytes_per_learnware"] = bytes_of(*part);
    }
    return {};
  }

  /// All of the file but its largest section, the reduced sets: they are mapped, and read when evaluated.
  static double bytes_of(const engine::StoredPart& part) {
    double bytes = static_cast<double>(part.info().file_bytes);
    std::uint64_t largest = 0;
    for (const auto& section : part.segment()->sections()) largest = std::max(largest, section.length);
    return (bytes - static_cast<double>(largest)) / static_cast<double>(part.count());
  }

  Matrix<float> embedded(const Embedder& embedder, const char* name) {
    Matrix<float> vectors(scene_.learnwares().size(), embedder.columns);
    const auto start = Clock::now();
    embedder.embed(scene_.learnwares(), vectors.view(), scene_.options().threads);
    embedding_seconds_[name] = seconds_since(start);
    return vectors;
  }

  Result<void> rival(std::unique_ptr<VectorRival> rival, const char* name, const std::string& prefix,
                     const Embedder& embedder, MatrixView<const float> vectors) {
    if (!only_.empty() && only_ != name) return {};
    const auto start = Clock::now();
    LEARNDOCK_CHECK(rival->build(vectors, scene_.options().threads));
    const double build = seconds_since(start);
    LEARNDOCK_CHECK(check(*rival, embedder, vectors));
    for (const std::size_t knob : rival->knobs()) {
      rival->set_knob(knob);
      const std::size_t own = rival->candidates(knob);
      for (const std::size_t candidates : kCandidates) {
        if (own > 0 && candidates != kCandidates[0]) continue;
        const std::size_t asked = own > 0 ? own : candidates;
        std::string label = prefix + rival->name();
        if (knob > 0) label += fmt::format(", {} {}", own > 0 ? "ef" : "nprobe", knob);
        LEARNDOCK_TRY(const SearchRow row, measure(scene_, label, 1, ask(*rival, embedder, asked)));
        rows_.push_back(json_of(row));
        rows_.back()["candidates"] = asked;
        rows_.back()["build_seconds"] = build;
        rows_.back()["bytes_per_learnware"] = rival->bytes() / static_cast<double>(vectors.rows());
        std::fprintf(stderr, "%s\n", rows_.back().dump().c_str());
      }
    }
    return {};
  }

  /// At its most careful, before anything is timed.
  Result<void> check(VectorRival& rival, const Embedder& embedder, MatrixView<const float> vectors) const {
    const auto some = scene_.queries().first(std::min(kCheckedQueries, scene_.queries().size()));
    Matrix<float> queries(some.size(), embedder.columns);
    embedder.embed(some, queries.view(), scene_.options().threads);
    rival.set_knob(rival.knobs().back());
    return check_rival(rival, vectors, std::as_const(queries).view());
  }

  Ask ask(const VectorRival& rival, const Embedder& embedder, std::size_t candidates) const {
    return [this, &rival, &embedder, candidates](
               auto queries, unsigned threads) -> Result<std::vector<std::vector<std::size_t>>> {
      Matrix<float> vectors(queries.size(), embedder.columns);
      embedder.embed(queries, vectors.view(), threads);
      Matrix<std::int64_t> found(queries.size(), std::min(candidates, scene_.learnwares().size()));
      LEARNDOCK_CHECK(rival.search(vectors.view(), threads, found.view()));
      std::vector<std::vector<std::size_t>> answers(queries.size());
      run_tasks(queries.size(), threads,
                [&](std::size_t q) { answers[q] = scene_.rank(queries[q], found.row(q)); });
      return answers;
    };
  }

  Json result() const {
    const SceneOptions& options = scene_.options();
    Json backends = Json::object();
    for (const auto& backend : compute::list_backends())
      if (backend.available) backends[backend.name] = backend.details;
    double load = 0;
    getloadavg(&load, 1);
    return {{"name", "bench_search"},
            {"backends", backends},
            {"load_at_end", load},
            {"market",
             {{"learnwares", options.learnwares},
              {"dimension", options.market.dimension},
              {"points", options.market.points},
              {"gamma", options.market.used_gamma()},
              {"tasks", options.market.tasks},
              {"queries", options.queries},
              {"top", options.top}}},
            {"backend", options.backend},
            {"threads", options.threads},
            {"fit_seconds", scene_.fit_seconds()},
            {"embedding_seconds", embedding_seconds_},
            {"float64_loop_ms", loop_ms_},
            {"brute_force_ms", brute_ms_},
            {"rows", rows_},
            {"ratios", ratios()}};
  }

  /// How many times quicker the certified search is, single queries on one thread each.
  Json ratios() const {
    const double ours = rows_[0].at("p50_ms").get<double>();
    Json ratios = {{"float64 loop", loop_ms_ / ours},
                   {"brute force, all threads", brute_ms_ / rows_[1].at("p50_ms").get<double>()}};
    for (std::size_t i = 2; i < rows_.size(); ++i) {
      const Json& row = rows_[i];
      ratios[fmt::format("{}, {} candidates", row.at("name").get<std::string>(),
                         row.at("candidates").get<std::size_t>())] = {
          {"single", row.at("p50_ms").get<double>() / ours},
          {"batched",
           rows_[1].at("batched_per_second").get<double>() / row.at("batched_per_second").get<double>()},
          {"all_right", row.at("all_right")}};
    }
    return ratios;
  }

  const SearchScene& scene_;
  std::string_view only_;
  double loop_ms_ = 0, brute_ms_ = 0;
  std::vector<Json> rows_;
  Json embedding_seconds_ = Json::object();
};

Result<Json> run(const SceneOptions& options, std::string_view only) {
  LEARNDOCK_TRY(const SearchScene scene, SearchScene::create(options));
  return Run(scene, only).all();
}

}  // namespace
}  // namespace learndock::bench

int main(int argc, char** argv) {
  learndock::bench::SceneOptions options;
  std::string only;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    const std::string value = argv[i + 1];
    if (option == "--n") options.learnwares = std::stoul(value);
    if (option == "--dimension") options.market.dimension = std::stoul(value);
    if (option == "--points") options.market.points = std::stoul(value);
    if (option == "--gamma") options.market.gamma = std::stod(value);
    if (option == "--tasks") options.market.tasks = std::stoul(value);
    if (option == "--queries") options.queries = std::stoul(value);
    if (option == "--only") only = value;
    if (option == "--repeats") options.repeats = std::stoul(value);
    if (option == "--backend") options.backend = value;
    if (option == "--threads") options.threads = static_cast<unsigned>(std::stoul(value));
  }
  const auto result = learndock::bench::run(options, only);
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    return 1;
  }
  std::puts(result->dump(2).c_str());
  return 0;
}
