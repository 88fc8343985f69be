#include "dock/view/entry_fields.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"

#include "text/fold_case.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>
#include <vector>

namespace learndock::dock {
namespace {

/// Puts the family's kernel in place of the specification's own, which is kept for compat scores.
void put_under(const specification::SpaceKernels& kernels, learnwares::EntryFields& fields) {
  if (kernels.empty() || !fields.specification) return;
  const auto kernel = kernels.kernel_of(specification::SpaceFamily::of(*fields.specification));
  if (!kernel || *kernel == fields.specification->kernel) return;
  fields.own_kernel = std::exchange(fields.specification->kernel, *kernel);
}

}  // namespace

Result<learnwares::EntryFields> entry_fields(const catalog::LearnwareRecord& record,
                                             const specification::SpaceKernels& kernels) {
  // Search reads neither Input nor Output; a record stored under wider limits must not close the dock.
  LEARNDOCK_TRY(Json json, parse_json(record.semantic_json, {.max_bytes = specification::kMaxSemanticBytes}));
  for (const char* key : {"Input", "Output"})
    if (json.is_object()) json.erase(key);
  LEARNDOCK_TRY(specification::SemanticSpecification semantic, specification::semantic_from_json(json));
  std::optional<specification::RkmeSpecification> statistical;
  if (!record.statistical.empty()) {
    LEARNDOCK_TRY(statistical, specification::from_binary(record.statistical));
  }
  return entry_fields_of(record, std::move(semantic), std::move(statistical), kernels);
}

learnwares::EntryFields entry_fields_of(const catalog::LearnwareRecord& record,
                                        specification::SemanticSpecification semantic,
                                        std::optional<specification::RkmeSpecification> statistical,
                                        const specification::SpaceKernels& kernels) {
  learnwares::EntryFields fields;
  fields.sequence = record.sequence;
  fields.id = record.id;
  fields.name = record.name;
  specification::add_defaults(semantic);  // records of earlier versions have no Model
  fields.values = std::move(semantic.values);
  fields.folded_name = text::fold_case(semantic.name.empty() ? record.name : semantic.name);
  fields.folded_description = text::fold_case(semantic.description);
  fields.specification = std::move(statistical);
  put_under(kernels, fields);
  return fields;
}

Result<void> check_length(const catalog::LearnwareRecord& record) {
  if (record.semantic_json.size() <= specification::kMaxSemanticBytes) return {};
  return fail(ErrorCode::json_size,
              fmt::format("the semantic specification has {} bytes, the limit is {}",
                          record.semantic_json.size(), specification::kMaxSemanticBytes));
}

Result<void> compute_self_terms(std::span<learnwares::EntryFields> entries, const compute::Backend& backend) {
  std::vector<learnwares::EntryFields*> compared;
  std::vector<compute::ReducedSetView> views;
  for (learnwares::EntryFields& entry : entries)
    if (entry.specification && entry.specification->kind->comparable() && std::isnan(entry.self_inner)) {
      compared.push_back(&entry);
      views.push_back(entry.specification->view());
    }
  std::vector<double> self(views.size());
  LEARNDOCK_CHECK(backend.self_inner_products(views, self));
  for (std::size_t i = 0; i < compared.size(); ++i) compared[i]->self_inner = self[i];
  return {};
}

}  // namespace learndock::dock
