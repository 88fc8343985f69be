#pragma once

#include "learndock/compute/backend.hpp"

#include "engine/part/packed_sets_cache.hpp"
#include "engine/search/certified_search.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace learndock::engine {

/// More points than any reduced set has. Bounds of the rounding of sums over a set's points use it.
inline constexpr std::size_t kLargestSet = 65'536;
/// The error that storing a product as a float adds, per unit of both weights.
inline constexpr double kRoundedToFloat = 0x1p-23;

/// True for errors that mean that fast products are unavailable: values that fp32 cannot represent, or no
/// room on a device. The caller then falls back to fp64 bounds.
[[nodiscard]] inline bool is_no_use(ErrorCode of_products) {
  return of_products == ErrorCode::invalid_argument || of_products == ErrorCode::device_memory;
}

/// The number of a learnware's row in one table of products. A table has rows for items of several parts.
using TableRow = StrongNumber<struct TableRowKind, std::uint64_t>;

/// A learnware that a row of a table stands for.
struct ItemRow {
  std::size_t part = 0;
  PartItem item;
};

/// Inner products of all allowed learnwares with some sets: a row for each learnware, a column for each set.
/// A backend computes them in fp32 with known errors. If bounds tell too few learnwares apart, all products
/// in one pass cost less than one at a time. Packed reduced sets are kept with their parts for the next
/// table, as far as memory allows.
class CrossTermTable {
 public:
  using Duration = std::chrono::steady_clock::duration;

  /// @param kept_bytes the most bytes of packed sets that all tables of the process together keep; none:
  /// most_kept
  CrossTermTable(std::span<const FilteredPart> parts, const compute::Backend& backend, unsigned threads,
                 std::optional<std::size_t> kept_bytes = {});

  /// The time that packing takes before the first column, as far as it can be known. @cost taking a few sets
  [[nodiscard]] Result<Duration> packing_time();
  /// Adds a column for each set. Several sets in one call share the reading of the packed sets, which for
  /// small sets costs more than the arithmetic.
  /// @return false: the deadline came first, or would before the end of the next step, and no columns are
  /// added
  /// @errors corrupt; invalid_argument (values beyond fp32); of the backend
  [[nodiscard]] Result<bool> add(std::span<const compute::ReducedSetView> sets, const Deadline& deadline);

  [[nodiscard]] std::size_t columns() const { return columns_.size(); }
  [[nodiscard]] const std::vector<ItemRow>& rows() const { return rows_; }
  [[nodiscard]] std::span<const float> values(std::size_t column) const { return columns_[column].values; }

  /// A weighted sum of the columns for each row, and how far it may be off.
  struct Sums {
    std::vector<double> values;  ///< [rows]
    std::vector<double> errors;  ///< [rows]
  };
  /// @param factors  [columns]
  [[nodiscard]] Sums sums(std::span<const double> factors) const;

 private:
  /// Consecutive rows of one part that are packed and multiplied together.
  struct RowBatch {
    std::size_t part = 0, number = 0;  // `number`: of the packed batch in its part
    TableRow first;
    std::size_t count = 0;  // rows
    double mass = 0;
    bool whole = false;                              // `packed` has all items, not only allowed ones
    std::shared_ptr<const PackedBatch> packed = {};  // null: packed again for every column

    [[nodiscard]] TableRow end() const { return TableRow::at(first.index() + count); }
  };
  struct Column {
    std::vector<float> values;   // [rows]
    std::vector<double> errors;  // [batches]
  };

  void add_rows(std::size_t part);
  [[nodiscard]] bool packed_whole(const RowBatch& batch) const;
  [[nodiscard]] std::size_t items_to_pack(const RowBatch& batch) const;
  /// The time that packing these batches side by side will take, as far as it can be known.
  [[nodiscard]] Result<Duration> packing_time(std::span<const RowBatch> group);
  [[nodiscard]] Result<void> pack(std::span<RowBatch> group);
  [[nodiscard]] Result<void> pack(RowBatch& batch) const;
  [[nodiscard]] const ItemRow& at(TableRow row) const { return rows_[row.index()]; }
  [[nodiscard]] std::vector<PartItem> items_of(const RowBatch& batch) const;
  [[nodiscard]] std::size_t place_of(const RowBatch& batch, TableRow row) const;
  /// The batch's rows of `columns`, one for each set. @return false: the deadline came first @errors as add
  [[nodiscard]] Result<bool> multiply(std::size_t number, std::span<const compute::ReducedSetView> sets,
                                      std::span<Column> columns, const Deadline& deadline) const;
  [[nodiscard]] Result<bool> multiply_in_time(const PackedBatch& packed,
                                              std::span<const compute::ReducedSetView> sets,
                                              MatrixView<double> products, const Deadline& deadline) const;
  [[nodiscard]] Result<void> multiply_far(const RowBatch& batch,
                                          std::span<const compute::ReducedSetView> sets,
                                          MatrixView<double> products) const;
  [[nodiscard]] double error_of(const RowBatch& batch, const compute::ReducedSetView& set) const;

  std::span<const FilteredPart> parts_;
  const compute::Backend& backend_;
  unsigned threads_;
  std::size_t kept_bytes_, batch_items_;
  std::vector<ItemRow> rows_;
  std::vector<RowBatch> batches_;
  std::vector<Column> columns_;
  // The longest times so far; zero: none yet.
  Duration pack_each_{};      // an item
  Duration multiply_each_{};  // an item by a set
  Duration tried_each_{};     // packing an item, from taking a few sets; zero: not tried yet
};

}  // namespace learndock::engine
