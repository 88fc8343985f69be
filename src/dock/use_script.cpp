#include "learndock/dock/use_script.hpp"

#include "learndock/base/json.hpp"

#include "dock/assets.hpp"

#include <cassert>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

namespace learndock::dock {
namespace {

// What is replaced in use.py. The rest of the script is fixed text, so nothing a package says can become
// Python code.
constexpr std::string_view kPackageLine = R"(json.loads("{}")  # the dock fills this in)";

std::string ascii(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

/// A number as Python's json module reads and writes it, which knows some that JSON does not.
std::string number_text(const Json& value) {
  const double number = value.is_number_float() ? value.get<double>() : 0;
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return ascii(value);
}

/// Appends JSON text for Python's json module. A manifest's nesting is bounded, so that the recursion is,
/// too.
void append_python_json(std::string& out, const Json& value) {
  if (value.is_number()) {
    out += number_text(value);
    return;
  }
  if (!value.is_structured()) {
    out += ascii(value);
    return;
  }
  const bool object = value.is_object();
  std::string_view separator = object ? "{" : "[";
  for (const auto& [key, child] : value.items()) {
    out += std::exchange(separator, ",");
    if (object) out += ascii(Json(key)) + ":";
    append_python_json(out, child);
  }
  if (value.empty()) out += separator;
  out += object ? '}' : ']';
}

/// The text as a Python string literal: the inner JSON is pure ASCII without control characters, so the outer
/// quoting needs only \" and \\, which mean the same in Python.
std::string python_literal_of(const Json& json) {
  std::string text;
  append_python_json(text, json);
  return ascii(Json(text));
}

}  // namespace

std::string use_script(const package::ModelEntry& model, const std::string& learnware_id,
                       const std::string& package_file_name) {
  Json facts = {{"learnware_id", learnware_id},
                {"package_file", package_file_name},
                {"class_name", model.class_name},
                {"module_path", model.module_path},
                {"kwargs", model.kwargs->is_object() ? *model.kwargs : Json::object()}};
  if (model.runtime == package::ModelRuntime::torchscript) {
    facts["runtime"] = "torchscript";
    facts["file"] = model.file;
  }
  std::string script(kUsePy.bytes);
  const std::size_t place = script.find(kPackageLine);
  assert(place != std::string::npos);
  return script.replace(place, kPackageLine.size(), "json.loads(" + python_literal_of(facts) + ")");
}

}  // namespace learndock::dock
