#pragma once

#include "learndock/specification/semantic.hpp"

#include "runtime/array.hpp"
#include "runtime/model_runner.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace learndock::verify {

/// What the semantic specification promises of one answer.
struct Promise {
  enum class Task : std::uint8_t { classification, regression, other };
  Task task = Task::other;
  std::uint64_t outputs = 0;  ///< classes of a classification, numbers of a regression; 0: it does not say
};
[[nodiscard]] Promise promise_of(const specification::SemanticSpecification& semantic);

/// Why answers are not what was promised; "" when they are. Classes are whole numbers from 0 on, or a number
/// for each class.
[[nodiscard]] std::string fault_of_answers(const runtime::Array& answers, const Promise& promise,
                                           const runtime::ModelFacts& facts);

/// The largest difference of two answers to the same samples, relative to the largest number among them;
/// nothing when their shapes differ.
[[nodiscard]] std::optional<double> difference(const runtime::Array& a, const runtime::Array& b);

/// The class that a classifier answers for each sample. @pre the answers have no fault
[[nodiscard]] std::vector<double> classes_of(const runtime::Array& answers);

}  // namespace learndock::verify
