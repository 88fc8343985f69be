// The only file that includes the roaring library. It uses only functions that old and new releases share.
#include "learnwares/bitmap.hpp"

#include <algorithm>
#include <new>
#include <roaring/roaring.h>
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

/// Sets the bits of ascending items; each word is completed before it is stored.
void set_bits(std::span<const Bitmap::Item> items, Bitmap::Item first, std::span<std::uint64_t> bits) {
  std::size_t at = 0;
  std::uint64_t word = 0;
  for (const Bitmap::Item item : items) {
    const Bitmap::Item i = item - first;
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

Bitmap Bitmap::range(Item first, std::size_t count) {
  Bitmap all;
  if (count > 0)
    roaring_bitmap_add_range_closed(set_of(all.handle_.get()), first, first + static_cast<Item>(count - 1));
  return all;
}

Bitmap Bitmap::any_of(std::span<const Bitmap* const> sets) {
  if (sets.empty()) return {};
  Bitmap any = *sets.front();
  for (const Bitmap* other : sets.subspan(1))
    roaring_bitmap_or_inplace(set_of(any.handle_.get()), set_of(other->handle_.get()));
  return any;
}

void Bitmap::add(std::span<const Item> items) {
  roaring_bitmap_add_many(set_of(handle_.get()), items.size(), items.data());
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
bool Bitmap::contains(Item item) const { return roaring_bitmap_contains(set_of(handle_.get()), item); }

std::vector<Bitmap::Item> Bitmap::items(std::size_t limit) const {
  std::vector<Item> all(std::min<std::uint64_t>(limit, count()));
  if (all.empty()) return all;
  if (all.size() == count())
    roaring_bitmap_to_uint32_array(set_of(handle_.get()), all.data());
  else
    roaring_bitmap_range_uint32_array(set_of(handle_.get()), 0, all.size(), all.data());
  return all;
}

std::vector<std::uint64_t> Bitmap::words(Item first, std::size_t count) const {
  std::vector<std::uint64_t> bits((count + 63) / 64, 0);
  if (count == 0) return bits;
  const std::uint64_t end = std::uint64_t{first} + count;
  const std::uint64_t inside = roaring_bitmap_range_cardinality(set_of(handle_.get()), first, end);
  const std::uint64_t before = first == 0 ? 0 : roaring_bitmap_rank(set_of(handle_.get()), first - 1);
  std::vector<Item> items(std::min<std::uint64_t>(inside, kItemsTogether));
  for (std::uint64_t done = 0; done < inside; done += items.size()) {
    items.resize(std::min<std::uint64_t>(inside - done, kItemsTogether));
    roaring_bitmap_range_uint32_array(set_of(handle_.get()), before + done, items.size(), items.data());
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
