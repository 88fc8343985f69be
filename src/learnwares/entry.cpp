#include "learnwares/entry.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <utility>

namespace learndock::learnwares {
namespace {

/// The memory that make_entry allocates beside the entry.
struct OwnedRow {
  std::string bytes;
  std::shared_ptr<const Traits> traits;
};

/// Every entry with a specification in memory is one of these.
struct OwningEntry final : Entry {
  OwningEntry(LearnwareNumber sequence, const char* row, const Traits& of, std::shared_ptr<const void> keep,
              std::unique_ptr<const specification::RkmeSpecification> owned)
      : Entry(sequence, row, of, owned.get()), kept(std::move(keep)), set(std::move(owned)) {}
  std::shared_ptr<const void> kept;  // row and traits
  std::unique_ptr<const specification::RkmeSpecification> set;
};

void copy_known(const Entry& from, const Entry& to) {
  if (std::isnan(from.self_inner())) return;
  to.self_terms().in_force.store(from.self_inner(), std::memory_order_relaxed);
}

std::string packed(const EntryFields& fields) {
  EntryHead head;
  head.values = specification::semantic_bits(fields.values);
  if (fields.specification) {
    head.gamma = fields.own_kernel.value_or(fields.specification->kernel).gamma;
    head.points = static_cast<std::uint32_t>(fields.specification->weights.size());
  }
  const std::string* const texts[] = {&fields.name, &fields.folded_name, &fields.folded_description,
                                      &fields.id.text()};
  std::uint32_t* const lengths[] = {&head.name, &head.folded_name, &head.folded_description, &head.id};
  for (std::size_t i = 0; i < std::size(texts); ++i)
    *lengths[i] = static_cast<std::uint32_t>(texts[i]->size());
  std::string row;
  row.reserve(head.bytes());
  row.append(reinterpret_cast<const char*>(&head), sizeof head);
  for (const std::string* text : texts) row += *text;
  return row;
}

Traits traits_of(const EntryFields& fields) {
  Traits traits;
  if (!fields.specification) return traits;
  traits.family = specification::SpaceFamily::of(*fields.specification);
  if (fields.own_kernel) traits.kernel = fields.specification->kernel;
  traits.languages = fields.specification->languages;
  return traits;
}

}  // namespace

std::shared_ptr<const Traits> TraitsPool::shared(Traits traits) {
  const std::lock_guard lock(mutex_);
  if (known_.size() > 2 * swept_ + 64) {
    std::erase_if(known_, [](const auto& one) { return one.second.expired(); });
    swept_ = known_.size();
  }
  std::weak_ptr<const Traits>& known = known_[traits];
  std::shared_ptr<const Traits> one = known.lock();
  if (!one) known = one = std::make_shared<const Traits>(std::move(traits));
  return one;
}

EntryHead Entry::head() const {
  EntryHead head;
  std::memcpy(&head, row_, sizeof head);
  return head;
}

std::string_view Entry::name() const { return text(0, head().name); }
std::string_view Entry::folded_name() const {
  const EntryHead sizes = head();
  return text(sizes.name, sizes.folded_name);
}
std::string_view Entry::folded_description() const {
  const EntryHead sizes = head();
  return text(std::size_t{sizes.name} + sizes.folded_name, sizes.folded_description);
}
std::string_view Entry::id() const {
  const EntryHead sizes = head();
  return text(sizes.bytes() - sizeof(EntryHead) - sizes.id, sizes.id);
}

LearnwareId Entry::learnware_id() const {
  auto known = LearnwareId::create(id());
  return known ? std::move(*known) : LearnwareId();  // only an entry without an id has none
}

std::uint64_t Entry::specification_bytes() const {
  if (!has_specification()) return 0;
  return sizeof(double) * head().points * (traits_->family->dimension() + 1);
}

SelfTerms& Entry::self_terms() const {
  SelfTerms* known = self_terms_.load(std::memory_order_acquire);
  if (known != nullptr) return *known;
  auto made = std::make_unique<SelfTerms>();
  if (!self_terms_.compare_exchange_strong(known, made.get(), std::memory_order_acq_rel)) return *known;
  return *made.release();
}

double Entry::self_inner() const {
  const SelfTerms* const known = self_terms_.load(std::memory_order_acquire);
  return known == nullptr ? std::numeric_limits<double>::quiet_NaN()
                          : known->in_force.load(std::memory_order_relaxed);
}

std::shared_ptr<const Entry> make_entry(EntryFields fields, TraitsPool* pool) {
  auto owned = std::make_shared<OwnedRow>();
  owned->bytes = packed(fields);
  Traits traits = traits_of(fields);
  owned->traits =
      pool != nullptr ? pool->shared(std::move(traits)) : std::make_shared<const Traits>(std::move(traits));
  std::unique_ptr<const specification::RkmeSpecification> set;
  if (fields.specification)
    set = std::make_unique<const specification::RkmeSpecification>(std::move(*fields.specification));
  const char* const row = owned->bytes.data();
  const Traits& shared = *owned->traits;
  auto entry =
      std::make_shared<const OwningEntry>(fields.sequence, row, shared, std::move(owned), std::move(set));
  if (!std::isnan(fields.self_inner))
    entry->self_terms().in_force.store(fields.self_inner, std::memory_order_relaxed);
  return entry;
}

std::shared_ptr<const Entry> with_specification(const std::shared_ptr<const Entry>& entry,
                                                specification::RkmeSpecification specification) {
  auto made = std::make_shared<const OwningEntry>(
      entry->sequence(), entry->row(), entry->traits(), entry,
      std::make_unique<const specification::RkmeSpecification>(std::move(specification)));
  // Self terms are computed again: the known ones may come from a part that was lost meanwhile.
  return made;
}

std::shared_ptr<const Entry> without_specification(const Entry& entry) {
  assert(entry.specification() != nullptr);
  const auto& owning = static_cast<const OwningEntry&>(entry);
  auto made = std::make_shared<const OwningEntry>(entry.sequence(), entry.row(), entry.traits(), owning.kept,
                                                  nullptr);
  copy_known(entry, *made);
  return made;
}

}  // namespace learndock::learnwares
