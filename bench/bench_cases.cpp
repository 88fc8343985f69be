// The table of shapes that tests compare with the oracle, timed: one benchmark for each operation and type,
// one run for each shape, which is its label. Small and odd shapes are what the benchmarks of large ones do
// not show. Answers are compared with the oracle first.
#include "learndock/compute/registry.hpp"

#include "machine.hpp"
#include "support/compute_cases.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace learndock::bench {
namespace {

using compute::Backend;
using testing::PackedCase;
using testing::ScanCase;

const Backend& cpu() {
  static const auto backend = compute::open_backend("cpu").value();
  return *backend;
}
const Backend& oracle() {
  static const auto backend = compute::open_backend("cpu_reference").value();
  return *backend;
}

void require(const Result<void>& done) {
  if (done) return;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  std::abort();
}

void require_near(double have, double want, double error, const std::string& name) {
  if (std::abs(have - want) <= error) return;
  std::fprintf(stderr, "%s: %.17g, the oracle says %.17g, allowed is %g\n", name.c_str(), have, want, error);
  std::abort();
}

template <class Call>
void time_calls(benchmark::State& state, const std::string& label, double pairs, const Call& call) {
  for (auto _ : state) require(call());
  state.SetLabel(label);
  state.counters["pairs_per_s"] = benchmark::Counter(pairs, benchmark::Counter::kIsIterationInvariantRate);
}

/// A case of the table, ready for every operation: its sets packed and held, and as rows of data.
struct Scene {
  const PackedCase& c;
  testing::PackedInput input;
  compute::Kernel kernel;
  compute::PackedSets packed;
  Matrix<float> rows;

  explicit Scene(const benchmark::State& state)
      : c(testing::packed_cases()[static_cast<std::size_t>(state.range(0))]),
        input(c),
        kernel{c.gamma, c.scales},
        packed(compute::PackedSets::pack(input.set_views, kernel, input.centre).value()) {
    std::vector<float> values;
    for (const auto& set : input.sets)
      for (const double value : set.points.values()) values.push_back(static_cast<float>(value));
    const std::size_t count = values.size() / c.dimension;
    rows = Matrix<float>(count, c.dimension, std::move(values));
  }

  [[nodiscard]] const testing::WeightedSet& query() const { return input.queries.front(); }
  [[nodiscard]] MatrixView<const double> points() const { return query().points.view(); }
  [[nodiscard]] std::shared_ptr<const compute::HeldSets> held(const Backend& backend) const {
    return backend.hold(packed.view()).value();
  }
  /// fp32, per unit of both sides' weight.
  [[nodiscard]] double single_error() const {
    double farthest = packed.radius();
    for (const auto& set : input.queries) farthest = std::max(farthest, input.radius(set));
    return cross_term_error(kernel, c.dimension, farthest, farthest);
  }
  [[nodiscard]] double row_pairs() const {
    return static_cast<double>(rows.rows()) * static_cast<double>(c.query_count);
  }
  /// Rows with weight one, as a set.
  [[nodiscard]] testing::WeightedSet rows_as_set() const {
    testing::WeightedSet set{Matrix<double>(rows.rows(), c.dimension), std::vector<double>(rows.rows(), 1.0),
                             c.gamma, c.scales};
    std::copy(rows.values().begin(), rows.values().end(), set.points.values().begin());
    return set;
  }
};

void CrossTerms_fp32(benchmark::State& state) {
  const Scene scene(state);
  const auto held = scene.held(cpu());
  Matrix<double> out(3, scene.c.sets), want(3, scene.c.sets);
  require(cpu().cross_terms(*held, scene.input.query_views, out.view()));
  require(oracle().cross_terms(*scene.held(oracle()), scene.input.query_views, want.view()));
  for (std::size_t q = 0; q < 3; ++q)
    for (std::size_t i = 0; i < scene.c.sets; ++i)
      require_near(out(q, i), want(q, i),
                   scene.single_error() * weight_of(scene.input.sets[i]) * weight_of(scene.input.queries[q]),
                   scene.c.name());
  time_calls(state, scene.c.name(), 3 * scene.row_pairs(),
             [&] { return cpu().cross_terms(*held, scene.input.query_views, out.view()); });
}

void InnerProducts_fp64(benchmark::State& state) {
  const Scene scene(state);
  std::vector<double> out(scene.c.sets), want(scene.c.sets);
  require(cpu().inner_products(scene.query().view(), scene.input.set_views, out));
  require(oracle().inner_products(scene.query().view(), scene.input.set_views, want));
  for (std::size_t i = 0; i < out.size(); ++i)
    require_near(out[i], want[i], product_error(scene.input.sets[i], scene.query(), scene.c.offset),
                 scene.c.name());
  time_calls(state, scene.c.name(), scene.row_pairs(),
             [&] { return cpu().inner_products(scene.query().view(), scene.input.set_views, out); });
}

void SelfInnerProducts_fp64(benchmark::State& state) {
  const Scene scene(state);
  std::vector<double> out(scene.c.sets), want(scene.c.sets);
  require(cpu().self_inner_products(scene.input.set_views, out));
  require(oracle().self_inner_products(scene.input.set_views, want));
  double pairs = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto& set = scene.input.sets[i];
    require_near(out[i], want[i], product_error(set, set, scene.c.offset), scene.c.name());
    pairs += static_cast<double>(set.weights.size()) * static_cast<double>(set.weights.size());
  }
  time_calls(state, scene.c.name(), pairs,
             [&] { return cpu().self_inner_products(scene.input.set_views, out); });
}

/// Sums over rows, in fp64 (data_sums) or with kernel values in fp32 (reduction_sums).
template <class Sums>
void time_sums(benchmark::State& state, const Scene& scene, double error, const Sums& sums_of) {
  std::vector<double> kernel(scene.c.query_count), want(scene.c.query_count);
  Matrix<double> slope_point(scene.c.query_count, scene.c.dimension);
  const compute::DataSums out{kernel, slope_point.view(), {}};
  require(sums_of(out));
  require(oracle().data_sums(scene.points(), scene.rows.view(), scene.kernel, {want, {}}));
  for (std::size_t i = 0; i < want.size(); ++i) require_near(kernel[i], want[i], error, scene.c.name());
  time_calls(state, scene.c.name(), scene.row_pairs(), [&] { return sums_of(out); });
}

void DataSums_fp64(benchmark::State& state) {
  const Scene scene(state);
  auto points = scene.query();
  points.weights.assign(points.weights.size(), 1.0);
  time_sums(state, scene, product_error(scene.rows_as_set(), points, scene.c.offset),
            [&](const compute::DataSums& out) {
              return cpu().data_sums(scene.points(), scene.rows.view(), scene.kernel, out);
            });
}

void ReductionSums_fp32(benchmark::State& state) {
  const Scene scene(state);
  time_sums(state, scene, scene.single_error() * static_cast<double>(scene.rows.rows()),
            [&](const compute::DataSums& out) {
              const compute::ReductionJob job{scene.points(), scene.rows.view(), scene.kernel, out};
              return cpu().reduction_sums({&job, 1});
            });
}

/// The landmarks are a query's points.
void Project_fp64(benchmark::State& state) {
  const Scene scene(state);
  constexpr std::size_t kCoordinates = 8;
  const auto map = testing::random_set({kCoordinates, scene.c.query_count}, 10);
  const compute::Projection projection{scene.points(), map.points.view(), scene.kernel};
  Matrix<double> out(scene.c.sets, kCoordinates), want(scene.c.sets, kCoordinates);
  require(cpu().project(scene.input.set_views, projection, out.view()));
  require(oracle().project(scene.input.set_views, projection, want.view()));
  testing::WeightedSet landmark{Matrix<double>(1, scene.c.dimension), {1}, scene.c.gamma, scene.c.scales};
  const double sums = 1e-15 * static_cast<double>(map.points.cols());  // of the product with the map
  for (std::size_t i = 0; i < out.rows(); ++i)
    for (std::size_t k = 0; k < kCoordinates; ++k) {
      const testing::WeightedSet& set = scene.input.sets[i];
      double error = 0;
      for (std::size_t s = 0; s < map.points.cols(); ++s) {
        std::copy_n(scene.points().row(s).data(), scene.c.dimension, landmark.points.values().data());
        error += std::abs(map.points(k, s)) *
                 (product_error(set, landmark, scene.c.offset) + sums * weight_of(set));
      }
      require_near(out(i, k), want(i, k), error, scene.c.name());
    }
  time_calls(state, scene.c.name(), scene.row_pairs(),
             [&] { return cpu().project(scene.input.set_views, projection, out.view()); });
}

/// Two almost equally near centres may change places, so rows are counted and not compared.
void KmeansStep_fp32(benchmark::State& state) {
  const Scene scene(state);
  Matrix<float> centres(scene.c.query_count, scene.c.dimension);
  for (std::size_t i = 0; i < centres.values().size(); ++i)
    centres.values()[i] = static_cast<float>(scene.points().data()[i]);
  Matrix<double> sums(scene.c.query_count, scene.c.dimension);
  std::vector<std::uint64_t> counts(scene.c.query_count);
  const compute::KmeansJob job{scene.rows.view(), std::as_const(centres).view(), sums.view(), counts, {}, {}};
  require(cpu().kmeans_step({&job, 1}));
  std::uint64_t all = 0;
  for (const std::uint64_t count : counts) all += count;
  require_near(static_cast<double>(all), static_cast<double>(scene.rows.rows()), 0, scene.c.name());
  double have = 0, want = 0, magnitude = 0;
  for (std::size_t i = 0; i < sums.rows(); ++i) have += sums(i, 0);
  for (std::size_t x = 0; x < scene.rows.rows(); ++x) {
    want += static_cast<double>(scene.rows(x, 0));
    magnitude += std::abs(static_cast<double>(scene.rows(x, 0)));
  }
  require_near(have, want, 1e-12 * magnitude, scene.c.name());
  time_calls(state, scene.c.name(), scene.row_pairs(), [&] { return cpu().kmeans_step({&job, 1}); });
}

/// The bound of a code may lie below the oracle's by the rounding of the query, but not above it.
void scan(benchmark::State& state, compute::CodeType type) {
  const ScanCase c = testing::scan_cases()[static_cast<std::size_t>(state.range(0))];
  compute::ScanCodes codes(type, c.dimension);
  const auto items = testing::embeddings(c.items, c, 1), from = testing::embeddings(c.queries, c, 2);
  double largest = 0;
  for (const auto& item : items) {
    if (!codes.add(item.view())) std::abort();
    largest = std::max(largest, item.view().squared_norm);
  }
  std::vector<compute::EmbeddingView> queries;
  for (const auto& query : from) queries.push_back(query.view());
  const compute::ScanJob job{queries, nullptr, c.query_bytes};
  const std::size_t kept = std::min<std::size_t>(c.items, 100);
  Matrix<compute::ScanHit> hits(c.queries, kept), want(c.queries, kept);
  std::vector<std::size_t> counts(c.queries);
  const auto held = cpu().hold(codes.view()).value();
  require(oracle().scan_smallest(*oracle().hold(codes.view()).value(), job, want.view(), counts));
  require(cpu().scan_smallest(*held, job, hits.view(), counts));
  const std::string name = std::string(compute::code_type_name(type)) + " items " + std::to_string(c.items) +
                           " d " + std::to_string(c.dimension) + " queries " + std::to_string(c.queries) +
                           " bytes " + std::to_string(c.query_bytes) + " spread " + std::to_string(c.spread);
  for (std::size_t q = 0; q < c.queries; ++q) {
    require_near(static_cast<double>(counts[q]), static_cast<double>(kept), 0, name);
    for (std::size_t i = 0; i < kept; ++i)
      if (static_cast<double>(hits(q, i).lower_bound - want(q, i).lower_bound) >
          1e-6 * (largest + queries[q].squared_norm))
        require_near(static_cast<double>(hits(q, i).lower_bound), static_cast<double>(want(q, i).lower_bound),
                     0, name);
  }
  time_calls(state, name, static_cast<double>(c.items * c.queries),
             [&] { return cpu().scan_smallest(*held, job, hits.view(), counts); });
}

bool any(const PackedCase&) { return true; }
bool with_points(const PackedCase& c) { return c.query_count > 0 && c.sets > 0 && c.count > 0; }

void add_packed(const char* name, void (*run)(benchmark::State&), bool (*takes)(const PackedCase&)) {
  auto* made =
      benchmark::RegisterBenchmark(name, run)->UseRealTime()->Unit(benchmark::kMicrosecond)->MinTime(0.05);
  for (std::size_t i = 0; i < testing::packed_cases().size(); ++i)
    if (takes(testing::packed_cases()[i])) made->Arg(static_cast<std::int64_t>(i));
}

void add_scans() {
  const auto cases = testing::scan_cases();
  for (const auto type :
       {compute::CodeType::fp32, compute::CodeType::fp16, compute::CodeType::int8, compute::CodeType::int4}) {
    auto* made = benchmark::RegisterBenchmark(("Scan_" + std::string(compute::code_type_name(type))).c_str(),
                                              [type](benchmark::State& state) { scan(state, type); })
                     ->UseRealTime()
                     ->Unit(benchmark::kMicrosecond)
                     ->MinTime(0.05);
    for (std::size_t i = 0; i < cases.size(); ++i)
      if (cases[i].type == type) made->Arg(static_cast<std::int64_t>(i));
  }
}

void add_all() {
  add_packed("CrossTerms_fp32", CrossTerms_fp32, any);
  add_packed("ReductionSums_fp32", ReductionSums_fp32, with_points);
  add_packed("KmeansStep_fp32", KmeansStep_fp32, with_points);
  add_packed("InnerProducts_fp64", InnerProducts_fp64, any);
  add_packed("SelfInnerProducts_fp64", SelfInnerProducts_fp64, any);
  add_packed("DataSums_fp64", DataSums_fp64, with_points);
  add_packed("Project_fp64", Project_fp64, with_points);
  add_scans();
}

}  // namespace
}  // namespace learndock::bench

int main(int argc, char** argv) {
  learndock::bench::add_all();
  return learndock::bench::run_benchmarks(argc, argv);
}
