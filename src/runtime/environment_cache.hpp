#pragma once

#include "learndock/base/result.hpp"

#include "runtime/environment.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace learndock::runtime {

/// Environments by the digest of what was asked for: a folder each, `KEY`, with `environment.json`; beside it
/// `KEY.lock`, which its users hold shared and its maker holds alone, and while it is made `KEY.building`.
class EnvironmentCache {
 public:
  explicit EnvironmentCache(const EnvironmentSettings& settings) : settings_(settings) {}

  /// Fills an empty place where the environment is made; the environment that it returns has no folder yet.
  using Maker = std::function<Result<Environment>(const std::filesystem::path& folder)>;
  /// The environment of a key; made, when it is not there, by one caller of all processes.
  /// @errors those of `make`; timeout (another process is still making it), unavailable (stopped), io,
  /// no_space
  [[nodiscard]] Result<Environment> get(const std::string& key, const Maker& make) const;
  /// Removes environments that were not used for the longest time until the rest fits, and what a killed
  /// process left half made. Those in use stay.
  void trim() const;

 private:
  using Held = std::shared_ptr<const io::Descriptor>;

  [[nodiscard]] std::filesystem::path place(const std::string& name) const { return settings_.cache / name; }
  Result<Held> hold(const std::string& key, bool alone) const;
  Result<Environment> read(const std::string& key, Held held) const;
  Result<void> build(const std::string& key, const Maker& make) const;
  bool remove(const std::string& key) const;

  const EnvironmentSettings& settings_;
};

}  // namespace learndock::runtime
