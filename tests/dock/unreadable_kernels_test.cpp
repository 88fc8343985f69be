// An index whose kernels the program cannot read is damaged: it is named by a check, mended by a repair or a
// re-index, never rolled back to, and the dock opens and answers without it.
#include "learndock/reindex/reindex.hpp"

#include "dock/kept_dock.hpp"
#include "specification/space_kernels.hpp"
#include "store/index_store.hpp"

namespace learndock::dock {
namespace {

using ::testing::HasSubstr;

class UnreadableKernels : public KeptDock {
 protected:
  void SetUp() override {
    KeptDock::SetUp();
    add(*open(), 0, 5);
    ASSERT_TRUE(reindexed().has_value());
  }
  [[nodiscard]] fs::path index() const { return dock() / "index"; }
  [[nodiscard]] Result<reindex::ReindexReport> reindexed() const {
    reindex::ReindexOptions options;
    options.smallest_space = 2;
    options.threads = 1;
    return reindex::reindex(dock(), options);
  }
  /// As a program would that knows other kernels.
  void commit(const char* kernels) const {
    const auto store = store::IndexStore::open(index(), [](std::string_view) { return Result<void>(); });
    ASSERT_TRUE(store.has_value()) << describe(store.error());
    store::IndexContent content = (*store)->current()->content;
    content.kernels = kernels;
    ASSERT_TRUE((*store)->commit(std::move(content), (*store)->current()->number).has_value());
  }
  void expect_all_found() const {
    for (const bool read_only : {true, false}) {
      const auto opened = try_open(read_only);
      ASSERT_TRUE(opened.has_value()) << describe(opened.error());
      EXPECT_EQ(found(**opened, 0, 5), 5U) << read_only;
    }
  }
  static constexpr const char* kUnreadable =
      R"([{"type":"RKMETableSpecification","shape":[3],"scales":1,"gamma":-1}])";
};

TEST_F(UnreadableKernels, AreNamedByACheckAndTheDockOpensWithoutTheIndex) {
  EXPECT_EQ(check().damages(), 0U) << text_of(check());
  EXPECT_EQ(open()->status().indexed, 5U);
  commit(kUnreadable);
  const CheckReport report = check();
  ASSERT_EQ(report.damages(), 1U) << text_of(report);
  const Finding& finding = report.findings.front();
  EXPECT_EQ(finding.part, "index");
  EXPECT_EQ(finding.subject, "MANIFEST");
  EXPECT_THAT(finding.what, HasSubstr("the kernels are damaged"));
  EXPECT_THAT(finding.fix, HasSubstr("check"));
  EXPECT_EQ(open()->status().indexed, 0U);
  expect_all_found();
}

TEST_F(UnreadableKernels, AreMendedByARepairThatKeepsTheIndexBefore) {
  commit(kUnreadable);
  const CheckReport report = check(true);
  EXPECT_EQ(report.damages(), 0U) << text_of(report);
  EXPECT_EQ(check().damages(), 0U) << text_of(check());
  EXPECT_EQ(open()->status().indexed, 0U);
  expect_all_found();
  ASSERT_TRUE(reindex::rollback_index(dock()).has_value());
  EXPECT_EQ(open()->status().indexed, 5U);
  expect_all_found();
}

TEST_F(UnreadableKernels, AreMendedByAReindex) {
  commit("[1]");
  const auto report = reindexed();
  ASSERT_TRUE(report.has_value()) << describe(report.error());
  EXPECT_EQ(report->learnwares, 5U);
  EXPECT_EQ(check().damages(), 0U) << text_of(check());
  EXPECT_EQ(open()->status().indexed, 5U);
}

TEST_F(UnreadableKernels, AreLeftByARollback) {
  commit(kUnreadable);
  ASSERT_TRUE(reindex::rollback_index(dock()).has_value());
  EXPECT_EQ(check().damages(), 0U) << text_of(check());
  EXPECT_EQ(open()->status().indexed, 5U);
}

TEST_F(UnreadableKernels, AreNotRolledBackTo) {
  commit(kUnreadable);
  commit(R"([{"type":"RKMETableSpecification","shape":[3],"scales":1,"gamma":0.5}])");
  const auto back = reindex::rollback_index(dock());
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().code, ErrorCode::corrupt);
  EXPECT_THAT(back.error().message, HasSubstr("the kernels are damaged"));
  EXPECT_EQ(check().damages(), 0U) << text_of(check());
}

}  // namespace
}  // namespace learndock::dock
