#include "dock/view/further.hpp"

#include "learndock/specification/codec.hpp"

#include "base/log.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace learndock::dock {
namespace {

constexpr std::size_t kLengthBytes = 4;

std::uint32_t length_at(std::string_view packed) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    length |= std::uint32_t{static_cast<unsigned char>(packed[i])} << (8 * i);
  return length;
}

/// The fields of an entry that has the texts of another and one of its further specifications.
learnwares::EntryFields fields_of(const learnwares::Entry& owner,
                                  specification::RkmeSpecification specification,
                                  const specification::SpaceKernels& kernels) {
  learnwares::EntryFields fields;
  fields.sequence = owner.sequence();
  fields.id = owner.learnware_id();
  fields.name = owner.name();
  fields.folded_name = owner.folded_name();
  fields.folded_description = owner.folded_description();
  fields.values = specification::semantic_texts(owner.values());
  fields.specification = std::move(specification);
  const auto kernel = kernels.kernel_of(specification::SpaceFamily::of(*fields.specification));
  if (kernel && *kernel != fields.specification->kernel)
    fields.own_kernel = std::exchange(fields.specification->kernel, *kernel);
  return fields;
}

}  // namespace

std::string pack_further(std::span<const specification::RkmeSpecification> further) {
  std::string packed;
  for (const specification::RkmeSpecification& one : further) {
    const std::string bytes = specification::to_binary(one);
    for (std::size_t i = 0; i < kLengthBytes; ++i) packed += static_cast<char>(bytes.size() >> (8 * i));
    packed += bytes;
  }
  return packed;
}

Result<std::vector<specification::RkmeSpecification>> unpack_further(std::string_view packed) {
  std::vector<specification::RkmeSpecification> further;
  while (!packed.empty()) {
    if (packed.size() < kLengthBytes || packed.size() - kLengthBytes < length_at(packed))
      return fail(ErrorCode::corrupt, "the further statistical specifications are cut off");
    const std::size_t length = length_at(packed);
    packed.remove_prefix(kLengthBytes);
    LEARNDOCK_TRY(specification::RkmeSpecification one, specification::from_binary(packed.substr(0, length)));
    further.push_back(std::move(one));
    packed.remove_prefix(length);
  }
  return further;
}

void show_further(learnwares::Snapshot& snapshot, const learnwares::Entry& owner, std::string_view packed,
                  learnwares::TraitsPool& pool) {
  auto further = unpack_further(packed);
  if (!further) {
    log(LogLevel::error, fmt::format("further specifications of learnware {} are left out: {}", owner.id(),
                                     describe(further.error())));
    return;
  }
  for (specification::RkmeSpecification& one : *further)
    snapshot.further.push_back(
        learnwares::make_entry(fields_of(owner, std::move(one), snapshot.kernels), &pool));
}

}  // namespace learndock::dock
