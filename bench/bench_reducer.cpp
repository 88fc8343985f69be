// How close do the recipes "compat" and "joint" come to data they have not seen, and in what time?
//
//   bench_reducer [--data FILE[:LABEL]]... [--points K] [--gamma G|auto] [--rows N] [--splits S] [--threads
//   T]
//
// Each data set (two synthetic shapes when no file is named) is split at random into a half to reduce and a
// half held out; features are standardised with the first half's means and deviations. Printed, as JSON, per
// data set: the squared MMD to the reduced half (exact) and to the held-out half's population (the unbiased
// estimate, mean over the splits), the floor that sampling alone sets for any method, and the time of
// reduce() without its own measurement of the distance: wall seconds, and seconds of all threads together,
// which other work on the machine disturbs less (medians over the splits).
#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/sketch/reducer.hpp"
#include "learndock/sketch/table.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using learndock::Json;
using learndock::Matrix;
using learndock::MatrixView;
using learndock::Result;
namespace compute = learndock::compute;
namespace sketch = learndock::sketch;
namespace specification = learndock::specification;

struct Settings {
  std::vector<std::string> files;
  std::size_t points = 100, rows = 40'000, splits = 5;
  std::string gamma = "auto";
  unsigned threads = 0;
  sketch::ReducerOptions joint;
};

/// Three Gaussian components with full covariances, 2 * rows of them.
Matrix<float> synthetic(std::size_t rows, std::size_t d, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0.2, 0.8);
  std::vector<std::vector<double>> means(3), factors(3);
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < d; ++i) means[c].push_back(1.5 * normal(random));
    for (std::size_t i = 0; i < d * d; ++i)
      factors[c].push_back(0.7 * normal(random) / std::sqrt(static_cast<double>(d)));
    for (std::size_t i = 0; i < d; ++i) factors[c][i * d + i] += uniform(random);
  }
  Matrix<float> data(2 * rows, d);
  std::vector<double> noise(d);
  for (std::size_t r = 0; r < data.rows(); ++r) {
    const std::size_t c = random() % 3;
    for (double& value : noise) value = normal(random);
    for (std::size_t i = 0; i < d; ++i) {
      double value = means[c][i];
      for (std::size_t j = 0; j < d; ++j) value += factors[c][j * d + i] * noise[j];
      data(r, i) = static_cast<float>(value);
    }
  }
  return data;
}

struct Halves {
  Matrix<float> reduced, held_out;
};

Halves split(const Matrix<float>& data, std::size_t rows, std::uint64_t seed) {
  std::vector<std::size_t> order(data.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i + 1 < order.size(); ++i)
    std::swap(order[i], order[i + random() % (order.size() - i)]);
  const std::size_t n = std::min(rows, data.rows() / 2), d = data.cols();
  Halves halves{Matrix<float>(n, d), Matrix<float>(n, d)};
  for (std::size_t c = 0; c < d; ++c) {
    double sum = 0, squares = 0, count = 0;
    for (std::size_t r = 0; r < n; ++r) {
      const double value = static_cast<double>(data(order[r], c));
      if (!std::isfinite(value)) continue;
      sum += value;
      squares += value * value;
      ++count;
    }
    const double mean = sum / count, variance = squares / count - mean * mean;
    const double deviation = variance > 0 ? std::sqrt(variance) : 1;
    const auto scaled = [&](std::size_t row) {  // a missing cell becomes the mean
      const double value = static_cast<double>(data(row, c));
      return std::isfinite(value) ? static_cast<float>((value - mean) / deviation) : 0.0F;
    };
    for (std::size_t r = 0; r < n; ++r) {
      halves.reduced(r, c) = scaled(order[r]);
      halves.held_out(r, c) = scaled(order[n + r]);
    }
  }
  return halves;
}

/// Mean of k(x, y) over pairs of different rows; each pair is computed once, but for those within a block.
Result<double> mean_kernel(const Matrix<float>& data, double gamma, const compute::Backend& backend) {
  Matrix<double> points(256, data.cols());
  double total = 0;
  for (std::size_t first = 0; first < data.rows(); first += points.rows()) {
    const std::size_t count = std::min(points.rows(), data.rows() - first), next = first + count;
    for (std::size_t i = 0; i < count * data.cols(); ++i)
      points.values()[i] = static_cast<double>(data.values()[first * data.cols() + i]);
    std::vector<double> within(count), after(count);
    const MatrixView<const double> block(points.values().data(), count, data.cols());
    LEARNDOCK_CHECK(backend.data_sums(block, data.view().block(first, count), {gamma}, {within, {}}));
    LEARNDOCK_CHECK(
        backend.data_sums(block, data.view().block(next, data.rows() - next), {gamma}, {after, {}}));
    for (std::size_t i = 0; i < count; ++i) total += within[i] + 2 * after[i];
  }
  const auto n = static_cast<double>(data.rows());
  return (total - n) / (n * (n - 1));
}

/// <mu_z, mu_z> - 2 <mu_z, mu_data>.
Result<double> spec_terms(const specification::RkmeSpecification& s, const Matrix<float>& data,
                          const compute::Backend& backend) {
  const auto view = s.view();
  double self = 0;
  LEARNDOCK_CHECK(backend.self_inner_products({&view, 1}, {&self, 1}));
  std::vector<double> sums(s.points.rows());
  LEARNDOCK_CHECK(backend.data_sums(s.points.view(), data.view(), s.kernel, {sums, {}}));
  const double cross = std::inner_product(sums.begin(), sums.end(), s.weights.begin(), 0.0);
  return self - 2 * cross / static_cast<double>(data.rows());
}

struct Score {
  double reduced = 0, held_out = 0;  // sums over the splits
  std::vector<double> seconds, cpu_seconds;

  [[nodiscard]] Json json() const {
    const auto splits = static_cast<double>(seconds.size());
    const auto median = [](std::vector<double> values) {
      std::sort(values.begin(), values.end());
      return values[values.size() / 2];
    };
    return {{"mmd_squared_reduced", reduced / splits},
            {"mmd_squared_held_out_unbiased", held_out / splits},
            {"mmd_reduced", std::sqrt(std::max(0.0, reduced / splits))},
            {"mmd_held_out", std::sqrt(std::max(0.0, held_out / splits))},
            {"seconds", median(seconds)},
            {"cpu_seconds", median(cpu_seconds)}};
  }
};

struct Comparison {
  Score compat, joint;
  double floor = 0;  // sum over the splits of the squared MMD that sampling alone causes
};

Result<void> add_split(Comparison& comparison, const Halves& halves, double gamma, const Settings& settings,
                       const compute::Backend& backend) {
  LEARNDOCK_TRY(const double own, mean_kernel(halves.reduced, gamma, backend));
  LEARNDOCK_TRY(const double held, mean_kernel(halves.held_out, gamma, backend));
  const auto n = static_cast<double>(halves.reduced.rows());
  comparison.floor += (1 - held) / n;
  for (const auto method : {sketch::ReducerMethod::compat, sketch::ReducerMethod::joint}) {
    sketch::ReducerOptions options = settings.joint;
    options.method = method;
    options.points = settings.points;
    options.gamma = gamma;
    options.measured_rows = 0;
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu_start = std::clock();
    LEARNDOCK_TRY(const sketch::ReducedData out, sketch::reduce(halves.reduced.view(), options, backend));
    Score& score = method == sketch::ReducerMethod::joint ? comparison.joint : comparison.compat;
    score.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    score.cpu_seconds.push_back(static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC);
    LEARNDOCK_TRY(const double to_reduced, spec_terms(out.spec, halves.reduced, backend));
    LEARNDOCK_TRY(const double to_held, spec_terms(out.spec, halves.held_out, backend));
    score.reduced += to_reduced + own + (1 - own) / n;
    score.held_out += to_held + held;
  }
  return {};
}

Result<Json> compare(const std::string& name, const Matrix<float>& data, std::optional<double> gamma,
                     const Settings& settings, const compute::Backend& backend) {
  Comparison comparison;
  for (std::size_t s = 0; s < settings.splits; ++s) {
    const Halves halves = split(data, settings.rows, s + 1);
    if (!gamma) gamma = sketch::median_heuristic_gamma(halves.reduced.view(), 0);
    LEARNDOCK_CHECK(add_split(comparison, halves, *gamma, settings, backend));
  }
  const Json compat = comparison.compat.json(), joint = comparison.joint.json();
  const auto ratio = [&](const char* key) { return compat[key].get<double>() / joint[key].get<double>(); };
  return Json{{"data", name},
              {"rows", std::min(settings.rows, data.rows() / 2)},
              {"dimension", data.cols()},
              {"points", settings.points},
              {"gamma", *gamma},
              {"splits", settings.splits},
              {"sampling_floor_mmd", std::sqrt(comparison.floor / static_cast<double>(settings.splits))},
              {"compat", compat},
              {"joint", joint},
              {"mmd_ratio_reduced", ratio("mmd_reduced")},
              {"mmd_ratio_held_out", ratio("mmd_held_out")},
              {"time_ratio", 1 / ratio("seconds")},
              {"cpu_time_ratio", 1 / ratio("cpu_seconds")}};
}

Result<Json> run(const Settings& settings) {
  LEARNDOCK_TRY(const auto backend, compute::open_backend("cpu", settings.threads));
  Json results = Json::array();
  const auto add = [&](const std::string& name, const Matrix<float>& data,
                       std::optional<double> gamma) -> Result<void> {
    LEARNDOCK_TRY(Json result, compare(name, data, gamma, settings, *backend));
    results.push_back(std::move(result));
    return {};
  };
  if (settings.files.empty()) {
    LEARNDOCK_CHECK(add("mixture of 3 Gaussians", synthetic(settings.rows, 8, 1), 0.1));
    LEARNDOCK_CHECK(add("mixture of 3 Gaussians", synthetic(settings.rows, 32, 2), 1.0 / 64));
  }
  for (const std::string& file : settings.files) {
    const auto colon = file.rfind(':');
    sketch::TableOptions options;
    if (colon != std::string::npos) options.label_column = file.substr(colon + 1);
    LEARNDOCK_TRY(const sketch::Table table, sketch::read_table(file.substr(0, colon), options));
    std::optional<double> gamma;
    if (settings.gamma != "auto") gamma = std::stod(settings.gamma);
    LEARNDOCK_CHECK(add(file, table.values, gamma));
  }
  Json machine;
  for (const auto& info : compute::list_backends())
    if (info.name == "cpu") machine = info.details;
  return Json{{"machine", machine}, {"threads", settings.threads}, {"results", results}};
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    const std::string value = argv[i + 1];
    if (option == "--data") settings.files.push_back(value);
    if (option == "--gamma") settings.gamma = value;
    if (option == "--points") settings.points = std::stoul(value);
    if (option == "--rows") settings.rows = std::stoul(value);
    if (option == "--splits") settings.splits = std::stoul(value);
    if (option == "--threads") settings.threads = static_cast<unsigned>(std::stoul(value));
    if (option == "--evaluations") settings.joint.evaluations = std::stoul(value);
    if (option == "--full-evaluations") settings.joint.full_evaluations = std::stoul(value);
    if (option == "--sample-rows") settings.joint.sample_rows = std::stoul(value);
  }
  const auto result = run(settings);
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    return 1;
  }
  std::puts(result->dump(2).c_str());
  return 0;
}
