#include "text/lcs_pattern.hpp"

#include <algorithm>
#include <bit>

namespace learndock::text {

LcsPattern::Symbol LcsPattern::symbol_of(char32_t point) const {
  if (point < ascii_.size()) return ascii_[point];
  const auto found = others_.find(point);
  return found == others_.end() ? 0 : found->second;
}

void LcsPattern::assign(std::u32string_view pattern) {
  size_ = pattern.size();
  words_ = (size_ + 63) / 64;
  ascii_.fill(0);
  others_.clear();
  counts_.assign(1, 0);
  masks_.assign(words_, 0);
  for (std::size_t i = 0; i < size_; ++i) {
    Symbol symbol = symbol_of(pattern[i]);
    if (symbol == 0) {
      symbol = static_cast<Symbol>(counts_.size());
      (pattern[i] < ascii_.size() ? ascii_[pattern[i]] : others_[pattern[i]]) = symbol;
      counts_.push_back(0);
      masks_.resize(masks_.size() + words_, 0);
    }
    ++counts_[symbol];
    masks_[symbol * words_ + i / 64] |= std::uint64_t{1} << (i % 64);
  }
}

void LcsPattern::translate(std::u32string_view text, std::vector<Symbol>& out) const {
  out.resize(text.size());
  std::transform(text.begin(), text.end(), out.begin(), [this](char32_t point) { return symbol_of(point); });
}

void LcsPattern::start() { state_.assign(words_, ~std::uint64_t{0}); }

void LcsPattern::feed(Symbol symbol) {
  if (symbol == 0) return;
  const std::uint64_t* mask = masks_.data() + symbol * words_;
  std::uint64_t carry = 0;
  for (std::size_t w = 0; w < words_; ++w) {
    const std::uint64_t matched = state_[w] & mask[w];
    const std::uint64_t sum = state_[w] + matched, with_carry = sum + carry;
    carry = static_cast<std::uint64_t>(sum < matched || with_carry < sum);
    state_[w] = with_carry | (state_[w] - matched);
  }
}

std::size_t LcsPattern::length() const {
  std::size_t length = 0;
  for (std::size_t w = 0; w < words_; ++w) {
    const std::size_t bits = std::min<std::size_t>(64, size_ - 64 * w);
    const std::uint64_t used = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    length += static_cast<std::size_t>(std::popcount(~state_[w] & used));
  }
  return length;
}

std::size_t LcsPattern::length_with(std::span<const Symbol> text) {
  start();
  for (const Symbol symbol : text) feed(symbol);
  return length();
}

}  // namespace learndock::text
