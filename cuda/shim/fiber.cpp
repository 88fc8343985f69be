#include "fiber.hpp"

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
  std::uint64_t values[2][32] = {};
  unsigned arrived = 0;
  unsigned generation = 0;
};

struct Fiber {
  ucontext_t context;
  std::unique_ptr<char[]> stack = std::make_unique_for_overwrite<char[]>(kStackBytes);
  Place place;
  bool done = false;
};

/// Runs the blocks of one host thread; fibers and their stacks are kept from block to block.
struct Executor {
  ucontext_t scheduler;
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

void switch_to_scheduler(bool last) {
  Executor& e = executor();
  Fiber* self = e.current;
#if defined(__SANITIZE_ADDRESS__)
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(last ? nullptr : &fake, e.scheduler_stack, e.scheduler_stack_bytes);
#endif
  swapcontext(&self->context, &e.scheduler);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
  static_cast<void>(last);
}

void fiber_main() {
  Executor& e = executor();
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &e.scheduler_stack, &e.scheduler_stack_bytes);
#endif
  (*e.body)();
  e.current->done = true;
  ++e.finished;
  ++e.progress;
  switch_to_scheduler(true);
}

void resume(Fiber& fiber) {
  Executor& e = executor();
  e.current = &fiber;
#if defined(__SANITIZE_ADDRESS__)
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, fiber.stack.get(), kStackBytes);
#endif
  swapcontext(&e.scheduler, &fiber.context);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

void prepare(Fiber& fiber, const Place& place) {
  fiber.place = place;
  fiber.done = false;
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
      if (!e.fibers[thread]->done) resume(*e.fibers[thread]);
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
  while (generation == e.generation) switch_to_scheduler(false);
}

const std::uint64_t* warp_exchange(std::uint64_t value) {
  Executor& e = executor();
  Warp& warp = e.warps[e.current->place.thread.x / 32];
  ++e.progress;
  const unsigned generation = warp.generation;
  // Two sets of slots: nobody can be two operations ahead of a lane that still reads.
  warp.values[generation % 2][lane()] = value;
  if (++warp.arrived == 32) {
    warp.arrived = 0;
    ++warp.generation;
  }
  while (generation == warp.generation) switch_to_scheduler(false);
  return warp.values[generation % 2];
}

}  // namespace learndock::shim
