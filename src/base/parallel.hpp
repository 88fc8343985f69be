#pragma once

#include <cstddef>
#include <functional>

namespace learndock {

/// Runs task(0) ... task(count - 1), each once, on up to `threads` threads (the caller's is one of them).
/// Tasks are taken in order; results must not depend on which thread runs which. Returns when all are done.
/// When a task throws, no further one is begun, and its exception is thrown once all that were begun are
/// done.
void run_tasks(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& task);

/// Ends the threads that wait to help; the next call starts others. Call it before a fork when the child
/// needs helpers too; without it the child works alone. No thread may be inside run_tasks.
void end_helpers();

/// Cores this process may use.
[[nodiscard]] unsigned usable_cores();

}  // namespace learndock
