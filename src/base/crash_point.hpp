#pragma once

#include <atomic>

namespace learndock {

/// Called with the name of each crash point that is passed. Only tests set it, to kill the process there.
using CrashHook = void (*)(const char* name);
inline std::atomic<CrashHook> crash_hook = nullptr;

/// A place at which a crash would be most awkward. It does nothing unless a test has set the hook.
inline void crash_point(const char* name) {
  if (const CrashHook hook = crash_hook.load(std::memory_order_relaxed)) hook(name);
}

}  // namespace learndock
