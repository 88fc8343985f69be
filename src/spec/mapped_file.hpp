#pragma once

#include "learndock/base/result.hpp"

#include <filesystem>
#include <memory>
#include <string_view>

namespace learndock::spec {

/// A whole regular file as read-only memory.
class MappedFile {
 public:
  /// @errors not_found, io
  [[nodiscard]] static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes_;
};

}  // namespace learndock::spec
