// What a dock takes of reduced sets, names and ids, and what is left out of mixtures because it was stored
// under older rules: one learnware may not spoil the answers of others.
#include "learndock/base/json.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/dock/dock_file.hpp"
#include "learndock/reindex/reindex.hpp"

#include "catalog/catalog.hpp"
#include "reindex/indexed_dock.hpp"
#include "support/generators.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

namespace learndock::query {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::random_specification;

specification::RkmeSpecification set_of(std::size_t points, std::uint64_t seed, double offset = 0) {
  return random_specification({points, 3, 0.2, offset, 1, false}, seed);
}

specification::RkmeSpecification weighted(std::vector<double> weights, std::uint64_t seed) {
  specification::RkmeSpecification specification = set_of(weights.size(), seed);
  specification.weights = std::move(weights);
  return specification;
}

class SetLimits : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(dock::Dock::create(dock()).has_value()); }
  fs::path dock() const { return folder_.path() / "dock"; }
  std::unique_ptr<dock::Dock> open() const { return dock::Dock::open(dock()).value(); }

  dock::ImportOutcome import(dock::Dock& opened, const std::vector<std::string>& lines) const {
    const fs::path file = folder_.path() / "lines.jsonl";
    std::ofstream out(file);
    for (const std::string& line : lines) out << line;
    out.close();
    return opened.import_specifications(file).value();
  }
  Error rejection(const Json& line) const {
    const auto opened = open();
    const dock::ImportOutcome outcome = import(*opened, {to_text(line) + "\n"});
    EXPECT_EQ(outcome.imported.size(), 0U) << to_text(line);
    return outcome.rejected.empty() ? Error{} : outcome.rejected[0].error;
  }
  static Json line(const std::string& id, const specification::RkmeSpecification& specification,
                   Json semantic = Json::object()) {
    return {{"id", id}, {"semantic", std::move(semantic)}, {"stat", specification::to_json(specification)}};
  }

  void import_ordinary(std::size_t count) const {
    const auto opened = open();
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < count; ++i)
      lines.push_back(to_text(line(fmt::format("lw{}", i), set_of(5, i, 0.1 * static_cast<double>(i)))) +
                      "\n");
    ASSERT_EQ(import(*opened, lines).imported.size(), count);
  }
  /// As an older program stored it.
  void store(const std::string& id, const specification::RkmeSpecification& specification,
             const std::string& semantic = "{}") const {
    const auto catalog = catalog::open_sqlite_catalog(dock() / "catalog.sqlite", false).value();
    catalog::LearnwareRecord record;
    record.id = LearnwareId::create(id).value();
    record.name = "old";
    record.semantic_json = semantic;
    record.statistical = specification::to_binary(specification);
    ASSERT_TRUE(catalog->insert({&record, 1}).has_value());
  }
  static SearchAnswer search(const dock::Dock& opened, MixtureMethod method = MixtureMethod::certified) {
    SearchRequest request;
    request.specification = set_of(12, 999, 0.45);
    request.mixture_method = method;
    auto answer = opened.search(request);
    EXPECT_TRUE(answer.has_value()) << (answer ? "" : answer.error().message);
    return std::move(answer).value_or(SearchAnswer());
  }
  static std::string warning_of(const SearchAnswer& answer, std::string_view about) {
    for (const Warning& warning : answer.warnings)
      if (warning.message.find(about) != std::string::npos) return warning.message;
    return {};
  }
  testing::TemporaryFolder folder_;
};

std::vector<std::string> members(const SearchAnswer& answer) {
  std::vector<std::string> ids;
  if (answer.mixture)
    for (const MixtureMember& member : answer.mixture->members) ids.push_back(member.id.text());
  return ids;
}

TEST_F(SetLimits, OneSmallUploadOfManyPointsMadeEverySearchSlow) {
  const Error error = rejection(line("a", set_of(1001, 1)));
  EXPECT_EQ(error.code, ErrorCode::too_large);
  EXPECT_THAT(error.message, HasSubstr("1001 points, this dock takes at most 1000"));
  EXPECT_THAT(error.fix, HasSubstr("learndock spec make --points 1000"));
  EXPECT_THAT(error.fix, HasSubstr("learndock limits DOCK --max-points"));
  EXPECT_EQ(error.where, "/stat/z");
}

TEST_F(SetLimits, TheLimitIsTheDocksOwn) {
  dock::DockLimits limits;
  limits.max_points = 1001;
  ASSERT_TRUE(dock::set_dock_limits(dock(), limits).has_value());
  const auto opened = open();
  EXPECT_EQ(import(*opened, {to_text(line("a", set_of(1001, 1))) + "\n"}).imported.size(), 1U);
  EXPECT_EQ(import(*opened, {to_text(line("b", set_of(1002, 1))) + "\n"}).imported.size(), 0U);
}

TEST_F(SetLimits, APackageOfManyPointsIsRefusedTheSame) {
  const fs::path package = folder_.path() / "package";
  fs::create_directories(package);
  std::ofstream(package / "learnware.yaml")
      << "stat_specifications:\n  - module_path: learnware.specification\n    class_name: "
         "RKMETableSpecification\n"
         "    file_name: stat.json\n    kwargs: {}\n";
  std::ofstream(package / "__init__.py") << "class Model: pass\n";
  std::ofstream(package / "requirements.txt") << "numpy\n";
  std::ofstream(package / "stat.json") << specification::to_json_text(set_of(1001, 1));
  const auto opened = open();
  const auto added = opened->add_package(package);
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().code, ErrorCode::too_large) << added.error().message;
  std::ofstream(package / "stat.json") << specification::to_json_text(weighted({1e150, -1e150}, 1));
  EXPECT_EQ(opened->add_package(package).error().code, ErrorCode::spec_weights);
  std::ofstream(package / "stat.json") << specification::to_json_text(set_of(1000, 1));
  EXPECT_TRUE(opened->add_package(package).has_value());
}

TEST_F(SetLimits, AQueryOfManyPointsWasWorkedOnBeforeItsBudgetBegan) {
  import_ordinary(3);
  const auto opened = open();
  SearchRequest request;
  request.specification = set_of(1001, 1);
  const auto answer = opened->search(request);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::too_large);
  EXPECT_EQ(answer.error().where, "/spec/z");
}

TEST_F(SetLimits, WeightsThatLoosenTheBoundsOfOthersAreRefused) {
  for (const std::vector<double>& weights : std::initializer_list<std::vector<double>>{
           {1e150, -1e150}, {65, 0.5}, {-40, 40.5}, {1e-4, 1e-4}, {0.5, -0.5}, {0.1, 0.2, -0.3}}) {
    const Error error = rejection(line("a", weighted(weights, 1)));
    EXPECT_EQ(error.code, ErrorCode::spec_weights) << weights[0];
    EXPECT_EQ(error.where, "/stat/beta");
  }
  const auto opened = open();
  EXPECT_EQ(import(*opened, {to_text(line("a", weighted({0.7, -0.2, 0.5}, 1))) + "\n"}).imported.size(), 1U);
}

TEST_F(SetLimits, OneUploadTookTheMixtureAndItsCertificateFromEverybody) {
  import_ordinary(12);
  SearchAnswer before;
  {
    const auto opened = open();
    before = search(*opened);
  }
  ASSERT_TRUE(before.mixture && before.mixture->gap);
  store("odd", weighted({1e150, -1e150}, 7));
  store("large-weights", weighted({1e6, 1e6}, 8));
  const auto opened = open();
  const SearchAnswer after = search(*opened);
  ASSERT_TRUE(after.mixture && after.mixture->gap);
  EXPECT_EQ(members(after), members(before));
  EXPECT_EQ(*after.mixture->gap, *before.mixture->gap);
  EXPECT_EQ(after.mixture->mmd_squared, before.mixture->mmd_squared);
  const std::string warning = warning_of(after, "left out of the mixture");
  EXPECT_THAT(warning, HasSubstr("large-weights (the magnitudes of its weights sum to 2e+06"));
  EXPECT_FALSE(opened->find(LearnwareId::create("odd").value()).value().name.empty()) << "it stays listed";
}

TEST_F(SetLimits, AStoredLargeSetIsComparedAsASingleButNotMixed) {
  import_ordinary(12);
  const auto nearest = set_of(1500, 999, 0.45);
  store("large", nearest);
  const auto opened = open();
  for (const MixtureMethod method :
       {MixtureMethod::certified, MixtureMethod::greedy, MixtureMethod::auto_weights}) {
    const SearchAnswer answer = search(*opened, method);
    ASSERT_FALSE(answer.singles.empty());
    EXPECT_TRUE(std::any_of(answer.singles.begin(), answer.singles.end(),
                            [](const SingleHit& hit) { return hit.id.text() == "large"; }));
    EXPECT_TRUE(answer.exact);
    const auto mixed = members(answer);
    EXPECT_EQ(std::count(mixed.begin(), mixed.end(), "large"), 0);
    EXPECT_THAT(warning_of(answer, "left out of the mixture"),
                HasSubstr("1 learnware is left out of the mixture: large (1500 points, over 1000)"));
  }
}

TEST_F(SetLimits, IdsThatCannotBeAddressedOrReadWereTaken) {
  for (const char* id : {".", "..",
                         "a\xE2\x80\xAE"
                         "b",
                         "a\xE2\x80\x8B",
                         "\xC2\x9B"
                         "31m",
                         "\xC2\xAD", "a\xEF\xB8\x8F", "\xFF"}) {
    Json one = line("x", set_of(3, 1));
    one["id"] = id;
    if (std::string_view(id) == "\xFF") continue;  // is no JSON
    const Error error = rejection(one);
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << id;
    EXPECT_EQ(error.where, "/id") << id;
  }
  const auto opened = open();
  for (const char* id : {"...", ".a",
                         "Gr\xC3\xB6\xC3\x9F"
                         "e",
                         "\xE6\xA8\xA1"})
    EXPECT_EQ(import(*opened, {to_text(line(id, set_of(3, 1))) + "\n"}).imported.size(), 1U) << id;
}

TEST_F(SetLimits, WhatWasStoredUnderOlderRulesIsStillRead) {
  store("..", set_of(3, 1), R"({"Name":{"Values":"Bank\u200b model","Type":"String"}})");
  store("zero", weighted({0.5, -0.5}, 2),
        "{\"Description\":{\"Values\":\"\\u001b[2J\",\"Type\":\"String\"}}");
  const auto opened = open();
  EXPECT_EQ(opened->status().learnwares, 2U);
  EXPECT_TRUE(opened->find(LearnwareId::create("..").value()).has_value());
  EXPECT_EQ(search(*opened).singles.size(), 2U);
}

TEST_F(SetLimits, ANameThatLooksLikeAnothersWasTaken) {
  const auto with = [&](const char* key, const std::string& text) {
    return line("a", set_of(3, 1), {{key, {{"Values", text}, {"Type", "String"}}}});
  };
  for (const char* name : {"Bank\xE2\x80\x8B model",
                           "Bank\xC2\x9B"
                           "31m",
                           "Bank\x7F", "Bank\xE2\x81\xA0",
                           "\xEF\xBB\xBF"
                           "Bank",
                           "Bank\xC2\xA0model", "Bank\xEE\x80\x80"}) {
    const Error error = rejection(with("Name", name));
    EXPECT_EQ(error.code, ErrorCode::semantic_value) << name;
    EXPECT_EQ(error.where, "/semantic/Name/Values") << name;
  }
  for (const char* text : {"\x1B[2J", "a\x07", "\xC2\x85", "a\rb"}) {
    const Error error = rejection(with("Description", text));
    EXPECT_EQ(error.code, ErrorCode::semantic_value) << text;
    EXPECT_EQ(error.where, "/semantic/Description/Values") << text;
  }
  const Error feature = rejection(line("a", set_of(3, 1),
                                       {{"Data", {{"Values", {"Table"}}, {"Type", "Class"}}},
                                        {"Input", {{"Dimension", 3}, {"Description", {{"1", "x\x1B"}}}}}}));
  EXPECT_EQ(feature.where, "/semantic/Input/Description/1");
  const auto opened = open();
  EXPECT_EQ(
      import(*opened, {to_text(with("Description", "two\r\nlines\n\tand a tab")) + "\n"}).imported.size(),
      1U);
}

/// Learnwares that stored parts hold.
class IndexedSetLimits : public testing::IndexedDockTest {};

TEST_F(IndexedSetLimits, LargeSetsOfAStoredPartAreLeftOutOfMixtures) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  dock::DockLimits limits;
  limits.max_points = 8;  // sets have 1 to 11
  ASSERT_TRUE(dock::set_dock_limits(dock(), limits).has_value());
  const auto opened = open();
  bool left_out = false;
  for (SearchRequest request : requests()) {
    if (request.specification->points.rows() > 8) {
      EXPECT_EQ(opened->search(request).error().code, ErrorCode::too_large);
      continue;
    }
    const auto answer = opened->search(request);
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_TRUE(answer->exact);
    if (!answer->mixture) continue;
    for (const MixtureMember& member : answer->mixture->members)
      EXPECT_LE(set_of(member.id).points.rows(), 8U) << member.id.text();
    left_out = left_out || contains(answer->warnings, WarningCode::mixture_left_out);
  }
  EXPECT_TRUE(left_out);
}

TEST_F(IndexedSetLimits, AbsurdWeightsBesideAStoredIndexChangeNothing) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  SearchRequest request = requests()[0];
  request.mixture = 5;
  SearchAnswer before;
  {
    const auto opened = open();
    before = opened->search(request).value();
  }
  {
    const auto catalog = catalog::open_sqlite_catalog(dock() / "catalog.sqlite", false).value();
    catalog::LearnwareRecord record;
    record.id = LearnwareId::create("odd").value();
    record.name = "odd";
    record.semantic_json = "{}";
    auto odd = *request.specification;
    odd.weights.assign(odd.weights.size(), 1e20);
    record.statistical = specification::to_binary(odd);
    ASSERT_TRUE(catalog->insert({&record, 1}).has_value());
  }
  const auto opened = open();
  const auto after = opened->search(request);
  ASSERT_TRUE(after.has_value() && after->mixture && before.mixture);
  EXPECT_EQ(after->mixture->gap, before.mixture->gap);
  EXPECT_EQ(members(*after), members(before));
}

}  // namespace
}  // namespace learndock::query
