#include "market/package_record.hpp"

#include "learndock/base/file.hpp"
#include "learndock/base/file_rights.hpp"
#include "learndock/spec/codec.hpp"

#include "market/set_limits.hpp"
#include "spec/semantic_check.hpp"

#include <fmt/format.h>

#include <optional>
#include <unistd.h>

namespace learndock::market {
namespace {

namespace fs = std::filesystem;

std::string name_for(const spec::SemanticSpecification* semantic, const std::string& yaml_name,
                     const std::string& file_name) {
  if (semantic != nullptr && !semantic->name.empty()) return semantic->name;
  return yaml_name.empty() ? file_name : yaml_name;
}

/// What is known of a package without a semantic specification: its name and, for tables, the input's
/// dimension.
spec::SemanticSpecification inferred_semantic(const std::string& name,
                                              const std::optional<spec::RkmeSpecification>& stat) {
  spec::SemanticSpecification semantic;
  semantic.name = name;
  if (stat && stat->type == spec::StatisticalType::rkme_table) {
    semantic.of(spec::SemanticKey::data) = {"Table"};
    semantic.input = spec::FeatureDescription{static_cast<std::uint32_t>(stat->dimension()), {}};
  }
  return semantic;
}

catalog::LearnwareRecord described(const package::Package& package, const spec::SemanticSpecification* given,
                                   const std::string& file_name) {
  catalog::LearnwareRecord record;
  record.name = name_for(given, package.name, file_name);
  spec::SemanticSpecification semantic =
      given != nullptr ? *given : inferred_semantic(record.name, package.statistical);
  semantic.learnware_id.clear();  // only a requirement asks for one
  record.semantic_json = to_text(spec::semantic_to_json(semantic));
  record.warnings = package.warnings;
  if (package.statistical) record.statistical = spec::to_binary(*package.statistical);
  return record;
}

const spec::SemanticSpecification* own_semantic(const package::Package& package) {
  return package.semantic ? &*package.semantic : nullptr;
}

}  // namespace

Result<catalog::LearnwareRecord> record_of(const package::Package& package,
                                           const spec::SemanticSpecification* semantic,
                                           const std::string& file_name, std::size_t max_points) {
  const auto* given = semantic != nullptr ? semantic : own_semantic(package);
  if (given != nullptr)
    if (auto complete = spec::check_complete(*given); !complete)
      return pass_on(std::move(complete).error(), "semantic_specification.json");
  spec::SemanticSpecification shown = given != nullptr ? *given : spec::SemanticSpecification();
  shown.name = name_for(given, package.name, file_name);
  if (auto plain = spec::check_texts(shown); !plain)
    return pass_on(std::move(plain).error(), "semantic_specification.json");
  if (package.statistical) LEARNDOCK_CHECK(check_set(*package.statistical, max_points));
  return described(package, given, file_name);
}

Result<catalog::LearnwareRecord> record_of_stored(const fs::path& blob, const std::string& digest,
                                                  const fs::path& scratch) {
  LEARNDOCK_CHECK(create_private_folder(scratch));
  const fs::path canonical = scratch / fmt::format("stored-{}.zip", ::getpid());
  auto package = package::read_package(blob, canonical);
  std::error_code error;
  fs::remove(canonical, error);  // a temporary
  if (!package) return Failure(std::move(package).error());
  catalog::LearnwareRecord record = described(*package, own_semantic(*package), package->model.class_name);
  record.package_digest = digest;
  record.package_bytes = fs::file_size(blob, error);
  if (error) return Failure(system_error(error.value(), "look at", blob));
  return record;
}

}  // namespace learndock::market
