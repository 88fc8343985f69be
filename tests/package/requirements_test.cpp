// Lines by which an installer takes code from a place of the package's choice: found in every form that pip
// takes.
#include "package/requirements.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace learndock::package {
namespace {

using ::testing::HasSubstr;

std::vector<std::size_t> lines_of(std::string_view text) {
  std::vector<std::size_t> lines;
  for (const ForeignLine& line : foreign_lines(text)) lines.push_back(line.line);
  return lines;
}

TEST(Requirements, NamesVersionsExtrasAndMarkersArePlain) {
  for (const char* line : {"numpy",
                           "numpy>=1.19",
                           "numpy >= 1.19, < 2",
                           "scikit-learn==1.3.*",
                           "a~=1.0",
                           "a!=1.5",
                           "x[y,z]>=1",
                           "zope.interface",
                           "typing_extensions",
                           "a (>=1)",
                           "numpy==1.26.4+local.1",
                           "numpy; python_version < '3.12'",
                           "numpy>=1.19  # see https://example.org",
                           "# --index-url http://x",
                           "   # -e .",
                           "",
                           "   ",
                           "\t",
                           "--pre",
                           "--no-binary :all:",
                           "--only-binary=numpy,scipy",
                           "--prefer-binary",
                           "--require-hashes",
                           "numpy==1.0 --hash=sha256:abcdef --hash sha256:012345",
                           "numpy\\\n>=1.19",
                           "numpy \\\n# said\n"})
    EXPECT_TRUE(foreign_lines(line).empty()) << line;
}

TEST(Requirements, OtherPlacesAreFoundInEveryForm) {
  for (const char* line : {"--index-url http://203.0.113.9/simple",
                           "--index-url=http://203.0.113.9/simple",
                           "-i http://203.0.113.9/simple",
                           "-ihttp://203.0.113.9/simple",
                           "  -i 203.0.113.9",
                           "--index http://x",  // pip takes abbreviations
                           "--extra-index-url x",
                           "--extra x",
                           "--find-links x",
                           "-f ./wheels",
                           "--trusted-host x",
                           "--no-index",
                           "-r other.txt",
                           "-rother.txt",
                           "--requirement other.txt",
                           "-c limits.txt",
                           "--constraint limits.txt",
                           "-e .",
                           "-e.",
                           "--editable .",
                           "--pre --index-url x",
                           "numpy --index-url x",
                           "numpy --config-settings=a=b",
                           "http://x/y.whl",
                           "https://x/y.tar.gz#sha256=1",
                           "git+https://x/y.git",
                           "git+ssh://git@x/y.git@main#egg=y",
                           "file:///tmp/x",
                           "file:x",
                           "name @ https://x/y.whl",
                           "name@https://x/y.whl",
                           "name[extra] @ file:///x",
                           "./local",
                           "../local",
                           ".",
                           "..",
                           "/abs/path",
                           "folder/sub",
                           "C:\\wheels\\x",
                           "evil.whl",
                           "evil.ZIP",
                           "evil.tar.gz",
                           "evil.tgz",
                           "${PLACE}",
                           "numpy${X}",
                           "$PIP",
                           "\"numpy\"",
                           "n\xc3\xbcmpy"})
    EXPECT_EQ(lines_of(line).size(), 1u) << line;
}

TEST(Requirements, ALineMayGoOnOverSeveral) {
  EXPECT_EQ(lines_of("numpy\n--index-\\\nurl http://x\nscipy\n"), (std::vector<std::size_t>{2}));
  EXPECT_EQ(lines_of("--pre \\\n--extra-index-url \\\nhttp://x\n"), (std::vector<std::size_t>{1}));
  EXPECT_EQ(lines_of("numpy # a comment ends \\\n-i x\n"), (std::vector<std::size_t>{2}));
}

TEST(Requirements, LinesEndWherePipEndsThem) {
  for (const char* mark :
       {"\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"}) {
    const std::string text = fmt::format("numpy # said{}-i http://x{}scipy", mark, mark);
    EXPECT_EQ(lines_of(text), (std::vector<std::size_t>{2}));
    const std::string without = without_foreign_lines(text);
    EXPECT_THAT(without, HasSubstr("\n# -i http://x\nscipy\n"));
    EXPECT_TRUE(foreign_lines(without).empty());
  }
}

TEST(Requirements, AnotherEncodingHidesNothing) {
  const std::string utf16("\xff\xfe-\0i\0 \0x\0\n\0", 12);
  for (const std::string& text : {utf16, std::string("# coding: utf-7\n+AC0-i http://x\n"),
                                  std::string("#\n# vim: set fileencoding=cp037 :\nnumpy\n"),
                                  std::string("numpy\xff\n"), std::string("numpy\0\n", 7)}) {
    EXPECT_EQ(foreign_lines(text).size(), 1u);
    EXPECT_TRUE(foreign_lines(without_foreign_lines(text)).empty());
  }
  EXPECT_TRUE(foreign_lines("\xef\xbb\xbfnumpy\n").empty());
  EXPECT_TRUE(foreign_lines("# -*- coding: utf-8 -*-\nnumpy\n").empty());
}

TEST(Requirements, OnlyForeignLinesAreCommentedOut) {
  const std::string text = "numpy>=1.19\n--index-url http://203.0.113.9/simple\nscipy\nx @ \\\n https://y\n";
  const std::string without = without_foreign_lines(text);
  EXPECT_THAT(without, HasSubstr("numpy>=1.19\n"));
  EXPECT_THAT(without, HasSubstr("\n# --index-url http://203.0.113.9/simple\nscipy\n"));
  EXPECT_THAT(without, HasSubstr("--trust-sources\n# x @ \n#  https://y\n"));
  EXPECT_TRUE(foreign_lines(without).empty());
  EXPECT_EQ(without_foreign_lines("numpy\r\n\r\nscipy"), "numpy\r\n\r\nscipy");
}

TEST(Requirements, ManyForeignLinesAreTwentyOneWarnings) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "-i x\n";
  const auto warnings = requirements_warnings(text);
  ASSERT_EQ(warnings.size(), 21u);
  EXPECT_EQ(warnings[0], "requirements.txt line 1 takes code from a place of its own choice: -i x");
  EXPECT_THAT(warnings[20], HasSubstr("199980 more"));
  EXPECT_LT(requirements_warnings("-i " + std::string(1 << 20, 'x'))[0].size(), 300u);
}

TEST(Environment, UsualChannelsAndPackagesAreQuiet) {
  EXPECT_TRUE(
      environment_warnings("name: x\nchannels: [defaults, conda-forge]\ndependencies:\n- python=3.10\n"
                           "- conda-forge::numpy\n- pip:\n  - scikit-learn>=1\n")
          .empty());
}

TEST(Environment, OtherPlacesAreNamed) {
  const auto all = [](const char* yaml) {
    return fmt::format("{}", fmt::join(environment_warnings(yaml), "\n"));
  };
  EXPECT_THAT(all("channels: ['https://evil.example/conda']\n"), HasSubstr("https://evil.example/conda"));
  EXPECT_THAT(all("channels: [somebody]\n"), HasSubstr("the channel somebody"));
  EXPECT_THAT(all("dependencies: ['somebody::numpy']\n"), HasSubstr("somebody::numpy"));
  EXPECT_THAT(all("dependencies: ['https://x/y.conda']\n"), HasSubstr("https://x/y.conda"));
  EXPECT_THAT(all("dependencies: ['numpy[channel=somebody]']\n"), HasSubstr("numpy[channel=somebody]"));
  EXPECT_THAT(all("dependencies:\n- pip:\n  - numpy\n  - --index-url http://x\n"),
              HasSubstr("--index-url http://x"));
  EXPECT_THAT(all("dependencies:\n- pip:\n  - \"numpy\\n-i http://x\"\n"), HasSubstr("-i http://x"));
  EXPECT_THAT(all("dependencies: []\nvariables: {PIP_INDEX_URL: 'http://x'}\n"),
              HasSubstr("environment variables"));
  EXPECT_THAT(all("a: [\n"), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace learndock::package
