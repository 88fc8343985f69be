#include "learndock/numeric/aligned_vector.hpp"

#include <new>
#include <sys/mman.h>

namespace learndock {
namespace {

constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
/// Below this the unused end of the last huge page would be too large a share.
constexpr std::size_t kLarge = 8 * kHugePage;

std::align_val_t alignment(std::size_t bytes) {
  return std::align_val_t{bytes >= kLarge ? kHugePage : kCacheLine};
}

}  // namespace

void* allocate_aligned(std::size_t bytes) {
  void* const memory = ::operator new(bytes, alignment(bytes));
  // Only a request: a system without huge pages returns an error, and small pages suffice.
  if (bytes >= kLarge) static_cast<void>(::madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE));
  return memory;
}

void deallocate_aligned(void* memory, std::size_t bytes) { ::operator delete(memory, alignment(bytes)); }

}  // namespace learndock
