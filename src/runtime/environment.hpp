#pragma once

#include "learndock/base/result.hpp"

#include "io/descriptor.hpp"
#include "runtime/needs.hpp"
#include "sandbox/job.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace learndock::runtime {

/// What a package's Python runs with.
struct Environment {
  /// The folder that was made for it, in the cache; empty: it runs with the host's own Python and packages.
  std::filesystem::path folder;
  std::filesystem::path python;         ///< on the host
  std::filesystem::path python_prefix;  ///< where the Python is from that the folder's refers to
  std::string python_version;           ///< "3.11.2"
  std::string way;                      ///< "uv", "pip", "micromamba and uv", "packages of the system", ...
  std::vector<std::string> lock;        ///< "numpy==1.26.4", sorted
  std::vector<std::string> left_out;    ///< what the package asks for and could not be had
  std::vector<std::string> notes;       ///< where it differs from what the package asks for
  bool cached = false;                  ///< it was there already
  /// While this lives, the folder is not removed from the cache.
  std::shared_ptr<const io::Descriptor> in_use;

  /// SHA-256 of the Python's version and the lock.
  [[nodiscard]] std::string digest() const;
  /// The Python as a job sees it, and what of the host the job needs for it.
  [[nodiscard]] std::string python_inside() const;
  [[nodiscard]] std::vector<sandbox::Binding> bindings() const;
};

struct EnvironmentSettings {
  std::filesystem::path cache;  ///< folder of the environments; made when it is not there
  std::uint64_t cache_bytes =
      std::uint64_t{20} << 30;  ///< beyond it the least recently used environments go; as much for downloads
  /// Whether the host's own Python is taken, with the packages of the system, where they meet all needs.
  /// Nothing is installed then, and no network is needed. Where they do not, an environment is made and a
  /// note says why.
  bool use_system_packages = false;
  /// For uv and pip alike: {"--no-index", "--find-links", FOLDER}, {"--index-url", URL}.
  std::vector<std::string> index_arguments;
  /// Pythons to take, best first; empty: those of the system and of PATH.
  std::vector<std::filesystem::path> pythons;
  /// Installers and conda tools are looked for here alone, by their names; empty: beside this program and in
  /// PATH.
  std::optional<std::filesystem::path> tools;
  std::chrono::seconds patience{600};  ///< for each step of making one
  std::stop_token stop;
};

/// The environment for these needs: made once, and then taken from the cache. Only wheels are installed, so
/// that no code of a stranger runs. Several processes may ask at once.
/// @errors environment_failed, environment_tool, timeout, unavailable (stopped), io, no_space
/// @cost   some 60 ms when it is there; else what downloading and unpacking take
[[nodiscard]] Result<Environment> prepare_environment(const Needs& needs,
                                                      const EnvironmentSettings& settings);

/// The folder for environments of a user: $XDG_CACHE_HOME/learndock/environments, or that of ~/.cache.
[[nodiscard]] std::filesystem::path default_environment_cache();

}  // namespace learndock::runtime
