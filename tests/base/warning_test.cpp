#include "learndock/base/warning.hpp"

#include "learndock/base/json.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace learndock {
namespace {

TEST(Warning, GoesThroughJsonAndBack) {
  const Warnings warnings = {{WarningCode::kernel_blind, "blind", Json{{"mean_kernel", 1e-3}}},
                             {WarningCode::other, "else"}};
  EXPECT_EQ(warnings_from_json(to_json(warnings)), warnings);
  EXPECT_EQ(messages_of(warnings), (std::vector<std::string>{"blind", "else"}));
  EXPECT_TRUE(contains(warnings, WarningCode::kernel_blind));
  EXPECT_FALSE(contains(warnings, WarningCode::budget_filter));
}

TEST(Warning, EveryCodeHasItsNameAndIsDocumented) {
  std::ifstream page(LEARNDOCK_WARNING_PAGE);
  std::stringstream text;
  text << page.rdbuf();
  for (unsigned number = 0; number <= static_cast<unsigned>(WarningCode::other); ++number) {
    const auto code = static_cast<WarningCode>(number);
    EXPECT_EQ(warning_code_of(slug(code)), code);
    EXPECT_NE(text.str().find("`" + std::string(slug(code)) + "`"), std::string::npos) << slug(code);
  }
  EXPECT_EQ(warning_code_of("no such code"), WarningCode::other);
}

}  // namespace
}  // namespace learndock
