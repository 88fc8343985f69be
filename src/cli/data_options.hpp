#pragma once

#include "learndock/sketch/reducer.hpp"

#include "cli/table_flags.hpp"
#include "cli/terminal/command.hpp"

#include <optional>
#include <string>
#include <vector>

namespace learndock::cli {

/// A user's data and the options for sketching them; shared by `spec make` and `search --data`.
struct DataOptions {
  std::string data;
  TableFlags table;
  std::string type = "table";
  std::string gamma = "0.1";
  std::string method = "joint";
  std::string backend;
  std::size_t points = 100;
  std::uint32_t scales = 1;
  std::size_t min_cluster = 1;
  std::optional<double> dp_epsilon, dp_delta, dp_bound;
  std::uint64_t seed = 0;
};

/// The value of --gamma: a number, or none for "auto". @errors usage
[[nodiscard]] Result<std::optional<double>> parse_gamma(const std::string& text);

void add_data_options(CLI::App& command, DataOptions& options, bool required);

struct SketchedData {
  sketch::ReducedData reduced;
  double seconds = 0;
  std::vector<std::string> columns;  ///< the names of the features; empty when they have none
  Warnings warnings;                 ///< all that the user should know of the data
};
[[nodiscard]] Result<SketchedData> sketch(const DataOptions& options, bool measure);

/// Reads a specification file, JSON or binary.
[[nodiscard]] Result<specification::RkmeSpecification> read_specification(const std::string& path);

}  // namespace learndock::cli
