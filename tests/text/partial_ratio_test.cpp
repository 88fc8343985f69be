#include "text/partial_ratio.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace learndock::text {
namespace {

/// The definition by brute force: every window, plain dynamic-programming LCS.
double by_definition(std::string a, std::string b) {
  const auto lcs = [](const std::string& x, const std::string& y) {
    std::vector<std::vector<int>> table(x.size() + 1, std::vector<int>(y.size() + 1, 0));
    for (std::size_t i = 1; i <= x.size(); ++i)
      for (std::size_t j = 1; j <= y.size(); ++j)
        table[i][j] =
            x[i - 1] == y[j - 1] ? table[i - 1][j - 1] + 1 : std::max(table[i - 1][j], table[i][j - 1]);
    return table[x.size()][y.size()];
  };
  if (a.size() > b.size()) std::swap(a, b);
  if (a.empty()) return b.empty() ? 100 : 0;
  double best = 0;
  for (std::size_t first = 0; first < b.size(); ++first)
    for (std::size_t length = 1; length <= a.size() && first + length <= b.size(); ++length)
      best = std::max(best, 200.0 * lcs(a, b.substr(first, length)) / static_cast<double>(a.size() + length));
  return best;
}

TEST(PartialRatio, HandComputed) {
  EXPECT_EQ(partial_ratio("cat", "the cat sat"), 100);
  EXPECT_EQ(partial_ratio("", ""), 100);
  EXPECT_EQ(partial_ratio("", "x"), 0);
  EXPECT_EQ(partial_ratio("abc", "xyz"), 0);
  EXPECT_NEAR(partial_ratio("abcd", "xxabxdxx"), 75, 1e-12);  // window "abxd": LCS 3 of 4 and 4
  EXPECT_EQ(partial_ratio("é", "café"), 100) << "code points, not bytes";
}

TEST(PartialRatio, WindowsOfFullLengthAndAtTheEndsReachTheBestOfAllWindows) {
  // Shorter windows inside the longer text never beat these by the definition of the libraries; here they are
  // compared with all windows, which bounds the result from above, and must be found exactly whenever the
  // best window is at an end.
  std::mt19937 random(3);
  int equal = 0;
  for (int round = 0; round < 400; ++round) {
    std::string a(1 + random() % 6, 'a'), b(1 + random() % 12, 'a');
    for (char& c : a) c = static_cast<char>('a' + random() % 3);
    for (char& c : b) c = static_cast<char>('a' + random() % 3);
    double bound = by_definition(a, b);
    if (a.size() == b.size()) bound = std::max(bound, by_definition(b, a));  // either may be cut
    const double have = partial_ratio(a, b);
    EXPECT_LE(have, bound + 1e-12) << a << " " << b;
    EXPECT_DOUBLE_EQ(have, partial_ratio(b, a));
    equal += have > bound - 1e-12;
  }
  EXPECT_GT(equal, 300) << "the windows compared should mostly reach the bound";
}

TEST(PartialRatio, PatternsLongerThanAWord) {
  const std::string pattern(130, 'x');
  EXPECT_EQ(partial_ratio(pattern, "yy" + pattern + "zz"), 100);
  EXPECT_NEAR(partial_ratio(pattern, std::string(65, 'y') + std::string(65, 'x') + std::string(200, 'y')),
              200.0 * 65 / 260, 1e-9);
}

struct Recorded {
  const char* a;
  const char* b;
  double value;
};
const Recorded kRecorded[] = {
#include "partial_ratio_recorded.inc"
};

TEST(PartialRatio, AgreesWithRecordedValues) {
  ASSERT_GE(std::size(kRecorded), 200u);
  for (const Recorded& row : kRecorded)
    EXPECT_NEAR(partial_ratio(row.a, row.b), row.value, 1e-9) << row.a << " | " << row.b;
}

/// The windows that count, each compared from scratch: no pruning, no cut.
double plain(const std::string& a, const std::string& b) {
  const std::string &s = a.size() <= b.size() ? a : b, &l = a.size() <= b.size() ? b : a;
  if (s.empty()) return l.empty() ? 100 : 0;
  const auto value = [&](const std::string& window) {
    std::vector<std::size_t> row(window.size() + 1, 0);
    for (const char c : s) {
      std::size_t diagonal = 0;
      for (std::size_t j = 1; j <= window.size(); ++j) {
        const std::size_t above = row[j];
        row[j] = c == window[j - 1] ? diagonal + 1 : std::max(row[j], row[j - 1]);
        diagonal = above;
      }
    }
    return 200.0 * static_cast<double>(row.back()) / static_cast<double>(s.size() + window.size());
  };
  double best = 0;
  for (std::size_t first = 0; first + s.size() <= l.size(); ++first)
    best = std::max(best, value(l.substr(first, s.size())));
  for (std::size_t length = 1; length < s.size(); ++length)
    best = std::max({best, value(l.substr(0, length)), value(l.substr(l.size() - length))});
  return best;
}

TEST(PartialRatio, PruningAndTheCutChangeNoValue) {
  std::mt19937 random(11);
  int over = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto letters = 2 + random() % 6;
    std::string a(1 + random() % (round % 10 == 0 ? 90 : 12), 'a'), b(1 + random() % 60, 'a');
    for (char& c : a) c = static_cast<char>('a' + random() % letters);
    for (char& c : b) c = static_cast<char>('a' + random() % letters);
    const double want = a.size() == b.size() ? std::max(plain(a, b), plain(b, a)) : plain(a, b);
    PartialRatio query(a);
    EXPECT_EQ(query.against(b), want) << a << " | " << b;
    EXPECT_EQ(query.against(b, 75), want >= 75 ? want : 0) << a << " | " << b;
    over += want >= 75;
  }
  EXPECT_GT(over, 300);
  EXPECT_LT(over, 2900);
}

}  // namespace
}  // namespace learndock::text
