#include "dock/backends.hpp"

#include "learndock/compute/registry.hpp"

#include <utility>

namespace learndock::dock {

Backends::Backends(std::shared_ptr<const compute::Backend> own, unsigned threads)
    : own_(std::move(own)), threads_(threads) {}

Result<std::shared_ptr<const compute::Backend>> Backends::named(const std::string& name) {
  if (name.empty() || name == own_->name()) return own_;
  const Lock held(asking_);
  std::shared_ptr<const compute::Backend>& known = asked_[name];
  if (!known) {
    auto opened = compute::open_backend(name, threads_);
    if (!opened) {
      asked_.erase(name);
      return Failure(std::move(opened).error());
    }
    // By another name ("auto") it may be the dock's own.
    known = (*opened)->name() == own_->name() ? own_ : std::move(*opened);
  }
  return known;
}

}  // namespace learndock::dock
