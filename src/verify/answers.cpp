#include "verify/answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace learndock::verify {
namespace {

std::uint64_t count_of(const std::vector<std::uint64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

std::uint64_t numbers_per_sample(const runtime::Array& answers) {
  return answers.shape.front() == 0 ? 0 : count_of(answers.shape) / answers.shape.front();
}

std::string fault_of_labels(const runtime::Array& answers, std::uint64_t classes) {
  for (std::size_t i = 0; i < answers.shape.front(); ++i) {
    const double label = runtime::element(answers, i);
    if (label != std::floor(label) || label < 0 || label >= static_cast<double>(classes))
      return fmt::format(
          "the answer to sample {} is {}, and the semantic specification promises the classes 0 to {}", i,
          label, classes - 1);
  }
  return {};
}

/// The shape that the model says it answers with. A single number may come without an extent of its own.
std::string fault_of_shape(const runtime::Array& answers, const runtime::ModelFacts& facts) {
  if (!facts.output_shape) return {};
  const std::vector<std::uint64_t> shape(answers.shape.begin() + 1, answers.shape.end());
  if (shape == *facts.output_shape) return {};
  if (shape.empty() && count_of(*facts.output_shape) == 1) return {};
  return fmt::format("one answer has the shape {}, and the model says {}", runtime::text_of(shape),
                     runtime::text_of(*facts.output_shape));
}

}  // namespace

Promise promise_of(const specification::SemanticSpecification& semantic) {
  Promise promise;
  const auto& tasks = semantic.of(specification::SemanticKey::task);
  const std::string task = tasks.size() == 1 ? tasks.front() : std::string();
  if (task == "Classification") promise.task = Promise::Task::classification;
  if (task == "Regression") promise.task = Promise::Task::regression;
  if (semantic.output) promise.outputs = semantic.output->dimension;
  return promise;
}

std::string fault_of_answers(const runtime::Array& answers, const Promise& promise,
                             const runtime::ModelFacts& facts) {
  if (std::string fault = fault_of_shape(answers, facts); !fault.empty()) return fault;
  const std::uint64_t numbers = numbers_per_sample(answers);
  if (promise.outputs == 0 || promise.task == Promise::Task::other) return {};
  if (promise.task == Promise::Task::classification) {
    if (numbers == 1) return fault_of_labels(answers, promise.outputs);
    if (numbers == promise.outputs) return {};
    return fmt::format(
        "one answer has {} numbers; a classifier of {} classes answers with a class, or with {} numbers",
        numbers, promise.outputs, promise.outputs);
  }
  if (numbers == promise.outputs) return {};
  return fmt::format("one answer has {} numbers, and the semantic specification promises {}", numbers,
                     promise.outputs);
}

std::optional<double> difference(const runtime::Array& a, const runtime::Array& b) {
  if (a.shape != b.shape || a.type != b.type) return std::nullopt;
  double largest = 0, differs = 0;
  for (std::size_t i = 0; i < count_of(a.shape); ++i) {
    const double first = runtime::element(a, i), second = runtime::element(b, i);
    largest = std::max({largest, std::abs(first), std::abs(second)});
    differs = std::max(differs, std::abs(first - second));
  }
  return largest > 0 ? differs / largest : 0;
}

std::vector<double> classes_of(const runtime::Array& answers) {
  const std::uint64_t numbers = numbers_per_sample(answers);
  std::vector<double> classes(answers.shape.front());
  for (std::size_t i = 0; i < classes.size(); ++i) {
    std::size_t best = 0;
    for (std::size_t c = 1; c < numbers; ++c)
      if (runtime::element(answers, i * numbers + c) > runtime::element(answers, i * numbers + best))
        best = c;
    classes[i] = numbers == 1 ? runtime::element(answers, i) : static_cast<double>(best);
  }
  return classes;
}

}  // namespace learndock::verify
