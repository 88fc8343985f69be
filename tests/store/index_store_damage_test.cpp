// A damaged index is noticed, said, and never answered from.
#include "io/crc32c.hpp"
#include "store/index_store.hpp"
#include "store/index_store_example.hpp"
#include "store/index_store_manifest.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace learndock::store {
namespace {

using namespace learndock::testing;
using ::testing::HasSubstr;

std::string sealed_manifest(const std::string& format, const std::string& body) {
  const std::string begin = fmt::format("learndock-index {} {} ", format, body.size());
  const std::string covered = begin + body;
  return fmt::format("{}{:08x}\n{}", begin, io::crc32c(std::as_bytes(std::span(covered))), body);
}

class IndexStoreDamage : public ::testing::Test {
 protected:
  /// Version 1 holds segment 1, version 2 the segments 1 to 3 and an option.
  void SetUp() override {
    const auto store = IndexStore::open(directory_, any_kernels).value();
    ASSERT_TRUE(commit_one_more(*store).has_value());
    IndexContent content = store->current()->content;
    content.covers = 3;
    for (int i = 0; i < 2; ++i) content.segments.push_back(add_segment(*store).value());
    content.options["built"] = "again";
    ASSERT_TRUE(store->commit(std::move(content), 1).has_value());
  }
  void expect_rebuild(const std::string& what) const {
    const auto version = read_index(directory_, any_kernels);
    ASSERT_TRUE(version.has_value()) << what;
    ASSERT_FALSE(version->rebuild_needed.empty()) << what;
    EXPECT_TRUE(version->content.segments.empty()) << what;
    for (const Error& reason : version->rebuild_needed) {
      EXPECT_THAT(reason.where, HasSubstr(directory_.string())) << what;
      EXPECT_THAT(reason.fix, HasSubstr("reindex")) << what;
    }
  }
  /// Opening to write says so too, removes no segment, and both ways out lead to a sound index.
  void expect_mendable(const std::string& what) const {
    const auto before = files_below(directory_);
    const auto store = IndexStore::open(directory_, any_kernels);
    ASSERT_TRUE(store.has_value()) << what;
    EXPECT_FALSE((*store)->current()->rebuild_needed.empty()) << what;
    EXPECT_EQ(files_below(directory_), before) << what;
    const auto back = (*store)->rollback();
    ASSERT_TRUE(back.has_value()) << what << describe(back.error());
    EXPECT_EQ(fault_in(**back), "") << what;
    EXPECT_GT((*back)->number, 2u) << what;
    EXPECT_EQ((*back)->content.covers, 1u) << what;
  }
  TemporaryFolder folder_;
  std::filesystem::path directory_ = folder_ / "index";
  std::filesystem::path manifest_ = directory_ / "MANIFEST";
};

TEST_F(IndexStoreDamage, EveryByteOfTheManifest) {
  const std::string sound = io::read_file(manifest_).value();
  for (std::size_t byte = 0; byte < sound.size(); ++byte) {
    const FlippedBit damage(manifest_, byte, static_cast<int>(byte % 8));
    expect_rebuild(fmt::format("byte {}", byte));
  }
  for (std::size_t length = 0; length < sound.size(); ++length) {
    put_file(manifest_, sound.substr(0, length));
    expect_rebuild(fmt::format("{} bytes", length));
  }
  put_file(manifest_, sound + "\n");
  expect_rebuild("one byte more");
  expect_mendable("one byte more");
}

TEST_F(IndexStoreDamage, AManifestThatIsGone) {
  std::filesystem::remove(manifest_);
  expect_rebuild("gone");
  expect_mendable("gone");
  std::filesystem::remove(manifest_);
  std::filesystem::remove(directory_ / "MANIFEST.previous");
  expect_rebuild("both gone");
}

TEST_F(IndexStoreDamage, AHugeManifestIsNotReadWhole) {
  std::filesystem::resize_file(manifest_, std::uintmax_t{1} << 40);
  expect_rebuild("huge");
}

TEST_F(IndexStoreDamage, AFileThatIsMissingDamagedOrAnother) {
  const auto second = directory_ / index_file_name(kSegmentPrefix, 2);
  const auto third = directory_ / index_file_name(kSegmentPrefix, 3);
  for (const auto& path : {second, third}) {
    const std::string sound = io::read_file(path).value();
    std::filesystem::remove(path);
    expect_rebuild("missing " + path.string());
    put_file(path, sound.substr(0, sound.size() - 1));
    expect_rebuild("short " + path.string());
    put_file(path, "");
    expect_rebuild("empty " + path.string());
    put_file(path, io::read_file(directory_ / index_file_name(kSegmentPrefix, 1)).value());
    expect_rebuild("another in place of " + path.string());
    put_file(path, sound);
    ASSERT_EQ(fault_in(read_index(directory_, any_kernels).value()), "");
  }
  put_file(second, "x");
  std::filesystem::remove(third);
  EXPECT_EQ(read_index(directory_, any_kernels)->rebuild_needed.size(), 2u) << "each file has its reason";
  expect_mendable("two");
}

TEST_F(IndexStoreDamage, AManifestThatNamesDeletions) {
  const std::string text = io::read_file(manifest_).value();
  std::string body = text.substr(text.find('\n') + 1);
  const std::string none = "\"deleted\":null";
  ASSERT_NE(body.find(none), std::string::npos);
  body.replace(body.find(none), none.size(),
               R"("deleted":{"file":"deleted-0000000000000009.lds","header_checksum":5,"items":6})");
  const auto deletions = directory_ / index_file_name(kDeletedPrefix, 9);
  put_file(deletions, "x");
  put_file(manifest_, sealed_manifest("1", body));
  expect_rebuild("deletions");
  const Error reason = read_index(directory_, any_kernels)->rebuild_needed.front();
  EXPECT_EQ(reason.code, ErrorCode::corrupt);
  EXPECT_THAT(reason.message, HasSubstr("names deletions"));
  expect_mendable("deletions");
  EXPECT_FALSE(std::filesystem::exists(deletions)) << "no manifest names it any more";
}

TEST_F(IndexStoreDamage, ACommitOverADamagedVersionKeepsTheSoundOne) {
  put_file(directory_ / index_file_name(kSegmentPrefix, 2), "x");
  const auto store = IndexStore::open(directory_, any_kernels).value();
  EXPECT_EQ(store->current()->number, 2u);
  const auto rebuilt = add_segment(*store).value();
  ASSERT_TRUE(store->commit({1, {rebuilt}, {}}, 2).has_value());
  EXPECT_EQ(fault_in(read_index(directory_, any_kernels).value()), "");
  const auto back = store->rollback();
  ASSERT_TRUE(back.has_value()) << describe(back.error());
  EXPECT_EQ((*back)->content.segments.front()->info().generation, 1u);
}

TEST_F(IndexStoreDamage, KernelsHoldWithoutTheSegmentsAndGoBackWithThem) {
  {
    const auto store = IndexStore::open(directory_, any_kernels).value();
    IndexContent content = store->current()->content;
    content.kernels = "[0.3]";
    ASSERT_TRUE(store->commit(content, 2).has_value());
    EXPECT_TRUE((*store->rollback())->content.kernels.empty());
    ASSERT_TRUE(store->commit(std::move(content), 4).has_value());
  }
  put_file(directory_ / index_file_name(kSegmentPrefix, 2), "x");
  const auto version = read_index(directory_, any_kernels);
  EXPECT_FALSE(version->rebuild_needed.empty());
  EXPECT_EQ(version->content.kernels, "[0.3]");
}

TEST_F(IndexStoreDamage, ARollbackToADamagedVersionIsRefused) {
  const auto store = IndexStore::open(directory_, any_kernels).value();
  put_file(directory_ / "MANIFEST.previous", "x");
  EXPECT_EQ(store->rollback().error().code, ErrorCode::corrupt);
  const auto before = files_below(directory_);
  ASSERT_TRUE(IndexStore::open(folder_ / "other", any_kernels).has_value());
  EXPECT_EQ(files_below(directory_), before);
  EXPECT_EQ(store->current()->number, 2u);
  EXPECT_EQ(fault_in(*store->current()), "");
}

/// Reads kernels that are a list.
Result<void> lists_only(std::string_view text) {
  if (text.starts_with('[')) return {};
  return fail(ErrorCode::corrupt, "the kernels are damaged: they are not a list");
}

/// An index of two versions, the second under kernels that every program reads.
class IndexStoreKernels : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto store = IndexStore::open(directory_, any_kernels).value();
    ASSERT_TRUE(commit_one_more(*store).has_value());
    commit(*store, "[0.3]");
  }
  static void commit(IndexStore& store, const char* kernels) {
    IndexContent content = store.current()->content;
    content.kernels = kernels;
    ASSERT_TRUE(store.commit(std::move(content), store.current()->number).has_value());
  }
  TemporaryFolder folder_;
  std::filesystem::path directory_ = folder_ / "index";
};

TEST_F(IndexStoreKernels, ThatCannotBeReadAreDamage) {
  commit(*IndexStore::open(directory_, any_kernels).value(), R"({"0.3":1})");
  EXPECT_TRUE(read_index(directory_, any_kernels)->rebuild_needed.empty());
  const IndexVersion version = read_index(directory_, lists_only).value();
  ASSERT_EQ(version.rebuild_needed.size(), 1u);
  EXPECT_TRUE(version.content.segments.empty());
  EXPECT_TRUE(version.content.kernels.empty());
  const Error& reason = version.rebuild_needed.front();
  EXPECT_EQ(reason.code, ErrorCode::corrupt);
  EXPECT_THAT(reason.message, HasSubstr("they are not a list"));
  EXPECT_EQ(reason.where, (directory_ / "MANIFEST").string());
  EXPECT_THAT(reason.fix, HasSubstr("reindex"));
}

TEST_F(IndexStoreKernels, ThatCannotBeReadCostNoSegmentAndGoWithTheNextCommit) {
  commit(*IndexStore::open(directory_, any_kernels).value(), R"({"0.3":1})");
  const auto before = files_below(directory_);
  const auto store = IndexStore::open(directory_, lists_only).value();
  EXPECT_FALSE(store->current()->rebuild_needed.empty());
  EXPECT_EQ(files_below(directory_), before);
  ASSERT_TRUE(store->commit({}, store->current()->number).has_value());
  EXPECT_TRUE(read_index(directory_, lists_only)->rebuild_needed.empty());
  const auto back = store->rollback();
  ASSERT_TRUE(back.has_value()) << describe(back.error());
  EXPECT_EQ((*back)->content.kernels, "[0.3]") << "the damaged version was not kept for a rollback";
  EXPECT_EQ(fault_in(**back), "");
}

TEST_F(IndexStoreKernels, ThatCannotBeReadAreNeitherCommittedNorRolledBackTo) {
  {
    const auto store = IndexStore::open(directory_, any_kernels).value();
    commit(*store, "0.3");
    commit(*store, "[0.5]");
  }
  const auto store = IndexStore::open(directory_, lists_only).value();
  const auto back = store->rollback();
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().code, ErrorCode::corrupt);
  EXPECT_EQ(store->current()->content.kernels, "[0.5]");
  IndexContent content = store->current()->content;
  content.kernels = "0.3";
  EXPECT_EQ(store->commit(std::move(content), store->current()->number).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(read_index(directory_, lists_only)->content.kernels, "[0.5]");
}

/// Manifests that a program could have written with the right checksum and that must not be believed.
TEST(IndexStoreManifest, RefusesWhatDoesNotFit) {
  Manifest manifest{3, 9, 7, {{"segment-0000000000000001.lds", 5, 6}}, {{"a", "b"}}};
  const std::string text = manifest_text(manifest);
  const std::string body = text.substr(text.find('\n') + 1);
  ASSERT_EQ(sealed_manifest("1", body), text);
  EXPECT_EQ(parse_manifest(text, any_kernels).value(), manifest);
  EXPECT_EQ(parse_manifest(sealed_manifest("3", body), any_kernels).error().code, ErrorCode::unsupported);
  const std::string segment = R"({"file":"segment-0000000000000001.lds","header_checksum":5,"items":6})";
  EXPECT_EQ(body, R"({"version":3,"next_number":9,"covers":7,"segments":[)" + segment +
                      R"(],"deleted":null,"options":{"a":"b"}})" + "\n");
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"segment-0000000000000001.lds", "../segment-00000000000001.lds"},
      {"segment-0000000000000001.lds", "segment-000000000000000A.lds"},
      {"segment-0000000000000001.lds", "deleted-0000000000000001.lds"},
      {"segment-0000000000000001.lds", "LOCK"},
      {"\"header_checksum\":5", "\"header_checksum\":4294967296"},
      {"\"items\":6", "\"items\":-6"},
      {"\"items\":6", "\"items\":6.5"},
      {"\"version\":3", "\"version\":\"3\""},
      {"\"version\"", "\"edition\""},
      {"\"covers\":7", "\"covers\":null"},
      {"\"deleted\":null", "\"deleted\":" + segment},
      {"\"deleted\":null", "\"deleted\":[]"},
      {"\"deleted\":null,", ""},
      {"[" + segment + "]", "{}"},
      {"[" + segment + "]", "[" + segment + "," + segment + "]"},
      {"[" + segment + "]", "[1]"},
      {"{\"a\":\"b\"}", "{\"a\":1}"},
      {"{\"a\":\"b\"}", "[]"},
      {body, "[]\n"},
      {body, "not JSON"},
      {body, ""}};
  for (const auto& [from, to] : changes) {
    std::string changed = body;
    const std::size_t at = changed.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    changed.replace(at, from.size(), to);
    const auto parsed = parse_manifest(sealed_manifest("1", changed), any_kernels);
    ASSERT_FALSE(parsed.has_value()) << from << " -> " << to;
    EXPECT_EQ(parsed.error().code, ErrorCode::corrupt) << from << " -> " << to;
  }
}

TEST(IndexStoreManifest, KernelsHaveAFormatThatOlderProgramsRefuse) {
  Manifest manifest{3, 9, 7, {}, {}};
  EXPECT_TRUE(manifest_text(manifest).starts_with("learndock-index 1 "));
  manifest.kernels = R"([{"gamma":0.03333333333333333},{"gamma":1e-300}])";
  const std::string text = manifest_text(manifest);
  EXPECT_TRUE(text.starts_with("learndock-index 2 "));
  EXPECT_NE(text.find(R"(,"kernels":[{"gamma":0.03333333333333333},{"gamma":1e-300}]})"), std::string::npos);
  EXPECT_EQ(parse_manifest(text, any_kernels).value(), manifest);
}

TEST(IndexStoreManifest, KernelsThatAreNoJsonReadBackAsAnotherText) {
  const Manifest manifest{3, 9, 7, {}, {}, "[0.3"};
  EXPECT_NE(parse_manifest(manifest_text(manifest), any_kernels).value(), manifest);
}

}  // namespace
}  // namespace learndock::store
