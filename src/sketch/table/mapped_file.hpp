#pragma once

#include "learndock/base/result.hpp"

#include "io/mapped_memory.hpp"

#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

namespace learndock::sketch {

/// A whole regular file as read-only memory.
class MappedFile {
 public:
  /// @errors not_found, io
  [[nodiscard]] static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);

  [[nodiscard]] std::string_view bytes() const {
    return {reinterpret_cast<const char*>(memory_.bytes().data()), memory_.bytes().size()};
  }
  /// The first `bytes` are not needed for now and leave the memory.
  void forget(std::size_t bytes) const { memory_.forget(bytes); }
  /// Checks that the bytes read so far were the file's. Call it before you use them.
  /// @errors io (the file was shortened meanwhile, or its disk failed)
  [[nodiscard]] Result<void> intact() const;

 private:
  explicit MappedFile(io::MappedMemory memory) : memory_(std::move(memory)) {}
  io::MappedMemory memory_;
};

}  // namespace learndock::sketch
