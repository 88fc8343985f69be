#include "dock/kept_dock.hpp"

#include <optional>

namespace learndock::dock {
namespace {

using ::testing::HasSubstr;

/// A dock of learnwares of three columns, whose inputs have names.
class ColumnWarnings : public KeptDock {
 protected:
  void SetUp() override {
    KeptDock::SetUp();
    opened_ = open();
  }
  void import(const std::string& id, std::uint64_t seed, const std::vector<std::string>& inputs) {
    Json semantic = {{"Data", {{"Values", {"Table"}}, {"Type", "Class"}}}};
    Json texts = Json::object();
    for (std::size_t i = 0; i < inputs.size(); ++i) texts[std::to_string(i)] = inputs[i];
    semantic["Input"] = {{"Dimension", inputs.size()}, {"Description", texts}};
    const fs::path file = folder_ / (id + ".jsonl");
    std::ofstream(file) << to_text({{"id", id},
                                    {"semantic", semantic},
                                    {"stat", specification::to_json(query(seed))}})
                        << "\n";
    const auto outcome = opened_->import_specifications(file);
    ASSERT_TRUE(outcome.has_value()) << describe(outcome.error());
    ASSERT_EQ(outcome->imported.size(), 1U);
  }
  static specification::RkmeSpecification query(std::uint64_t seed) {
    return testing::random_specification({5, 3}, seed);
  }
  [[nodiscard]] Result<query::SearchAnswer> search(std::vector<std::string> columns,
                                                   std::size_t top = 10) const {
    query::SearchRequest request;
    request.specification = query(1);
    request.columns = std::move(columns);
    request.top = top;
    return opened_->search(request);
  }
  [[nodiscard]] std::optional<Warning> warning(WarningCode code, std::vector<std::string> columns,
                                               std::size_t top = 10) const {
    const auto answer = search(std::move(columns), top);
    EXPECT_TRUE(answer.has_value()) << (answer ? "" : describe(answer.error()));
    for (const Warning& one : answer->warnings)
      if (one.code == code) return one;
    return std::nullopt;
  }
  std::unique_ptr<Dock> opened_;
};

TEST_F(ColumnWarnings, TheSameNamesInAnotherOrderAreSaid) {
  import("wine", 1, {"alcohol, in percent", "malic_acid", "hue"});
  EXPECT_FALSE(warning(WarningCode::columns_reordered, {"alcohol", "malic_acid", "hue"}));
  EXPECT_FALSE(warning(WarningCode::columns_reordered, {}));
  const auto said = warning(WarningCode::columns_reordered, {"hue", "Malic Acid", "alcohol"});
  ASSERT_TRUE(said.has_value());
  EXPECT_EQ(said->facts,
            (Json{{"learnwares", {"wine"}}, {"count", 1}, {"columns", {"alcohol", "Malic Acid", "hue"}}}));
  EXPECT_THAT(said->message, HasSubstr("of learnware wine, in another order"));
  const auto plain = warning(WarningCode::columns_reordered, {"hue", "malic_acid", "alcohol"});
  ASSERT_TRUE(plain.has_value());
  EXPECT_THAT(plain->message, HasSubstr("--columns alcohol,malic_acid,hue"));
}

TEST_F(ColumnWarnings, TheRightLearnwareNeedNotBeAHit) {
  import("phenols", 1, {"phenols", "flavanoids", "proline"});
  for (std::uint64_t seed = 2; seed < 5; ++seed)
    import("wine" + std::to_string(seed), seed, {"alcohol", "malic_acid", "hue"});
  const std::vector<std::string> turned = {"hue", "malic_acid", "alcohol"};
  const auto said = warning(WarningCode::columns_reordered, turned, 1);
  ASSERT_TRUE(said.has_value());
  EXPECT_EQ((*said->facts)["count"], 3);
  EXPECT_THAT(said->message, HasSubstr("though it is no hit"));
  const auto other = warning(WarningCode::columns_unmatched, turned, 1);
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ((*other->facts)["missing"], Json({"phenols", "flavanoids", "proline"}));
}

TEST_F(ColumnWarnings, OtherNamesBehindTheRightOnesAreNoNews) {
  import("wine", 1, {"alcohol", "malic_acid", "hue"});
  import("phenols", 2, {"phenols", "flavanoids", "proline"});
  const std::vector<std::string> right = {"alcohol", "malic_acid", "hue"};
  EXPECT_FALSE(warning(WarningCode::columns_unmatched, right));
  EXPECT_TRUE(warning(WarningCode::columns_unmatched, {"x", "y", "z"}).has_value());
  EXPECT_FALSE(warning(WarningCode::columns_unmatched, {"0", "1", "2"}));
}

TEST_F(ColumnWarnings, AnotherNumberOfNamesIsRefused) {
  import("wine", 1, {"alcohol", "malic_acid", "hue"});
  const auto refused = search({"alcohol", "hue"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(refused.error().where, "/columns");
}

TEST_F(ColumnWarnings, ADamagedRecordIsPassedOver) {
  import("wine", 1, {"alcohol", "malic_acid", "hue"});
  change("UPDATE learnware SET semantic_json = '{}'");
  EXPECT_FALSE(warning(WarningCode::columns_reordered, {"hue", "malic_acid", "alcohol"}));
}

}  // namespace
}  // namespace learndock::dock
