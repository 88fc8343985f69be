// Counts what operator new hands out. Replaces it for the whole program: include this in one file of it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace learndock::testing {

inline std::atomic<std::size_t> allocated_now{0}, allocated_most{0};

/// The most memory that was allocated at one time since this object was made, beyond what was then.
class AllocationPeak {
 public:
  AllocationPeak() : before_(allocated_now) { allocated_most = before_; }
  [[nodiscard]] std::size_t bytes() const { return allocated_most - before_; }

 private:
  std::size_t before_;
};

}  // namespace learndock::testing

void* operator new(std::size_t bytes) {
  void* const memory = std::malloc(bytes > 0 ? bytes : 1);
  if (memory == nullptr) throw std::bad_alloc();
  using namespace learndock::testing;
  const std::size_t now = allocated_now += ::malloc_usable_size(memory);
  std::size_t most = allocated_most;
  while (now > most && !allocated_most.compare_exchange_weak(most, now)) {
  }
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  learndock::testing::allocated_now -= ::malloc_usable_size(memory);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { ::operator delete(memory); }
