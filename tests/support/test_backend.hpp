#pragma once

#include "learndock/compute/registry.hpp"

#include <cstdlib>
#include <map>

namespace learndock::testing {

/// The backend that tests of the layers above compute run on: LEARNDOCK_TEST_BACKEND, or `cpu`. The same
/// tests thus hold for every backend. Opened once: a device takes its time.
inline std::shared_ptr<const compute::Backend> test_backend(unsigned threads = 1) {
  static auto& opened = *new std::map<unsigned, std::shared_ptr<const compute::Backend>>;
  auto& backend = opened[threads];
  if (!backend) {
    const char* const name = std::getenv("LEARNDOCK_TEST_BACKEND");
    backend = compute::open_backend(name == nullptr ? "cpu" : name, threads).value();
  }
  return backend;
}

/// For tests that need no threads of its own.
inline const compute::Backend& backend() { return *test_backend(); }

}  // namespace learndock::testing
