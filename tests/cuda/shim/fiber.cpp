// Fortified longjmp takes another stack for a stack frame that is gone.
#undef _FORTIFY_SOURCE
#include "fiber.hpp"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ucontext.h>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace learndock::shim {
namespace {

constexpr std::size_t kStackBytes = 128 * 1024;

struct Warp {
  WarpValues values[2] = {};
  unsigned arrived = 0;
  unsigned generation = 0;
};

/// Once begun, a fiber runs one device thread after the other, so that starting a block makes no context.
struct Fiber {
  ucontext_t context;
  std::jmp_buf jump;
  std::unique_ptr<char[]> stack = std::make_unique_for_overwrite<char[]>(kStackBytes);
  Place place;
  bool begun = false, done = false;
};

/// Runs the blocks of one host thread; fibers and their stacks are kept from block to block.
struct Executor {
  ucontext_t scheduler;
  std::jmp_buf scheduler_jump;
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<Warp> warps;
  std::vector<char> shared;
  const std::function<void()>* body = nullptr;
  std::size_t threads = 0, finished = 0, arrived = 0, progress = 0;
  unsigned generation = 0;
  Fiber* current = nullptr;
  const void* scheduler_stack = nullptr;
  std::size_t scheduler_stack_bytes = 0;
};

Executor& executor() {
  thread_local Executor instance;
  return instance;
}

[[noreturn]] void give_up(const char* reason) {
  std::fprintf(stderr, "CUDA shim: %s\n", reason);
  std::abort();
}

#if defined(__SANITIZE_ADDRESS__)

// The sanitizer follows stacks only through swapcontext.
void switch_to_scheduler() {
  Executor& e = executor();
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, e.scheduler_stack, e.scheduler_stack_bytes);
  swapcontext(&e.current->context, &e.scheduler);
  __sanitizer_finish_switch_fiber(fake, &e.scheduler_stack, &e.scheduler_stack_bytes);
}
void switch_to(Fiber& fiber) {
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, fiber.stack.get(), kStackBytes);
  swapcontext(&executor().scheduler, &fiber.context);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
}
void arrived_in_fiber() {
  Executor& e = executor();
  __sanitizer_finish_switch_fiber(nullptr, &e.scheduler_stack, &e.scheduler_stack_bytes);
}

#else

// swapcontext asks the kernel for the signal mask each time, which would be most of a test's time.
void switch_to_scheduler() {
  Executor& e = executor();
  if (_setjmp(e.current->jump) == 0) std::longjmp(e.scheduler_jump, 1);
}
void switch_to(Fiber& fiber) {
  Executor& e = executor();
  if (_setjmp(e.scheduler_jump) != 0) return;
  if (fiber.begun) std::longjmp(fiber.jump, 1);
  setcontext(&fiber.context);
}
void arrived_in_fiber() {}

#endif

void fiber_main() {
  Executor& e = executor();
  arrived_in_fiber();
  e.current->begun = true;
  while (true) {
    (*e.body)();
    e.current->done = true;
    ++e.finished;
    ++e.progress;
    switch_to_scheduler();
  }
}

void prepare(Fiber& fiber, const Place& place) {
  fiber.place = place;
  fiber.done = false;
  if (fiber.begun) return;
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack.get();
  fiber.context.uc_stack.ss_size = kStackBytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, fiber_main, 0);
}

void run_block(Place place, std::size_t shared_bytes) {
  Executor& e = executor();
  e.threads = place.block_size.x;
  e.finished = e.arrived = 0;
  e.warps.assign((e.threads + 31) / 32, {});
  // All bits set is a NaN: reading shared memory before writing it spoils the result visibly.
  e.shared.assign(shared_bytes + 64, '\xff');
  while (e.fibers.size() < e.threads) e.fibers.push_back(std::make_unique<Fiber>());
  for (unsigned thread = 0; thread < e.threads; ++thread) {
    place.thread = dim3(thread);
    prepare(*e.fibers[thread], place);
  }
  while (e.finished < e.threads) {
    const std::size_t before = e.progress;
    for (std::size_t thread = 0; thread < e.threads; ++thread)
      if (!e.fibers[thread]->done) {
        e.current = e.fibers[thread].get();
        switch_to(*e.current);
      }
    if (e.progress == before) give_up("the threads of a block wait for each other at different barriers");
  }
}

}  // namespace

const Place& place() { return executor().current->place; }

void* dynamic_shared() {
  const auto address = reinterpret_cast<std::uintptr_t>(executor().shared.data());
  return executor().shared.data() + (64 - address % 64) % 64;
}

void run_grid(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& body) {
  if (grid.y != 1 || grid.z != 1 || block.y != 1 || block.z != 1 || block.x % 32 != 0 || block.x == 0 ||
      block.x > 1024)
    give_up("only one-dimensional launches of whole warps");
  if (shared_bytes > 48 * 1024) give_up("a launch asks for more shared memory than every device has");
  Executor& e = executor();
  e.body = &body;
  for (unsigned index = 0; index < grid.x; ++index) run_block({{}, dim3(index), block, grid}, shared_bytes);
}

void sync_threads() {
  Executor& e = executor();
  if (e.finished != 0) give_up("a thread left the block before a barrier");
  ++e.progress;
  const unsigned generation = e.generation;
  if (++e.arrived == e.threads) {
    e.arrived = 0;
    ++e.generation;
  }
  while (generation == e.generation) switch_to_scheduler();
}

const WarpValues& warp_exchange(const std::uint64_t* values, unsigned count) {
  Executor& e = executor();
  Warp& warp = e.warps[e.current->place.thread.x / 32];
  ++e.progress;
  const unsigned generation = warp.generation;
  // Two sets of slots: no one can be two operations ahead of a lane that still reads.
  for (unsigned i = 0; i < count; ++i) warp.values[generation % 2][i][lane()] = values[i];
  if (++warp.arrived == 32) {
    warp.arrived = 0;
    ++warp.generation;
  }
  while (generation == warp.generation) switch_to_scheduler();
  return warp.values[generation % 2];
}

}  // namespace learndock::shim
