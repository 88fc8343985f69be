#pragma once

#include "learndock/compute/registry.hpp"

#include "compute/cpu/cpu_targets.hpp"

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace learndock::testing {

/// A backend that the tables of cases compare with cpu_reference. Add new ones here.
struct Challenger {
  std::string name;
  std::function<std::shared_ptr<const compute::Backend>()> open;
};

inline std::vector<Challenger> challengers() {
  std::vector<Challenger> all = {
      {"cpu_reference", [] { return compute::open_backend("cpu_reference").value(); }},
      {"cpu_1_thread", [] { return compute::open_backend("cpu", 1).value(); }},
      {"cpu_3_threads", [] { return compute::open_backend("cpu", 3).value(); }},
  };
  for (const std::string& target : compute::usable_instruction_sets())
    all.push_back({"cpu_" + target, [target] {
                     if (!compute::limit_instruction_set(target)) std::abort();
                     return compute::open_backend("cpu", 1).value();
                   }});
  if (compute::open_backend("cuda"))
    all.push_back({"cuda", [] { return compute::open_backend("cuda").value(); }});
  return all;
}

}  // namespace learndock::testing
