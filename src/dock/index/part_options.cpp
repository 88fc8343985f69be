#include "dock/index/part_options.hpp"

namespace learndock::dock {

bool is_indexable(const specification::RkmeSpecification& specification) {
  return specification.kind->comparable() && engine::codable(engine::mass_of(specification.view()));
}

std::string prefilter_option(std::optional<engine::PrefilterKind> prefilter) {
  return std::string(prefilter ? engine::prefilter_name(*prefilter) : "auto");
}

std::map<std::string, std::string> kept_options(std::optional<engine::PrefilterKind> prefilter,
                                                compute::CodeType codes) {
  return {{"prefilter", prefilter_option(prefilter)}, {"codes", std::string(compute::code_type_name(codes))}};
}

engine::PartWriterOptions chosen_writing(const std::map<std::string, std::string>& kept) {
  engine::PartWriterOptions options;
  if (const auto name = kept.find("codes"); name != kept.end())
    options.codes = compute::code_type_of_name(name->second).value_or(options.codes);
  if (const auto name = kept.find("prefilter"); name != kept.end())
    if (const auto kind = engine::prefilter_kind(name->second)) options.prefilter = *kind;
  return options;
}

}  // namespace learndock::dock
