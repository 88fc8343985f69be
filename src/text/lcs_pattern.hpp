#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace learndock::text {

/// Bit-parallel longest common subsequence (Hyyro 2004) against one pattern at a time. Buffers are reused.
class LcsPattern {
 public:
  /// Symbol 0 stands for every letter that the pattern lacks.
  using Symbol = std::uint32_t;

  void assign(std::u32string_view pattern);
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t symbols() const { return counts_.size(); }
  /// How often each symbol occurs in the pattern; 0 for symbol 0.
  [[nodiscard]] const std::vector<std::uint32_t>& counts() const { return counts_; }
  void translate(std::u32string_view text, std::vector<Symbol>& out) const;

  /// Begins a run over a text, symbol by symbol; `length` may be called after each.
  void start();
  void feed(Symbol symbol);
  [[nodiscard]] std::size_t length() const;

  [[nodiscard]] std::size_t length_with(std::span<const Symbol> text);

 private:
  [[nodiscard]] Symbol symbol_of(char32_t point) const;

  std::size_t words_ = 0, size_ = 0;
  std::array<Symbol, 128> ascii_{};
  std::unordered_map<char32_t, Symbol> others_;
  std::vector<std::uint32_t> counts_;
  std::vector<std::uint64_t> masks_;  // words_ masks for each symbol
  std::vector<std::uint64_t> state_;
};

}  // namespace learndock::text
