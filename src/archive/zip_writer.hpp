#pragma once

#include "learndock/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::archive {

/// Writes a canonical zip: the same files give the same bytes. Entries are stored uncompressed, dated
/// 1980-01-01, marked as UTF-8, with Zip64 fields only where a value needs them. The caller adds files in
/// ascending byte order of their names. Bytes go to a temporary beside the target, which `finish` renames;
/// without `finish` nothing is left.
class ZipWriter {
 public:
  /// @errors io, no_space
  [[nodiscard]] static Result<ZipWriter> create(const std::filesystem::path& target);
  ~ZipWriter();
  ZipWriter(ZipWriter&&) noexcept;
  ZipWriter& operator=(ZipWriter&&) = delete;

  /// Begins a file of exactly `bytes` bytes. @errors invalid_argument (name out of order), io, no_space
  [[nodiscard]] Result<void> begin(std::string_view name, std::uint64_t bytes);
  [[nodiscard]] Result<void> write(std::string_view bytes);
  /// @errors zip_size (other than the bytes promised to `begin`), io, no_space
  [[nodiscard]] Result<void> end();
  [[nodiscard]] Result<void> add(std::string_view name, std::string_view bytes);
  /// Writes the central directory and gives the archive its name. The bytes are not flushed to disk: the blob
  /// store flushes what it keeps. @errors io, no_space
  [[nodiscard]] Result<void> finish();

 private:
  struct State;
  explicit ZipWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace learndock::archive
