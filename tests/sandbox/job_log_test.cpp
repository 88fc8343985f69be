#include "sandbox/job_log.hpp"

#include <gmock/gmock.h>

namespace learndock::sandbox {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(JobLog, KeepsAShortTextWhole) {
  JobLog log(100);
  log.add("hello ");
  log.add("world\n");
  EXPECT_EQ(log.text(), "hello world\n");
  EXPECT_EQ(log.dropped(), 0U);
}

TEST(JobLog, KeepsTheBeginningAndTheEnd) {
  JobLog log(20);
  log.add("beginning:");
  for (int line = 0; line < 1000; ++line) log.add("middle ");
  log.add("...the end");
  EXPECT_THAT(log.text(), StartsWith("beginning:\n["));
  EXPECT_THAT(log.text(), EndsWith("]\n...the end"));
  EXPECT_EQ(log.dropped(), 7000U);
  EXPECT_THAT(log.text(), HasSubstr("[7000 bytes are not shown]"));
}

TEST(JobLog, KeepsExactlyTheLimit) {
  JobLog log(8);
  log.add("12345678");
  EXPECT_EQ(log.text(), "12345678");
  log.add("9");
  EXPECT_EQ(log.dropped(), 1U);
  EXPECT_EQ(log.text(), "1234\n[1 bytes are not shown]\n6789");
}

TEST(JobLog, IsAlwaysUtf8) {
  EXPECT_EQ(as_utf8("a\xff\xc3\xa4\xc3"), "a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd");
  JobLog log(6);
  for (int turn = 0; turn < 5; ++turn) log.add("\xe2\x82\xac");
  EXPECT_EQ(log.text(), "\xe2\x82\xac\n[9 bytes are not shown]\n\xe2\x82\xac");
}

}  // namespace
}  // namespace learndock::sandbox
