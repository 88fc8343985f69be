// What a dock makes of packages: the form that it stores and serves, and searches by several specifications.
#include "learndock/package/package.hpp"

#include "blobs/local_blob_store.hpp"
#include "catalog/catalog.hpp"
#include "dock/kept_dock.hpp"
#include "io/file_copy.hpp"
#include "package/canonical_entry.hpp"

namespace learndock::dock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServedPackage : public KeptDock {
 protected:
  static std::string entry(const Dock& opened, const LearnwareId& id, const std::string& name) {
    auto text = package::read_entry(opened.package_path(id).value(), name, 1 << 20);
    return text ? *text : describe(text.error());
  }
  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  static ErrorCode code_of(const Result<catalog::LearnwareRecord>& stored) {
    return stored ? ErrorCode::internal : stored.error().code;
  }

  /// A package that is found by a hetero-map and by a table specification.
  fs::path two_specifications(std::uint64_t seed) const {
    const fs::path folder = package(seed);
    auto mapped = testing::random_specification({4, 7}, seed);
    mapped.kind = specification::kind_of_name("HeteroMapTableSpecification").value();
    write(folder / "hetero.json", specification::to_json_text(mapped));
    write(folder / "learnware.yaml",
          "stat_specifications:\n"
          "- {class_name: RKMETableSpecification, file_name: stat.json}\n"
          "- {class_name: HeteroMapTableSpecification, file_name: hetero.json}\n");
    return folder;
  }
  static query::SearchRequest by(const fs::path& file) {
    query::SearchRequest request;
    std::ifstream in(file);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    request.specification = specification::from_json(parse_json(text).value()).value();
    return request;
  }
  static std::vector<std::string> found(const Dock& opened, const query::SearchRequest& request) {
    const auto answer = opened.search(request);
    EXPECT_TRUE(answer.has_value()) << describe(answer.error());
    std::vector<std::string> ids;
    for (const auto& hit : answer->singles) ids.push_back(hit.id.text());
    return ids;
  }
};

TEST_F(ServedPackage, NamesItsIdAndItsSemanticSpecification) {
  const auto opened = open();
  add(*opened, 0, 2);
  const LearnwareId second = LearnwareId::from_number(2);
  EXPECT_THAT(entry(*opened, second, "learnware.yaml"), HasSubstr("id: \"00000002\"\n"));
  EXPECT_THAT(entry(*opened, second, "learnware.yaml"),
              HasSubstr("semantic_specification:\n  file_name: semantic_specification.json\n"));
  const auto semantic = parse_json(entry(*opened, second, "semantic_specification.json")).value();
  EXPECT_EQ(semantic["Data"]["Values"], Json::array({"Table"}));
  EXPECT_EQ(io::digest_of_file(opened->package_path(second).value()).value(),
            opened->find(second)->package_digest);
  EXPECT_EQ(opened->model_entry(second)->class_name, "MyModel");
}

TEST_F(ServedPackage, SentAgainInAnyFormItIsTheSame) {
  const auto opened = open();
  add(*opened, 0, 1);
  const LearnwareId id = LearnwareId::from_number(1);
  const fs::path served = folder_ / "served.zip";
  fs::copy_file(opened->package_path(id).value(), served);
  for (const fs::path& again : {served, package(0)}) {
    const auto refused = opened->add_package(again);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::package_duplicate);
    EXPECT_EQ(refused.error().where, id.text());
  }
  EXPECT_EQ(packages(dock()).size(), 1U);
  // Its bytes are lost; sending it again mends it.
  fs::remove(opened->package_path(id).value());
  EXPECT_EQ(code_of(opened->add_package(package(0))), ErrorCode::package_duplicate);
  EXPECT_EQ(io::digest_of_file(opened->package_path(id).value()).value(), opened->find(id)->package_digest);
  // Another dock gives it an id of its own.
  ASSERT_TRUE(Dock::create(folder_ / "other"));
  const auto other = Dock::open(folder_ / "other", {}).value();
  ASSERT_TRUE(other->add_package(package(7)));
  const auto moved = other->add_package(served);
  ASSERT_TRUE(moved.has_value()) << describe(moved.error());
  EXPECT_EQ(moved->id, LearnwareId::from_number(2));
  EXPECT_THAT(entry(*other, moved->id, "learnware.yaml"), HasSubstr("id: \"00000002\"\n"));
  EXPECT_EQ(code_of(other->add_package(package(0))), ErrorCode::package_duplicate);
}

TEST_F(ServedPackage, RefusedPackagesLeaveNoGapsInTheIds) {
  const auto opened = open();
  add(*opened, 0, 1);
  const fs::path incomplete = package(5);
  write(incomplete / "semantic_specification.json", R"({"Name":{"Values":"half"}})");
  EXPECT_EQ(code_of(opened->add_package(incomplete)), ErrorCode::semantic_missing);
  EXPECT_EQ(code_of(opened->add_package(package(0))), ErrorCode::package_duplicate);
  EXPECT_EQ(opened->add_package(package(1))->id, LearnwareId::from_number(2));
}

/// Earlier versions stored all files as they were, and no digest of the content.
TEST_F(ServedPackage, PackagesOfEarlierVersionsStayAndAreKnownAgain) {
  catalog::LearnwareRecord record;
  {
    const fs::path plain = folder_ / "plain.zip";
    const auto read = package::read_package(package(0), plain);
    ASSERT_TRUE(read.has_value());
    record.name = read->name;
    record.semantic_json = "{}";
    record.statistical = specification::to_binary(*read->statistical);
    record.package_bytes = fs::file_size(plain);
    record.package_digest = blobs::open_local_blob_store(dock() / "packages").value()->put(plain).value();
    ASSERT_TRUE(catalog::open_sqlite_catalog(catalogue(), false).value()->insert({&record, 1}));
  }
  const auto opened = open();
  const LearnwareId id = LearnwareId::from_number(1);
  EXPECT_EQ(opened->find(id)->package_digest, record.package_digest);
  EXPECT_EQ(opened->model_entry(id)->class_name, "MyModel");
  EXPECT_EQ(code_of(opened->add_package(package(0))), ErrorCode::package_duplicate);
  fs::remove(opened->package_path(id).value());
  EXPECT_EQ(code_of(opened->add_package(package(0))), ErrorCode::package_duplicate);
  EXPECT_EQ(io::digest_of_file(opened->package_path(id).value()).value(), record.package_digest);
  const auto next = opened->add_package(package(1));
  ASSERT_TRUE(next.has_value()) << describe(next.error());
  EXPECT_THAT(entry(*opened, next->id, "learnware.yaml"), HasSubstr("id: \"00000002\"\n"));
}

TEST_F(ServedPackage, AnOrphanIsTakenInUnderItsOwnId) {
  {
    const auto opened = open();
    add(*opened, 0, 3);
  }
  {
    const auto catalog = catalog::open_sqlite_catalog(catalogue(), false).value();
    ASSERT_TRUE(catalog->remove(LearnwareId::from_number(2)));
  }
  EXPECT_EQ(check(true).damages(), 0U);
  const auto opened = open();
  const auto back = opened->find(LearnwareId::from_number(2));
  ASSERT_TRUE(back.has_value()) << describe(back.error());
  EXPECT_EQ(back->name, "model 1");
  EXPECT_EQ(code_of(opened->add_package(package(1))), ErrorCode::package_duplicate);
}

TEST_F(ServedPackage, ALearnwareIsFoundByEachOfItsSpecifications) {
  const fs::path both = two_specifications(3);
  for (const bool fresh : {true, false}) {
    const auto opened = open();
    if (fresh) {
      add(*opened, 0, 2);
      ASSERT_TRUE(opened->add_package(both).has_value());
    }
    EXPECT_EQ(found(*opened, by(both / "stat.json")).front(), "00000003") << fresh;
    EXPECT_EQ(found(*opened, by(both / "stat.json")).size(), 3U) << "each learnware once";
    EXPECT_THAT(found(*opened, by(both / "hetero.json")), ElementsAre("00000003")) << fresh;
    auto compat = by(both / "stat.json");
    compat.scores = query::ScoreMode::compat;
    EXPECT_EQ(found(*opened, compat).front(), "00000003");
    auto worded = by(both / "stat.json");
    worded.text = "package-3";
    EXPECT_THAT(found(*opened, worded), ElementsAre("00000003"));
    EXPECT_THAT(found(*opened, query::SearchRequest{}), ElementsAre("00000001", "00000002", "00000003"));
  }
}

TEST_F(ServedPackage, FurtherSpecificationsGoAndComeBackWithTheirLearnware) {
  const fs::path both = two_specifications(3);
  const auto opened = open();
  add(*opened, 0, 1);
  const LearnwareId id = opened->add_package(both)->id;
  ASSERT_TRUE(opened->remove(id).has_value());
  EXPECT_THAT(found(*opened, by(both / "stat.json")), ElementsAre("00000001"));
  EXPECT_TRUE(found(*opened, by(both / "hetero.json")).empty());
  ASSERT_TRUE(opened->undelete(id).has_value());
  EXPECT_EQ(found(*opened, by(both / "stat.json")).front(), id.text());
}

TEST_F(ServedPackage, FurtherSpecificationsAreFoundBesideTheIndex) {
  const fs::path both = two_specifications(30);
  DockOptions options;
  options.threads = 1;
  options.tend_index = false;
  options.index_from = 20;
  const auto opened = Dock::open(dock(), options).value();
  add(*opened, 0, 30);
  ASSERT_TRUE(opened->add_package(both).has_value());
  ASSERT_TRUE(opened->tend_index().has_value());
  for (const bool filtered : {false, true}) {
    auto request = by(both / "stat.json");
    if (filtered) request.semantic.of(specification::SemanticKey::data) = {"Table"};
    const auto answer = opened->search(request);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->singles.front().id.text(), "00000031") << filtered;
    EXPECT_NEAR(*answer->singles.front().mmd_squared, 0, 1e-9);
    EXPECT_TRUE(answer->exact);
  }
  auto other = by(both / "stat.json");
  other.text = "model 7";
  EXPECT_THAT(found(*opened, other), ElementsAre("00000008"));
}

}  // namespace
}  // namespace learndock::dock
