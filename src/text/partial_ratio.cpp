#include "text/partial_ratio.hpp"

#include "text/code_points.hpp"
#include "text/lcs_pattern.hpp"

#include <algorithm>

namespace learndock::text {
namespace {

using Symbol = LcsPattern::Symbol;
using Symbols = std::span<const Symbol>;

/// Searches one pattern inside one text that is no shorter. `best` starts at the ratio to beat; the first
/// result may also equal it.
class WindowSearch {
 public:
  WindowSearch(LcsPattern& pattern, Symbols text, double cutoff, std::vector<std::uint32_t>& counts)
      : pattern_(pattern), text_(text), cutoff_(cutoff), counts_(counts) {}

  double run() {
    whole_windows();
    if (best_ < 100) prefixes();
    if (best_ < 100) suffixes();
    return best_;
  }

 private:
  [[nodiscard]] double value(std::size_t lcs, std::size_t window) const {
    return 200.0 * static_cast<double>(lcs) / static_cast<double>(pattern_.size() + window);
  }
  /// The least common subsequence with which a window of this length would count.
  [[nodiscard]] std::size_t needed(std::size_t window) const {
    const auto counts = [&](std::size_t lcs) {
      const double reached = value(lcs, window);
      return reached >= cutoff_ && reached > best_;
    };
    auto lcs = static_cast<std::size_t>(std::max(cutoff_, best_) / 200.0 *
                                        static_cast<double>(pattern_.size() + window));
    while (lcs > 0 && counts(lcs - 1)) --lcs;
    while (!counts(lcs)) ++lcs;
    return lcs;
  }

  void begin_counts() {
    counts_.assign(pattern_.symbols(), 0);
    overlap_ = 0;
  }
  // `overlap_`: letters the window shares with the pattern, repeats counted; no subsequence is longer.
  void add(Symbol symbol) {
    if (++counts_[symbol] <= pattern_.counts()[symbol]) ++overlap_;
  }
  void drop(Symbol symbol) {
    if (counts_[symbol]-- <= pattern_.counts()[symbol]) --overlap_;
  }

  void whole_windows() {
    const std::size_t m = pattern_.size();
    begin_counts();
    for (std::size_t i = 0; i < m; ++i) add(text_[i]);
    std::size_t need = needed(m), next = 0;
    for (std::size_t first = 0; need <= m; ++first) {
      if (first >= next && overlap_ >= need) {
        const std::size_t lcs = pattern_.length_with(text_.subspan(first, m));
        if (lcs >= need) {
          best_ = value(lcs, m);
          need = needed(m);
        }
        // Moving on by one letter lengthens the subsequence by at most one.
        next = first + (need - lcs);
      }
      if (first + m >= text_.size()) return;
      drop(text_[first]);
      add(text_[first + m]);
    }
  }

  /// Compares all beginnings shorter than the pattern in one run, if the letters of one of them may suffice.
  void prefixes() {
    begin_counts();
    std::size_t first = 1;
    for (; first < pattern_.size(); ++first) {
      add(text_[first - 1]);
      const double most = value(overlap_, first);
      if (most >= cutoff_ && most > best_) break;
    }
    if (first == pattern_.size()) return;
    pattern_.start();
    for (std::size_t length = 1; length < pattern_.size(); ++length) {
      pattern_.feed(text_[length - 1]);
      take(pattern_.length(), length);
    }
  }

  void suffixes() {
    begin_counts();
    std::size_t next = 0;
    for (std::size_t length = 1; length < pattern_.size(); ++length) {
      add(text_[text_.size() - length]);
      if (length < next) continue;
      const std::size_t need = needed(length);
      if (overlap_ < need) continue;
      const std::size_t lcs = pattern_.length_with(text_.subspan(text_.size() - length));
      take(lcs, length);
      if (lcs < need) next = length + (need - lcs);  // longer windows need no less
    }
  }

  void take(std::size_t lcs, std::size_t window) {
    const double reached = value(lcs, window);
    if (reached >= cutoff_) best_ = std::max(best_, reached);
  }

  LcsPattern& pattern_;
  Symbols text_;
  double cutoff_;
  double best_ = 0;
  std::vector<std::uint32_t>& counts_;
  std::size_t overlap_ = 0;
};

}  // namespace

struct PartialRatio::State {
  std::u32string query, text;
  LcsPattern query_pattern, text_pattern;
  std::vector<Symbol> symbols;
  std::vector<std::uint32_t> counts;

  double search(LcsPattern& pattern, std::u32string_view longer, double cutoff) {
    pattern.translate(longer, symbols);
    return WindowSearch(pattern, symbols, cutoff, counts).run();
  }
};

PartialRatio::PartialRatio(std::string_view query) : state_(std::make_unique<State>()) {
  state_->query = to_code_points(query);
  state_->query_pattern.assign(state_->query);
}

PartialRatio::~PartialRatio() = default;

double PartialRatio::against(std::string_view text, double cutoff) {
  State& s = *state_;
  to_code_points(text, s.text);
  if (s.query.empty() || s.text.empty()) return s.query.size() == s.text.size() ? 100 : 0;
  double best = 0;
  if (s.query.size() <= s.text.size()) best = s.search(s.query_pattern, s.text, cutoff);
  // If both texts have the same length, either may be the one that is cut.
  if (s.text.size() <= s.query.size() && best < 100) {
    s.text_pattern.assign(s.text);
    best = std::max(best, s.search(s.text_pattern, s.query, std::max(cutoff, best)));
  }
  return best;
}

double partial_ratio(std::string_view a, std::string_view b) { return PartialRatio(a).against(b); }

}  // namespace learndock::text
