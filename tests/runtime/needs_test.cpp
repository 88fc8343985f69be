// What packages ask for, from the lists that they carry.
#include "runtime/needs.hpp"

#include "io/file.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace learndock::runtime {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<Needs> needs_of(const std::string& file, const std::string& text) {
  const learndock::testing::TemporaryFolder folder;
  EXPECT_TRUE(io::write_file_atomically(folder / file, text));
  return read_needs(folder.path());
}

TEST(Needs, OfAPackageWithoutListsAreNumpy) {
  const learndock::testing::TemporaryFolder folder;
  const auto needs = read_needs(folder.path());
  ASSERT_TRUE(needs);
  EXPECT_THAT(needs->requirements, ElementsAre("numpy"));
  EXPECT_THAT(needs->notes, Contains(HasSubstr("no requirements")));
}

TEST(Needs, OfRequirements) {
  const auto needs =
      needs_of("requirements.txt", "scikit-learn==1.2.1\nNumPy>=1.19 # arrays\n--only-binary=scipy\n");
  ASSERT_TRUE(needs) << describe(needs.error());
  EXPECT_THAT(needs->requirements, ElementsAre("scikit-learn==1.2.1", "NumPy>=1.19"));
  EXPECT_FALSE(needs->python);
  EXPECT_EQ(needs->notes.size(), 1U);
}

TEST(Needs, CodeFromElsewhereIsRefused) {
  for (const char* text :
       {"git+https://203.0.113.9/x", "--extra-index-url http://x\nnumpy", "./x.whl", "a @ http://x/a.whl"}) {
    const auto needs = needs_of("requirements.txt", text);
    ASSERT_FALSE(needs) << text;
    EXPECT_EQ(needs.error().code, ErrorCode::environment_failed);
  }
  const auto needs = needs_of("environment.yaml", "dependencies:\n- pip:\n  - git+https://203.0.113.9/x\n");
  ASSERT_FALSE(needs);
  EXPECT_EQ(needs.error().code, ErrorCode::environment_failed);
}

TEST(Needs, OfACondaFileAsTheIndexCallsThem) {
  const auto needs =
      needs_of("environment.yaml",
               "name: x\nchannels: [conda-forge, somebody]\ndependencies:\n"
               "- python=3.8.5\n- numpy=1.21.2=py38h20f2e39_0\n- pytorch=1.10\n- scipy>=1.5,<2\n"
               "- libgcc-ng=9.3\n- cudatoolkit\n- conda-forge::pandas 1.3.*\n- libsomething\n"
               "- matplotlib-base\n- a=1|2\n- pip\n- pip:\n  - joblib==1.1\n");
  ASSERT_TRUE(needs) << describe(needs.error());
  EXPECT_EQ(needs->python, (PythonVersion{3, 8}));
  EXPECT_THAT(needs->conda_requirements, ElementsAre("numpy==1.21.2", "torch==1.10.*", "scipy>=1.5,<2",
                                                     "pandas==1.3.*", "matplotlib", "a"));
  EXPECT_THAT(needs->requirements, ElementsAre("joblib==1.1"));
  EXPECT_THAT(needs->left_out, ElementsAre("libgcc-ng", "cudatoolkit", "libsomething", "pip"));
  EXPECT_THAT(needs->channels, ElementsAre("conda-forge"));
  EXPECT_THAT(needs->notes, Contains(HasSubstr("somebody")));
  EXPECT_THAT(needs->conda, Contains("pandas 1.3.*"));
}

TEST(Needs, ACondaFileCannotNameAnotherPlace) {
  for (const char* text :
       {"--index-url=http://x", "numpy=1.0[channel=x]", "\"numpy\\n--index-url=http://x\"",
        "http://x/a.conda", "numpy @ http://x", "./numpy.tar.bz2", "-f=x", "numpy==1.0#x"}) {
    const auto needs = needs_of("environment.yaml", std::string("dependencies:\n- '") + text + "'\n");
    ASSERT_TRUE(needs) << text;
    EXPECT_THAT(needs->conda_requirements, IsEmpty()) << text;
    EXPECT_THAT(needs->conda, IsEmpty()) << text;
    EXPECT_EQ(needs->left_out.size(), 1U) << text;
  }
}

TEST(Needs, ACondaFileGoesBeforeRequirements) {
  const learndock::testing::TemporaryFolder folder;
  ASSERT_TRUE(io::write_file_atomically(folder / "environment.yaml", "dependencies: [numpy]\n"));
  ASSERT_TRUE(io::write_file_atomically(folder / "requirements.txt", "scipy\n"));
  const auto needs = read_needs(folder.path());
  ASSERT_TRUE(needs);
  EXPECT_EQ(needs->file, "environment.yaml");
  EXPECT_THAT(needs->requirements, IsEmpty());
  EXPECT_THAT(needs->conda_requirements, ElementsAre("numpy"));
}

}  // namespace
}  // namespace learndock::runtime
