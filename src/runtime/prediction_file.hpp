#pragma once

#include "learndock/base/result.hpp"

#include "io/temporary_file.hpp"
#include "runtime/array.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace learndock::runtime {

/// A file of answers that is written a batch at a time and appears whole: a .npy array when its name ends so,
/// else a CSV with the column "prediction" or the columns "output_0", "output_1", ...
class PredictionFile {
 public:
  /// @errors io, no_space, not_found (of the folder)
  [[nodiscard]] static Result<PredictionFile> create(const std::filesystem::path& path);

  /// @errors model_contract (other types or shapes than those of the batches before), io, no_space
  [[nodiscard]] Result<void> append(const Array& answers);
  /// Makes it appear under its name, over an older file. @errors io, no_space
  [[nodiscard]] Result<void> finish();
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  PredictionFile(io::TemporaryFile file, bool npy) : file_(std::move(file)), npy_(npy) {}
  [[nodiscard]] std::string npy_header() const;
  [[nodiscard]] std::string csv_header() const;
  [[nodiscard]] std::string csv_rows(const Array& answers) const;

  io::TemporaryFile file_;
  bool npy_;
  bool begun_ = false;
  ElementType type_ = ElementType::float32;
  std::vector<std::uint64_t> sample_;  ///< the shape of one answer
  std::uint64_t width_ = 1;            ///< its numbers
  std::uint64_t rows_ = 0;
};

}  // namespace learndock::runtime
