#pragma once

#include "learndock/base/result.hpp"
#include "learndock/base/warning.hpp"
#include "learndock/sketch/table.hpp"

#include "runtime/model_runner.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace learndock::runtime {

struct PredictProgress {
  std::uint64_t rows = 0;                 ///< answered so far
  std::optional<std::uint64_t> all_rows;  ///< nothing: not known before the end
  double done = 0;                        ///< the part of the input that was read, 0 to 1
};

struct PredictOptions {
  sketch::TableOptions table;
  std::size_t batch_bytes = std::size_t{4}
                            << 20;  ///< of one request; larger ones need more memory and fewer calls
  std::size_t batch_rows = 0;       ///< 0: as many as `batch_bytes` allow
  std::function<void(const PredictProgress&)> progress;
  std::stop_token stop;
};

struct Predicted {
  std::uint64_t rows = 0;
  std::vector<std::uint64_t> answer_shape;  ///< of one sample
  Warnings warnings;                        ///< about the table
  std::string runtime;                      ///< as in `ModelFacts`
};

/// Answers each row of a table by a model, batch after batch, and writes the answers to a file, which appears
/// when it is complete. Memory does not grow with the number of rows where the table can be read in blocks
/// (`sketch::TableBlocks`).
/// @param out  ".npy" makes an array, any other name a CSV
/// @errors table_*, model_*, sandbox_*, io, no_space, unavailable (stopped)
[[nodiscard]] Result<Predicted> predict_table(ModelRunner& runner, const std::filesystem::path& data,
                                              const std::filesystem::path& out,
                                              const PredictOptions& options = {});

}  // namespace learndock::runtime
