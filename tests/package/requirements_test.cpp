// Lines by which an installer takes code from a place of the package's choice: found in every form that pip
// takes.
#include "package/requirements.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

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
    const std::string without = without_foreign_lines(text).text;
    EXPECT_THAT(without, HasSubstr("\n# -i http://x\nscipy\n"));
    EXPECT_TRUE(foreign_lines(without).empty());
  }
}

std::string utf16_of(std::string_view ascii, bool big) {
  std::string out = big ? "\xfe\xff" : "\xff\xfe";
  for (const char c : ascii) out += big ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

std::vector<LineFault> faults_of(std::string_view text, const FileReader& files = {}) {
  std::vector<LineFault> faults;
  for (const ForeignLine& line : foreign_lines(text, files)) faults.push_back(line.fault);
  return faults;
}

TEST(Requirements, AnotherEncodingHidesNothing) {
  for (const std::string& text :
       {std::string("# coding: utf-7\n+AC0-i http://x\n"), std::string("# coding:?? coding: utf-7\n"),
        std::string("#\n# vim: set fileencoding=cp037 :\nnumpy\n"), std::string("numpy\0\n", 7),
        std::string("\xff\xfe-\0i", 5), std::string("\xff\xfe\0\xd8", 4),
        "#" + std::string(5000, ' ') + "coding: utf-7\n+AC0-i http://x\n",
        // In Latin-1 the second line ends within the letter, and pip takes the rest for a line.
        std::string("# coding: latin-1\n# \xc3\x85-i http://x\n")}) {
    EXPECT_EQ(faults_of(text), (std::vector{LineFault::encoding})) << text;
    const FilteredList without = without_foreign_lines(text);
    EXPECT_EQ(without.commented_out, 1U);
    EXPECT_TRUE(foreign_lines(without.text).empty()) << without.text;
  }
  EXPECT_TRUE(foreign_lines("\xef\xbb\xbfnumpy\n").empty());
  EXPECT_TRUE(foreign_lines("# -*- coding: utf-8 -*-\nnumpy\n").empty());
}

TEST(Requirements, Utf16IsReadAsPipReadsIt) {
  for (const bool big : {false, true}) {
    EXPECT_TRUE(foreign_lines(utf16_of("numpy>=1.19\r\nscipy\r\n", big)).empty());
    const std::string text = utf16_of("numpy\r\n-i http://x\r\n", big);
    EXPECT_EQ(lines_of(text), (std::vector<std::size_t>{2}));
    EXPECT_THAT(without_foreign_lines(text).text, HasSubstr("\nnumpy\n# learndock"));
    EXPECT_EQ(requirements_in_utf8(utf16_of("numpy\n", big)), "numpy\n");
  }
}

TEST(Requirements, OlderEncodingsAreReadWhereTheirLinesAreCertain) {
  const std::string comment = "# d\xe9pendances\nnumpy\n";
  EXPECT_EQ(faults_of(comment), (std::vector{LineFault::encoding}));
  EXPECT_THAT(requirements_warnings(comment), ::testing::ElementsAre(HasSubstr("save it as UTF-8")));
  const FilteredList list = without_foreign_lines(comment);
  EXPECT_EQ(list.commented_out, 0U);
  EXPECT_EQ(list.text, "# -*- coding: utf-8 -*-\n# dépendances\nnumpy\n");
  EXPECT_EQ(faults_of("numpy\xff\n"), (std::vector{LineFault::encoding, LineFault::elsewhere}));
  // 0x85 ends a line in Latin-1, and begins a letter in others.
  EXPECT_EQ(lines_of("# \x85-i http://x\n"), (std::vector<std::size_t>{1, 2}));
}

/// A coding line must not turn the copy's letters into line ends.
TEST(Requirements, ACopyInUtf8IsReadAsUtf8) {
  for (const std::string text : {"# coding: latin-1\n# \xc5-i http://x\nnumpy\n",
                                 "\xef\xbb\xbf# coding: latin-1\n# \xc3\x85-i http://x\nnumpy\n"}) {
    const FilteredList list = without_foreign_lines(text);
    EXPECT_EQ(list.commented_out, 0U);
    EXPECT_TRUE(list.text.starts_with("# -*- coding: utf-8 -*-\n")) << list.text;
    EXPECT_TRUE(foreign_lines(list.text).empty());
  }
}

TEST(Requirements, PathsOfTheMachineAreNotCalledPlacesElsewhere) {
  for (const char* line : {"./wheels/x.whl", "../x", "-e .", "-e.", "--editable ./x", "/abs/path",
                           "folder/sub", "x-1.0-py3-none-any.whl"})
    EXPECT_EQ(faults_of(line), (std::vector{LineFault::local_path})) << line;
  for (const char* line : {"git+https://x/y.git", "x @ file:///x", "./x --index-url http://y",
                           "-e git+https://x", "file:x", "-r http://x/list.txt", "-r a b"})
    EXPECT_EQ(faults_of(line), (std::vector{LineFault::elsewhere})) << line;
  EXPECT_EQ(
      requirements_warnings("./x\n"),
      (std::vector<std::string>{
          "requirements.txt line 1 installs from a local path, which pip looks up where it runs: ./x"}));
}

TEST(Requirements, ListsThatOtherListsNameAreReadToo) {
  const std::map<std::string, std::string> there = {{"base.txt", "numpy\n"},
                                                    {"lists/all.txt", "-r more.txt\n-c ../base.txt\n"},
                                                    {"lists/more.txt", "scipy\n-i http://x\n"},
                                                    {"circle.txt", "-r requirements.txt\n-r circle.txt\n"}};
  const FileReader files = [&](const std::string& path) -> std::optional<std::string> {
    const auto found = there.find(path);
    return found == there.end() ? std::nullopt : std::optional(found->second);
  };
  for (const char* line : {"-r base.txt", "-rbase.txt", "--requirement base.txt", "--requirement=base.txt",
                           "-c ./base.txt", "-r circle.txt", "-r lists/../base.txt"})
    EXPECT_TRUE(foreign_lines(line, files).empty()) << line;
  const auto found = foreign_lines("numpy\n-r lists/all.txt\n", files);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].file, "lists/more.txt");
  EXPECT_EQ(found[0].line, 2U);
  for (const char* line : {"-r other.txt", "-r ../base.txt", "-r /base.txt", "-c lists"})
    EXPECT_EQ(faults_of(line, files), (std::vector{LineFault::other_file})) << line;
  EXPECT_EQ(faults_of("-r base.txt"), (std::vector{LineFault::other_file})) << "nothing to read it from";
}

TEST(Requirements, AnEndlessChainOfListsEnds) {
  int reads = 0;
  const FileReader files = [&](const std::string&) { return "-r " + std::to_string(++reads) + ".txt\n"; };
  EXPECT_EQ(faults_of("-r 0.txt\n", files), (std::vector{LineFault::other_file}));
  EXPECT_LT(reads, 20);
}

TEST(Requirements, OnlyForeignLinesAreCommentedOut) {
  const std::string text = "numpy>=1.19\n--index-url http://203.0.113.9/simple\nscipy\nx @ \\\n https://y\n";
  const std::string without = without_foreign_lines(text).text;
  EXPECT_THAT(without, HasSubstr("numpy>=1.19\n"));
  EXPECT_THAT(without, HasSubstr("\n# --index-url http://203.0.113.9/simple\nscipy\n"));
  EXPECT_THAT(without, HasSubstr("--trust-sources\n# x @ \n#  https://y\n"));
  EXPECT_TRUE(foreign_lines(without).empty());
  EXPECT_EQ(without_foreign_lines("numpy\r\n\r\nscipy").text, "numpy\r\n\r\nscipy");
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

TEST(Installable, IsWhatListsAskForByName) {
  const auto asked = installable(
      "numpy>=1.19  # arrays\n--pre\n--no-binary :all:\n-r more.txt\n-c limits.txt\nscipy \\\n>=1.0 "
      "--hash=sha256:ab\n",
      [](const std::string& path) -> std::optional<std::string> {
        if (path == "more.txt") return "joblib; python_version < '3.12'\n-r more.txt\n";
        return path == "limits.txt" ? std::optional<std::string>("numpy<2\n") : std::nullopt;
      });
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_THAT(asked->requirements, ::testing::ElementsAre("numpy>=1.19", "joblib; python_version < '3.12'",
                                                          "scipy >=1.0 --hash=sha256:ab"));
  EXPECT_THAT(asked->constraints, ::testing::ElementsAre("numpy<2"));
  EXPECT_TRUE(asked->prereleases);
  EXPECT_THAT(asked->left_out, ::testing::ElementsAre("--no-binary :all:"));
}

TEST(Installable, NothingIsWhenALineTakesCodeFromElsewhere) {
  for (const char* line : {"x @ https://203.0.113.9/x.whl", "git+https://203.0.113.9/x",
                           "--index-url http://x", "./wheel.whl", "-e .", "-r absent.txt"}) {
    const auto asked = installable(fmt::format("numpy\n{}\n", line));
    ASSERT_FALSE(asked) << line;
    EXPECT_EQ(asked.error().code, ErrorCode::environment_failed) << line;
  }
}

}  // namespace
}  // namespace learndock::package
