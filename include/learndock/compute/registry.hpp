#pragma once

#include "learndock/compute/backend.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::compute {

struct BackendInfo {
  std::string name;     ///< "cpu_reference", "cpu", "cuda"
  bool available;       ///< can be opened on this machine
  std::string details;  ///< instruction set and threads, or what exactly is missing
};

/// Every backend this build knows, whether it runs here, and why not.
[[nodiscard]] std::vector<BackendInfo> list_backends();

/// Opens a backend by name; "" or "auto" chooses the fastest CPU one.
/// @param threads  0 = all cores this process may use
/// @errors invalid_argument (unknown name), backend_unavailable (says what is missing)
[[nodiscard]] Result<std::shared_ptr<const Backend>> open_backend(std::string_view name,
                                                                  unsigned threads = 0);

}  // namespace learndock::compute
