#include "learnwares/semantic_index.hpp"

#include "learnwares/snapshot.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

namespace learndock::learnwares {
namespace {

/// Ids contain no control characters.
constexpr char kSeparator = '\n';
/// If fewer than one item in this many is selected, looking each up costs less than reading all ids.
constexpr std::size_t kFewSelected = 16;

/// The C++ library stops at every occurrence of the first letter, and ids have few different letters. The C
/// library compares several letters at once, which pays from three on.
std::size_t find_in(std::string_view text, std::string_view part, std::size_t from) {
  if (part.size() < 3) return text.find(part, from);
  const void* found = memmem(text.data() + from, text.size() - from, part.data(), part.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

/// The old set with more items; the old set does not change, as others may use it. @param old null: none
std::shared_ptr<const Bitmap> grown(const std::shared_ptr<const Bitmap>& old,
                                    std::span<const FilterBit> items) {
  auto next = old ? std::make_shared<Bitmap>(*old) : std::make_shared<Bitmap>();
  next->add(items);
  return next;
}

void append(std::vector<FilterBit>& all, const std::vector<FilterBit>& some) {
  all.insert(all.end(), some.begin(), some.end());
}

}  // namespace

SemanticIndex SemanticIndex::of(std::span<const std::shared_ptr<const Entry>> entries) {
  return SemanticIndex().extended(entries);
}

SemanticIndex SemanticIndex::extended(std::span<const std::shared_ptr<const Entry>> added) const {
  SemanticIndex next = *this;
  const Carriers carriers = carriers_of(added, FilterBit::at(items_));
  next.add_values(added);
  next.add_spaces(added, carriers);
  next.add_languages(carriers);
  next.add_ids(added);
  next.items_ += added.size();
  return next;
}

/// Many entries share their traits, so that spaces and languages are looked at once for each traits object
/// and not for each entry.
SemanticIndex::Carriers SemanticIndex::carriers_of(std::span<const std::shared_ptr<const Entry>> added,
                                                   FilterBit first) {
  Carriers carriers;
  const Traits* last = nullptr;
  std::vector<FilterBit>* items = nullptr;
  for (std::size_t i = 0; i < added.size(); ++i) {
    if (last != &added[i]->traits()) {
      last = &added[i]->traits();
      items = &carriers[last];
    }
    items->push_back(FilterBit::at(first.index() + i));
  }
  return carriers;
}

void SemanticIndex::add_values(std::span<const std::shared_ptr<const Entry>> added) {
  std::array<std::vector<FilterBit>, kValueBits> carrying;
  for (std::size_t i = 0; i < added.size(); ++i)
    for (specification::SemanticBits left = added[i]->values(); left != 0; left &= left - 1)
      carrying[static_cast<std::size_t>(std::countr_zero(left))].push_back(FilterBit::at(items_ + i));
  for (std::size_t bit = 0; bit < kValueBits; ++bit)
    if (!carrying[bit].empty()) values_[bit] = grown(values_[bit], carrying[bit]);
}

void SemanticIndex::add_spaces(std::span<const std::shared_ptr<const Entry>> added,
                               const Carriers& carriers) {
  std::map<specification::SpaceId, std::vector<FilterBit>> by_space;
  for (const auto& [traits, items] : carriers) {
    if (!traits->family) continue;
    std::map<compute::Kernel, std::vector<FilterBit>> by_kernel;
    for (const FilterBit item : items) by_kernel[added[item.index() - items_]->kernel()].push_back(item);
    for (const auto& [kernel, some] : by_kernel) append(by_space[traits->family->under(kernel)], some);
  }
  for (const auto& [key, items] : by_space) spaces_[key] = grown(spaces_[key], items);
}

void SemanticIndex::add_languages(const Carriers& carriers) {
  std::map<std::string_view, std::vector<FilterBit>> by_language;
  for (const auto& [traits, items] : carriers)
    for (const std::string& code : traits->languages) append(by_language[code], items);
  for (const auto& [code, items] : by_language) {
    auto& known = languages_[std::string(code)];
    known = grown(known, items);
  }
}

void SemanticIndex::add_ids(std::span<const std::shared_ptr<const Entry>> added) {
  std::shared_ptr<Ids> last;
  for (std::size_t i = 0; i < added.size(); ++i) {
    if ((items_ + i) % kIdsTogether == 0) {
      last = std::make_shared<Ids>();
      ids_.push_back(last);
    } else if (!last) {  // other indexes share the old one
      last = std::make_shared<Ids>(*ids_.back());
      ids_.back() = last;
    }
    last->text += added[i]->id();
    last->ends.push_back(static_cast<std::uint32_t>(last->text.size()));
    last->text += kSeparator;
    if (last->ends.size() == kIdsTogether) {
      last->text.shrink_to_fit();
      last->ends.shrink_to_fit();
    }
  }
}

SemanticIndex SemanticIndex::without(SnapshotPosition position) const {
  FilterBit item(position.value());
  for (const FilterBit gone : removed_items_->items()) {
    if (gone > item) break;
    ++item;
  }
  SemanticIndex next = *this;
  auto removed = std::make_shared<Bitmap>(*removed_items_);
  removed->add({&item, 1});
  next.removed_items_ = std::move(removed);
  ++next.removed_;
  return next;
}

Bitmap SemanticIndex::select(const specification::SemanticSpecification& wanted) const {
  std::vector<Bitmap> required;
  for (std::size_t key = 0; key < specification::kSemanticKeys; ++key) {
    const auto& any = wanted.values[key];
    if (any.empty()) continue;
    std::vector<const Bitmap*> alternatives;
    for (auto bits = specification::semantic_bits(static_cast<specification::SemanticKey>(key), any);
         bits != 0; bits &= bits - 1)
      if (const auto& items = values_[static_cast<std::size_t>(std::countr_zero(bits))]; items != nullptr)
        alternatives.push_back(items.get());
    if (alternatives.empty()) return {};
    required.push_back(Bitmap::any_of(alternatives));
  }
  std::sort(required.begin(), required.end(),
            [](const Bitmap& a, const Bitmap& b) { return a.count() < b.count(); });
  Bitmap selected = required.empty() ? Bitmap::range(FilterBit(), items_) : std::move(required.front());
  for (std::size_t i = 1; i < required.size(); ++i) selected &= required[i];
  selected -= *removed_items_;
  if (!wanted.learnware_id.empty()) keep_ids_with(wanted.learnware_id, selected);
  return selected;
}

std::string_view SemanticIndex::id_of(FilterBit item) const {
  const Ids& ids = *ids_[item.index() / kIdsTogether];
  const std::size_t i = item.index() % kIdsTogether, begin = i == 0 ? 0 : std::size_t{ids.ends[i - 1]} + 1;
  return std::string_view(ids.text).substr(begin, ids.ends[i] - begin);
}

/// Appends the items whose id contains `part`, which is not empty.
void SemanticIndex::find_ids(const Ids& ids, FilterBit first, std::string_view part,
                             std::vector<FilterBit>& found) {
  std::size_t i = 0;
  for (std::size_t at = find_in(ids.text, part, 0); at != std::string_view::npos;
       at = find_in(ids.text, part, at)) {
    if (ids.ends[i] < at) ++i;  // with many hits the next one is mostly in the next id
    if (ids.ends[i] < at)
      i = static_cast<std::size_t>(
          std::lower_bound(ids.ends.begin() + static_cast<std::ptrdiff_t>(i), ids.ends.end(), at) -
          ids.ends.begin());
    found.push_back(FilterBit::at(first.index() + i));
    at = std::size_t{ids.ends[i]} + 1;
  }
}

void SemanticIndex::keep_ids_with(std::string_view part, Bitmap& selected) const {
  std::vector<FilterBit> found;
  if (part.find(kSeparator) != std::string_view::npos) {
    selected = {};
    return;
  }
  if (selected.count() < items_ / kFewSelected) {
    for (const FilterBit item : selected.items())
      if (id_of(item).find(part) != std::string_view::npos) found.push_back(item);
  } else {
    for (std::size_t i = 0; i < ids_.size(); ++i)
      find_ids(*ids_[i], FilterBit::at(i * kIdsTogether), part, found);
  }
  Bitmap with;
  with.add(found);
  selected &= with;
}

std::vector<SnapshotPosition> SemanticIndex::positions(const Bitmap& selected, std::size_t limit) const {
  // Bits until the removed items before them are subtracted; without removed items they are the positions.
  auto positions = selected.items_as<SnapshotPosition>(limit);
  if (removed_ == 0 || positions.empty()) return positions;
  const std::vector<FilterBit> gone = removed_items_->items();
  std::uint32_t before = 0;
  for (SnapshotPosition& position : positions) {
    while (before < gone.size() && gone[before].value() < position.value()) ++before;
    position = SnapshotPosition(position.value() - before);
  }
  return positions;
}

std::vector<FilterBit> SemanticIndex::items_at(std::span<const SnapshotPosition> positions) const {
  std::vector<FilterBit> items;
  items.reserve(positions.size());
  if (removed_ == 0) {
    for (const SnapshotPosition position : positions) items.emplace_back(position.value());
    return items;
  }
  const std::vector<FilterBit> gone = removed_items_->items();
  std::size_t before = 0;
  for (const SnapshotPosition position : positions) {
    while (before < gone.size() && gone[before].index() <= position.index() + before) ++before;
    items.push_back(FilterBit::at(position.index() + before));
  }
  return items;
}

Bitmap SemanticIndex::with_languages(Bitmap selected, std::span<const std::string> languages) const {
  for (const std::string& code : languages) {
    const auto known = languages_.find(code);
    if (known == languages_.end()) return {};
    selected &= *known->second;
  }
  return selected;
}

std::size_t SemanticIndex::bytes() const {
  std::size_t bytes = removed_items_->bytes();
  for (const auto& [key, items] : spaces_) bytes += items->bytes();
  for (const auto& [code, items] : languages_) bytes += items->bytes();
  for (const auto& items : values_) bytes += items ? items->bytes() : 0;
  for (const auto& ids : ids_) bytes += ids->text.capacity() + sizeof(std::uint32_t) * ids->ends.capacity();
  return bytes;
}

}  // namespace learndock::learnwares
