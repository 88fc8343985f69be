#include "dock/view/package_record.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"

#include "dock/view/entry_fields.hpp"
#include "dock/view/further.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"
#include "query/set_limits.hpp"
#include "specification/semantic_check.hpp"
#include "text/unicode.hpp"

#include <fmt/format.h>

#include <optional>
#include <unistd.h>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

/// In composed letters (NFC), so that a name looks up the same whatever system wrote it.
std::string name_for(const specification::SemanticSpecification* semantic, const std::string& yaml_name,
                     const std::string& file_name) {
  const bool own = semantic != nullptr && !semantic->name.empty();
  const std::string& name = own ? semantic->name : yaml_name.empty() ? file_name : yaml_name;
  return text::to_nfc(name).value_or(name);  // what is not UTF-8 is refused by check_texts
}

/// The semantic specification for a package without one: its name and, for tables, the input's dimension.
specification::SemanticSpecification inferred_semantic(const std::string& name,
                                                       const package::Package& package) {
  specification::SemanticSpecification semantic;
  semantic.name = name;
  const auto take = [&](const specification::RkmeSpecification& stat) {
    if (!stat.kind->columns_are_input || semantic.input) return;
    semantic.of(specification::SemanticKey::data) = {std::string(stat.kind->data)};
    semantic.input = specification::FeatureDescription{static_cast<std::uint32_t>(stat.dimension()), {}};
  };
  if (package.statistical) take(*package.statistical);
  for (const specification::RkmeSpecification& one : package.further) take(one);
  return semantic;
}

PackageRecord described(const package::Package& package, const specification::SemanticSpecification* given,
                        const std::string& file_name) {
  PackageRecord made;
  catalog::LearnwareRecord& record = made.record;
  record.name = name_for(given, package.name, file_name);
  made.semantic = given != nullptr ? *given : inferred_semantic(record.name, package);
  if (!made.semantic.name.empty()) made.semantic.name = record.name;
  made.semantic.learnware_id.clear();  // only a requirement asks for one
  specification::add_defaults(made.semantic);
  record.semantic_json = to_text(specification::semantic_to_json(made.semantic));
  record.warnings = package.warnings;
  if (package.statistical) record.statistical = specification::to_binary(*package.statistical);
  record.further = pack_further(package.further);
  record.content_digest = package.content_digest;
  return made;
}

const specification::SemanticSpecification* own_semantic(const package::Package& package) {
  return package.semantic ? &*package.semantic : nullptr;
}

/// Refuses a specification that reading its record again would refuse.
Result<void> check_readable(specification::SemanticSpecification semantic) {
  semantic.input.reset();  // search reads neither
  semantic.output.reset();
  LEARNDOCK_CHECK(specification::semantic_from_json(specification::semantic_to_json(semantic)));
  return {};
}

}  // namespace

Result<PackageRecord> record_of(const package::Package& package,
                                const specification::SemanticSpecification* semantic,
                                const std::string& file_name, std::size_t max_points) {
  const auto* given = semantic != nullptr ? semantic : own_semantic(package);
  if (given != nullptr)
    if (auto complete = specification::check_complete(*given); !complete)
      return pass_on(std::move(complete).error(), "semantic_specification.json");
  specification::SemanticSpecification shown =
      given != nullptr ? *given : specification::SemanticSpecification();
  shown.name = name_for(given, package.name, file_name);
  if (auto plain = specification::check_texts(shown); !plain)
    return pass_on(std::move(plain).error(), "semantic_specification.json");
  if (package.statistical) LEARNDOCK_CHECK(query::check_set(*package.statistical, max_points));
  for (const auto& one : package.further) LEARNDOCK_CHECK(query::check_set(one, max_points));
  PackageRecord made = described(package, given, file_name);
  LEARNDOCK_CHECK(check_length(made.record));
  LEARNDOCK_CHECK(check_readable(made.semantic));
  return made;
}

Result<catalog::LearnwareRecord> record_of_stored(const fs::path& blob, const std::string& digest,
                                                  const fs::path& scratch) {
  LEARNDOCK_CHECK(io::create_private_folder(scratch));
  const fs::path canonical = scratch / fmt::format("stored-{}.zip", ::getpid());
  // The canonical form is not used, and so no matter which id is in it.
  const package::IdChoice any_id = [](const std::string&) { return LearnwareId::from_number(1); };
  auto package = package::read_package(blob, canonical, nullptr, {}, {}, any_id);
  io::disk::remove_any(canonical);  // a temporary
  if (!package) return Failure(std::move(package).error());
  catalog::LearnwareRecord record =
      described(*package, own_semantic(*package), package->model.class_name).record;
  if (package->dock_id)
    record.id = *package->dock_id;
  else
    record.content_digest.clear();  // an earlier version stored it
  record.package_digest = digest;
  std::error_code error;
  record.package_bytes = fs::file_size(blob, error);
  if (error) return Failure(io::system_error(error.value(), "look at", blob));
  return record;
}

}  // namespace learndock::dock
