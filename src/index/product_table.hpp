#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/index/certified_search.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace learndock::index {

/// Inner products of all allowed learnwares with some sets: a row for each learnware, a column for each set,
/// computed by a backend in fp32 with known errors. Where bounds tell too few learnwares apart, all products
/// in one pass cost less than one at a time.
class ProductTable {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  struct Row {
    std::size_t part = 0, item = 0;
  };

  /// Packed sets that all tables of the process together keep from one column to the next; the rest is packed
  /// again.
  static constexpr std::size_t kKeptBytes = std::size_t{512} << 20;

  /// @param centre      [dimension] near the middle of the data
  /// @param kept_bytes  what this table may keep at most
  ProductTable(std::span<const FilteredPart> parts, std::vector<double> centre,
               const compute::Backend& backend, unsigned threads, std::size_t kept_bytes = kKeptBytes);
  ~ProductTable();
  ProductTable(const ProductTable&) = delete;
  ProductTable& operator=(const ProductTable&) = delete;

  /// Adds a column.
  /// @return false: the deadline came first, and there is no column
  /// @errors corrupt; invalid_argument (values beyond fp32); of the backend
  [[nodiscard]] Result<bool> add(const compute::ReducedSetView& set, const Deadline& deadline);

  [[nodiscard]] std::size_t columns() const { return columns_.size(); }
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  [[nodiscard]] std::span<const float> values(std::size_t column) const { return columns_[column].values; }

  /// What a weighted sum of the columns gives for each row, and how far that may be off.
  struct Sums {
    std::vector<double> values;  ///< [rows]
    std::vector<double> errors;  ///< [rows]
  };
  /// @param factors  [columns]
  [[nodiscard]] Sums sums(std::span<const double> factors) const;

 private:
  /// Rows that are packed and multiplied together.
  struct Chunk {
    std::size_t first = 0, count = 0;
    double mass = 0;
    double radius = 0;                  // of all but the far ones
    std::vector<std::size_t> far = {};  // rows of the chunk that fp32 cannot hold: their products are fp64
    std::shared_ptr<const compute::PackedSets> packed = {};  // null: made anew for every column
    std::shared_ptr<const compute::HeldSets> held = {};      // after `packed`, whose memory it uses
    bool kept = false;                                       // from one column to the next
  };
  struct Column {
    std::vector<float> values;   // [rows]
    std::vector<double> errors;  // [chunks]
  };

  [[nodiscard]] Result<void> pack(Chunk& chunk) const;
  /// @param memory  one for each view, which may use it
  [[nodiscard]] Result<std::vector<compute::ReducedSetView>> sets_of(
      const Chunk& chunk, std::vector<std::vector<double>>& memory) const;
  [[nodiscard]] Result<void> multiply(Chunk& chunk, const compute::ReducedSetView& set,
                                      std::span<float> out) const;
  void let_go(std::span<Chunk> chunks);

  std::span<const FilteredPart> parts_;
  std::vector<double> centre_;
  const compute::Backend& backend_;
  unsigned threads_;
  std::vector<Row> rows_;
  std::vector<Chunk> chunks_;
  std::size_t most_kept_, kept_ = 0;  // bytes
  std::vector<Column> columns_;
};

}  // namespace learndock::index
