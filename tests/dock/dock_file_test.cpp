#include "learndock/dock/dock_file.hpp"

#include "learndock/base/json.hpp"
#include "learndock/dock/dock.hpp"

#include "io/file.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace learndock::dock {
namespace {

using ::testing::HasSubstr;

class DockFileTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Dock::create(dock()).has_value()); }
  [[nodiscard]] std::filesystem::path dock() const { return folder_ / "dock"; }
  void write(const std::string& text) const {
    ASSERT_TRUE(io::write_file_atomically(dock() / "dock.json", text));
  }
  testing::TemporaryFolder folder_;
};

TEST_F(DockFileTest, LimitsComeBackAndUnknownKeysStay) {
  EXPECT_EQ(read_dock_file(dock())->limits, DockLimits());
  write(R"({"format": 1, "note": "mine", "limits": {"max_points": 7, "later": 3}})");
  DockLimits limits = read_dock_file(dock())->limits;
  EXPECT_EQ(limits.max_points, 7U);
  EXPECT_EQ(limits.keep_deleted_days, DockLimits().keep_deleted_days);
  limits.max_dock_bytes = 1 << 30;
  ASSERT_TRUE(set_dock_limits(dock(), limits).has_value());
  EXPECT_EQ(read_dock_file(dock())->limits, limits);
  const Json json = parse_json(io::read_file(dock() / "dock.json").value()).value();
  EXPECT_EQ(json.at("note"), Json("mine"));
  EXPECT_EQ(json.at("limits").at("later"), Json(3));
  EXPECT_TRUE(Dock::open(dock()).has_value());
}

TEST_F(DockFileTest, ADockOfAnEarlierVersionHasTheUsualLimits) {
  write(R"({"format": 1})");
  EXPECT_EQ(read_dock_file(dock())->limits, DockLimits());
  EXPECT_EQ(Dock::open(dock()).value()->limits(), DockLimits());
}

TEST_F(DockFileTest, ACutOrForeignDescriptionSaysWhereAndHowToGoOn) {
  const std::pair<const char*, ErrorCode> cases[] = {
      {R"({"for)", ErrorCode::corrupt},
      {"", ErrorCode::corrupt},
      {"[]", ErrorCode::corrupt},
      {"{}", ErrorCode::corrupt},
      {R"({"format": 1, "limits": 5})", ErrorCode::corrupt},
      {R"({"format": 1, "limits": {"max_points": -1}})", ErrorCode::corrupt},
      {R"({"format": 2})", ErrorCode::unsupported},
      {R"({"format": "x"})", ErrorCode::unsupported},
  };
  for (const auto& [text, code] : cases) {
    write(text);
    const auto refused = Dock::open(dock());
    ASSERT_FALSE(refused.has_value()) << text;
    EXPECT_EQ(refused.error().code, code) << text;
    EXPECT_THAT(refused.error().where, HasSubstr("dock.json")) << text;
    EXPECT_FALSE(refused.error().fix.empty()) << text;
  }
}

}  // namespace
}  // namespace learndock::dock
