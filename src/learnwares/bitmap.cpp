// The only file that includes the roaring library. It uses only functions that old and new releases share.
#include "learnwares/bitmap.hpp"

#include <algorithm>
#include <new>
#include <roaring/roaring.h>
#include <type_traits>
#include <utility>

namespace learndock::learnwares {
namespace {

roaring_bitmap_t* set_of(void* handle) { return static_cast<roaring_bitmap_t*>(handle); }

/// Throws for null, which the library returns if memory is short, as standard containers do.
void* held(void* handle) {
  if (handle == nullptr) throw std::bad_alloc();
  return handle;
}

/// Items unpacked together: few enough to stay in the cache until their bits are set.
constexpr std::size_t kItemsTogether = 1 << 16;

// The library takes items as plain integers. A FilterBit has the bytes of one.
static_assert(sizeof(FilterBit) == sizeof(std::uint32_t) && std::is_standard_layout_v<FilterBit>);
const std::uint32_t* plain(const FilterBit* items) { return reinterpret_cast<const std::uint32_t*>(items); }
std::uint32_t* plain(FilterBit* items) { return reinterpret_cast<std::uint32_t*>(items); }

/// Sets the bits of ascending items; each word is completed before it is stored.
void set_bits(std::span<const FilterBit> items, FilterBit first, std::span<std::uint64_t> bits) {
  std::size_t at = 0;
  std::uint64_t word = 0;
  for (const FilterBit item : items) {
    const std::uint32_t i = item.value() - first.value();
    if (i / 64 != at) {
      bits[at] |= word;
      at = i / 64;
      word = 0;
    }
    word |= std::uint64_t{1} << (i % 64);
  }
  bits[at] |= word;
}

}  // namespace

void Bitmap::Free::operator()(void* handle) const { roaring_bitmap_free(set_of(handle)); }

Bitmap::Bitmap(void* handle) : handle_(held(handle)) {}
Bitmap::Bitmap() : Bitmap(roaring_bitmap_create()) {}
Bitmap::~Bitmap() = default;
Bitmap::Bitmap(const Bitmap& other) : Bitmap(roaring_bitmap_copy(set_of(other.handle_.get()))) {}
Bitmap::Bitmap(Bitmap&& other) noexcept = default;
Bitmap& Bitmap::operator=(Bitmap other) noexcept {
  handle_.swap(other.handle_);
  return *this;
}

Bitmap Bitmap::range(FilterBit first, std::size_t count) {
  Bitmap all;
  if (count > 0)
    roaring_bitmap_add_range_closed(set_of(all.handle_.get()), first.value(),
                                    static_cast<std::uint32_t>(first.value() + count - 1));
  return all;
}

Bitmap Bitmap::any_of(std::span<const Bitmap* const> sets) {
  if (sets.empty()) return {};
  Bitmap any = *sets.front();
  for (const Bitmap* other : sets.subspan(1))
    roaring_bitmap_or_inplace(set_of(any.handle_.get()), set_of(other->handle_.get()));
  return any;
}

void Bitmap::add(std::span<const FilterBit> items) {
  roaring_bitmap_add_many(set_of(handle_.get()), items.size(), plain(items.data()));
}
Bitmap& Bitmap::operator&=(const Bitmap& other) {
  roaring_bitmap_and_inplace(set_of(handle_.get()), set_of(other.handle_.get()));
  return *this;
}
Bitmap& Bitmap::operator-=(const Bitmap& other) {
  roaring_bitmap_andnot_inplace(set_of(handle_.get()), set_of(other.handle_.get()));
  return *this;
}

std::uint64_t Bitmap::count() const { return roaring_bitmap_get_cardinality(set_of(handle_.get())); }
std::uint64_t Bitmap::common(const Bitmap& other) const {
  return roaring_bitmap_and_cardinality(set_of(handle_.get()), set_of(other.handle_.get()));
}
bool Bitmap::empty() const { return roaring_bitmap_is_empty(set_of(handle_.get())); }
bool Bitmap::contains(FilterBit item) const {
  return roaring_bitmap_contains(set_of(handle_.get()), item.value());
}

std::vector<FilterBit> Bitmap::items(std::size_t limit) const { return items_as<FilterBit>(limit); }

void Bitmap::write_items(std::uint32_t* items, std::size_t wanted) const {
  if (wanted == 0) return;
  if (wanted == count())
    roaring_bitmap_to_uint32_array(set_of(handle_.get()), items);
  else
    roaring_bitmap_range_uint32_array(set_of(handle_.get()), 0, wanted, items);
}

std::vector<std::uint64_t> Bitmap::words(FilterBit first, std::size_t count) const {
  std::vector<std::uint64_t> bits((count + 63) / 64, 0);
  if (count == 0) return bits;
  const std::uint64_t begin = first.value(), end = begin + count;
  const std::uint64_t inside = roaring_bitmap_range_cardinality(set_of(handle_.get()), begin, end);
  const std::uint64_t before = begin == 0 ? 0 : roaring_bitmap_rank(set_of(handle_.get()), first.value() - 1);
  std::vector<FilterBit> items(std::min<std::uint64_t>(inside, kItemsTogether));
  for (std::uint64_t done = 0; done < inside; done += items.size()) {
    items.resize(std::min<std::uint64_t>(inside - done, kItemsTogether));
    roaring_bitmap_range_uint32_array(set_of(handle_.get()), before + done, items.size(),
                                      plain(items.data()));
    set_bits(items, first, bits);
  }
  return bits;
}

std::size_t Bitmap::bytes() const {
  roaring_statistics_t statistics{};
  roaring_bitmap_statistics(set_of(handle_.get()), &statistics);
  return std::size_t{statistics.n_bytes_array_containers} + statistics.n_bytes_run_containers +
         statistics.n_bytes_bitset_containers;
}

bool Bitmap::operator==(const Bitmap& other) const {
  return roaring_bitmap_equals(set_of(handle_.get()), set_of(other.handle_.get()));
}

}  // namespace learndock::learnwares
