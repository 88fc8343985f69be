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
  /// A new file in a folder of such files, the name of which is not known yet: `become` gives it one. It is
  /// locked until then, so that `remove_leftover` does not take it for a dead process's file.
  /// @errors io, no_space
  [[nodiscard]] static Result<TemporaryFile> locked_in(const std::filesystem::path& folder);
  /// Removes a file that a dead process left in such a folder; one whose writer is alive stays. @errors io
  [[nodiscard]] static Result<void> remove_leftover(const std::filesystem::path& path);
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;

  [[nodiscard]] Result<void> append(std::string_view bytes);
  [[nodiscard]] Result<void> write_at(std::string_view bytes, std::uint64_t offset);
  /// Flushes the bytes to disk.
  [[nodiscard]] Result<void> sync();
  /// Closes it and renames it over the target. The folder is not flushed. @errors io, no_space
  [[nodiscard]] Result<void> rename_over();
  /// Renames it over another target, still locked. The folder is not flushed. @errors io, no_space
  [[nodiscard]] Result<void> become(const std::filesystem::path& target);
  /// Renames it as rename_over does unless the target exists. @errors conflict, io, no_space
  [[nodiscard]] Result<void> rename_to_new();

 private:
  TemporaryFile(Descriptor file, std::filesystem::path path, std::filesystem::path target);
  Descriptor file_;
  std::filesystem::path path_;  ///< empty once it was renamed
  std::filesystem::path target_;
};

}  // namespace learndock::io
