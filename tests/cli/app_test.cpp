#include "cli/app.hpp"

#include "cli/terminal/suggest.hpp"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

namespace learndock::cli {
namespace {

TEST(Guard, TurnsWhatIsThrownIntoACodedFailure) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(guard({}, []() -> int { throw std::runtime_error("odd\x1b[2J"); }), 1);
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("(internal, E1)"), std::string::npos) << text;
  EXPECT_NE(text.find("odd\\x1b[2J"), std::string::npos) << text;
  EXPECT_NE(text.find("docs/errors.md#E1\n"), std::string::npos) << text;
}

TEST(Guard, SaysThatTheMemoryDidNotSuffice) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(guard({}, []() -> int { throw std::bad_alloc(); }), 1);
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("memory"), std::string::npos);
}

TEST(Guard, PassesOnWhatWasReturned) {
  EXPECT_EQ(guard({}, [] { return 5; }), 5);
}

TEST(Shown, MakesVisibleWhatWouldNotShowAsItself) {
  const Error error = shown({ErrorCode::io, "a\nb\x1b", "x\xe2\x80\xae", std::string(10'000, 'y')});
  EXPECT_EQ(error.message, "a\\x0ab\\x1b");
  EXPECT_EQ(error.where, "x\\xe2\\x80\\xae");
  EXPECT_LT(error.fix.size(), 2'100u);
}

TEST(Closest, FindsNearWordsOnly) {
  EXPECT_EQ(closest("serch", {"search", "serve", "show"}), "search");
  EXPECT_EQ(closest("zebra", {"search", "serve", "show"}), "");
}

}  // namespace
}  // namespace learndock::cli
