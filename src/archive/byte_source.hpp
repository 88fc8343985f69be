#pragma once

#include "learndock/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace learndock::archive {

/// Receives bytes in pieces, in order; its failure stops the sender.
using Sink = std::function<Result<void>(std::string_view)>;

/// Bytes readable at any position. Reads go through pread, not a memory map, because a map of a file that
/// another process shortens would end the dock with a signal.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Fills all of `out`. @errors io; zip_truncated when the bytes are not there
  [[nodiscard]] virtual Result<void> read(std::uint64_t offset, std::span<char> out) const = 0;
};

/// A regular file, followed if it is a link. @errors not_found, io
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_file_source(const std::filesystem::path& path);
/// A source over bytes that the caller keeps alive.
[[nodiscard]] std::unique_ptr<ByteSource> memory_source(std::string_view bytes);

}  // namespace learndock::archive
