#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"

#include "base/mutex.hpp"

#include <map>
#include <memory>
#include <string>

namespace learndock::dock {

/// The backends of an open dock: its own, and others that searches asked for, which stay open: opening a
/// device takes longer than a search.
/// @threads  safe to call concurrently; no other lock is taken while its own is held
class Backends {
 public:
  Backends(std::shared_ptr<const compute::Backend> own, unsigned threads);

  [[nodiscard]] const std::shared_ptr<const compute::Backend>& own() const { return own_; }
  /// @param name  "" = the dock's own @errors as open_backend
  [[nodiscard]] Result<std::shared_ptr<const compute::Backend>> named(const std::string& name)
      LEARNDOCK_EXCLUDES(asking_);

 private:
  const std::shared_ptr<const compute::Backend> own_;
  const unsigned threads_;
  Mutex asking_;
  std::map<std::string, std::shared_ptr<const compute::Backend>> asked_ LEARNDOCK_GUARDED_BY(asking_);
};

}  // namespace learndock::dock
