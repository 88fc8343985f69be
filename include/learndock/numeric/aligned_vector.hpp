#pragma once

#include <cstddef>
#include <vector>

namespace learndock {

/// Memory that begins at a cache line; large memory begins at a huge page and the system is asked for such
/// pages, because a scan of many gigabytes otherwise waits for address translation.
/// `bytes` given back must be the bytes asked for. Throws std::bad_alloc as operator new does.
[[nodiscard]] void* allocate_aligned(std::size_t bytes);
void deallocate_aligned(void* memory, std::size_t bytes);

/// No SIMD load of aligned rows straddles two cache lines in this memory.
template <class T>
struct CacheLineAllocator {
  using value_type = T;
  CacheLineAllocator() = default;
  template <class U>
  CacheLineAllocator(const CacheLineAllocator<U>&) {
  }  // NOLINT: the allocator conversion the standard asks for
  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(allocate_aligned(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) { deallocate_aligned(memory, count * sizeof(T)); }
  friend bool operator==(const CacheLineAllocator&, const CacheLineAllocator&) { return true; }
};

template <class T>
using AlignedVector = std::vector<T, CacheLineAllocator<T>>;

}  // namespace learndock
