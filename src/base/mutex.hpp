#pragma once

#include <mutex>

// Clang checks at compile time that a guarded member is used only by who holds its mutex, and that mutexes
// are taken in their order (-Wthread-safety); for other compilers these say nothing.
#if defined(__clang__)
#define LEARNDOCK_THREAD_RULE(rule) __attribute__((rule))
#else
#define LEARNDOCK_THREAD_RULE(rule)
#endif
#define LEARNDOCK_GUARDED_BY(mutex) LEARNDOCK_THREAD_RULE(guarded_by(mutex))
#define LEARNDOCK_REQUIRES(mutex) LEARNDOCK_THREAD_RULE(requires_capability(mutex))
#define LEARNDOCK_EXCLUDES(...) LEARNDOCK_THREAD_RULE(locks_excluded(__VA_ARGS__))
#define LEARNDOCK_RETURNS(mutex) LEARNDOCK_THREAD_RULE(lock_returned(mutex))
#define LEARNDOCK_BEFORE(...) LEARNDOCK_THREAD_RULE(acquired_before(__VA_ARGS__))

namespace learndock {

/// std::mutex with the name that the check needs.
class LEARNDOCK_THREAD_RULE(capability("mutex")) Mutex {
 public:
  void lock() LEARNDOCK_THREAD_RULE(acquire_capability()) { mutex_.lock(); }
  void unlock() LEARNDOCK_THREAD_RULE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a mutex until the end of its scope.
class LEARNDOCK_THREAD_RULE(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) LEARNDOCK_THREAD_RULE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~Lock() LEARNDOCK_THREAD_RULE(release_capability()) { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace learndock
