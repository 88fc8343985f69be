#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace learndock {

/// Non-owning view of a dense row-major matrix with contiguous rows.
template <class T>
class MatrixView {
 public:
  MatrixView() = default;
  MatrixView(T* data, std::size_t rows, std::size_t cols) : data_(data), rows_(rows), cols_(cols) {}
  operator MatrixView<const T>() const { return {data_, rows_, cols_}; }
  [[nodiscard]] T* data() const { return data_; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::size_t size() const { return rows_ * cols_; }
  [[nodiscard]] T& operator()(std::size_t row, std::size_t col) const {
    assert(row < rows_ && col < cols_);
    return data_[row * cols_ + col];
  }
  [[nodiscard]] std::span<T> row(std::size_t row) const { return {data_ + row * cols_, cols_}; }
  /// Rows [first, first + count).
  [[nodiscard]] MatrixView block(std::size_t first, std::size_t count) const {
    assert(first + count <= rows_);
    return {data_ + first * cols_, count, cols_};
  }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

/// Owning dense row-major matrix.
template <class T>
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t cols) : rows_(rows), cols_(cols), values_(rows * cols) {}
  Matrix(std::size_t rows, std::size_t cols, std::vector<T> values)
      : rows_(rows), cols_(cols), values_(std::move(values)) {
    assert(values_.size() == rows * cols);
  }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] T& operator()(std::size_t row, std::size_t col) { return values_[row * cols_ + col]; }
  [[nodiscard]] const T& operator()(std::size_t row, std::size_t col) const {
    return values_[row * cols_ + col];
  }
  [[nodiscard]] std::span<T> row(std::size_t row) { return {values_.data() + row * cols_, cols_}; }
  [[nodiscard]] std::span<const T> row(std::size_t row) const {
    return {values_.data() + row * cols_, cols_};
  }
  [[nodiscard]] std::vector<T>& values() { return values_; }
  [[nodiscard]] const std::vector<T>& values() const { return values_; }
  [[nodiscard]] MatrixView<T> view() { return {values_.data(), rows_, cols_}; }
  [[nodiscard]] MatrixView<const T> view() const { return {values_.data(), rows_, cols_}; }
  bool operator==(const Matrix&) const = default;

 private:
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  std::vector<T> values_;
};

}  // namespace learndock
