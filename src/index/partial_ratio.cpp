#include "learndock/index/partial_ratio.hpp"

#include "index/utf8.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace learndock::index {
namespace {

/// Bit-parallel longest common subsequence (Hyyro 2004) against one fixed pattern.
class LcsPattern {
 public:
  explicit LcsPattern(std::u32string_view pattern)
      : words_((pattern.size() + 63) / 64), size_(pattern.size()) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      auto& mask = masks_[pattern[i]];
      mask.resize(words_, 0);
      mask[i / 64] |= std::uint64_t{1} << (i % 64);
    }
  }

  [[nodiscard]] std::size_t length_with(std::u32string_view text) const {
    std::vector<std::uint64_t> state(words_, ~std::uint64_t{0});
    for (const char32_t c : text) {
      const auto mask = masks_.find(c);
      if (mask == masks_.end()) continue;
      std::uint64_t carry = 0;
      for (std::size_t w = 0; w < words_; ++w) {
        const std::uint64_t matched = state[w] & mask->second[w];
        const std::uint64_t sum = state[w] + matched, with_carry = sum + carry;
        carry = static_cast<std::uint64_t>(sum < state[w] || with_carry < sum);
        state[w] = with_carry | (state[w] - matched);
      }
    }
    std::size_t length = 0;
    for (std::size_t w = 0; w < words_; ++w) {
      const std::size_t bits = std::min<std::size_t>(64, size_ - 64 * w);
      const std::uint64_t used = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
      length += static_cast<std::size_t>(std::popcount(~state[w] & used));
    }
    return length;
  }

 private:
  std::size_t words_, size_;
  std::unordered_map<char32_t, std::vector<std::uint64_t>> masks_;
};

double best_window(std::u32string_view shorter, std::u32string_view longer) {
  const LcsPattern pattern(shorter);
  const std::size_t m = shorter.size(), n = longer.size();
  double best = 0;
  const auto consider = [&](std::u32string_view window) {
    best = std::max(best, 200.0 * static_cast<double>(pattern.length_with(window)) /
                              static_cast<double>(m + window.size()));
  };
  for (std::size_t first = 0; first + m <= n && best < 100; ++first) consider(longer.substr(first, m));
  for (std::size_t length = 1; length < m && best < 100; ++length) {
    consider(longer.substr(0, length));
    consider(longer.substr(n - length));
  }
  return best;
}

}  // namespace

double partial_ratio(std::string_view a, std::string_view b) {
  std::u32string shorter = to_code_points(a), longer = to_code_points(b);
  if (shorter.size() > longer.size()) std::swap(shorter, longer);
  if (shorter.empty()) return longer.empty() ? 100 : 0;
  const double best = best_window(shorter, longer);
  // Of two texts of one length either may be the one that is cut.
  return shorter.size() == longer.size() ? std::max(best, best_window(longer, shorter)) : best;
}

}  // namespace learndock::index
