#include "learndock/dock/use_script.hpp"

#include "learndock/base/json.hpp"

#include "dock/assets.hpp"

#include <cassert>
#include <string>
#include <string_view>

namespace learndock::dock {
namespace {

// What is replaced in use.py. The rest of the script is fixed text, so nothing a package says can become
// Python code.
constexpr std::string_view kPackageLine = R"(json.loads("{}")  # the dock fills this in)";

/// The text as a Python string literal: the inner JSON is pure ASCII without control characters, so the outer
/// quoting needs only \" and \\, which mean the same in Python.
std::string python_literal_of(const Json& json) {
  const auto ascii = [](const Json& value) {
    return value.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  };
  return ascii(Json(ascii(json)));
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
