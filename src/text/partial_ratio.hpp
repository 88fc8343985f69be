#pragma once

#include <memory>
#include <string_view>

namespace learndock::text {

/// Best alignment of the shorter text inside the longer one, 0..100: the maximum over substrings s of the
/// longer text of 200 * LCS(shorter, s) / (|shorter| + |s|) (normalised Indel similarity), in code points.
/// Two empty texts give 100, one empty text 0. Windows of the shorter text's length and the shorter ones at
/// both ends are compared, as fuzzy matching libraries do.
/// @cost at most |longer| * |shorter| * |shorter| / 64; windows that share too few letters with the shorter
/// text, or follow one that is too far off, cost one step each
[[nodiscard]] double partial_ratio(std::string_view a, std::string_view b);

/// The same for one text against many: it is decoded once and buffers are kept. @threads one at a time
class PartialRatio {
 public:
  explicit PartialRatio(std::string_view query);
  ~PartialRatio();
  PartialRatio(const PartialRatio&) = delete;
  PartialRatio& operator=(const PartialRatio&) = delete;

  /// partial_ratio(query, text) where that is at least `cutoff`, else 0; the higher the cut, the cheaper.
  [[nodiscard]] double against(std::string_view text, double cutoff = 0);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace learndock::text
