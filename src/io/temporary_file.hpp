#pragma once

#include "learndock/base/result.hpp"

#include "io/descriptor.hpp"
#include "io/file_rights.hpp"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace learndock::io {

/// A new empty file "TARGET.PID.COUNT.tmp" beside the file that it will become. It is removed at the end of
/// its life unless it was renamed. Errors name the target: the temporary's name would tell the caller
/// nothing.
class TemporaryFile {
 public:
  /// @errors io, no_space, not_found (of the folder)
  [[nodiscard]] static Result<TemporaryFile> beside(const std::filesystem::path& target,
                                                    mode_t mode = kOwnerFile);
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;

  [[nodiscard]] Result<void> append(std::string_view bytes);
  [[nodiscard]] Result<void> write_at(std::string_view bytes, std::uint64_t offset);
  /// Flushes the bytes to disk.
  [[nodiscard]] Result<void> sync();
  /// Closes it and renames it over the target. The folder is not flushed. @errors io, no_space
  [[nodiscard]] Result<void> rename_over();
  /// The same unless the target exists. @errors conflict, io, no_space
  [[nodiscard]] Result<void> rename_to_new();

 private:
  TemporaryFile(Descriptor file, std::filesystem::path path, std::filesystem::path target);
  Descriptor file_;
  std::filesystem::path path_;  ///< empty once it was renamed
  std::filesystem::path target_;
};

}  // namespace learndock::io
