#include "learnwares/entry_file.hpp"

#include "store/segment_example.hpp"
#include "support/generators.hpp"
#include "support/lossy_disk.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace learndock::learnwares {
namespace {

using Entries = std::vector<std::shared_ptr<const Entry>>;

class EntryFileTest : public ::testing::Test {
 protected:
  /// Every third one has no specification, and numbers have gaps.
  Entries some(std::size_t count) {
    Entries entries;
    for (std::size_t i = 0; i < count; ++i) {
      EntryFields fields;
      fields.sequence = LearnwareNumber(3 * i + 1);
      fields.id = LearnwareId::create(fmt::format("id-{}", i)).value();
      fields.name = fmt::format("Model {}", i);
      fields.folded_name = fmt::format("model {}", i);
      fields.folded_description = std::string(i % 7, 'x');
      fields.values[i % specification::kSemanticKeys] = {i % 2 == 0 ? "Table" : "Image", "Others"};
      if (i % 3 > 0) fields.specification = testing::random_specification({3, 1 + i % 2}, i);
      entries.push_back(make_entry(std::move(fields), &pool_));
    }
    return entries;
  }
  static void expect_same(const Entry& have, const Entry& want) {
    EXPECT_EQ(have.sequence(), want.sequence());
    EXPECT_EQ(have.id(), want.id());
    EXPECT_EQ(have.name(), want.name());
    EXPECT_EQ(have.folded_name(), want.folded_name());
    EXPECT_EQ(have.folded_description(), want.folded_description());
    EXPECT_EQ(have.values(), want.values());
    EXPECT_EQ(have.specification_bytes(), want.specification_bytes());
    ASSERT_EQ(have.has_specification(), want.has_specification());
    EXPECT_EQ(have.specification(), nullptr);
    if (!have.has_specification()) return;
    EXPECT_EQ(have.space(), want.space());
  }
  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "entries.lds";
  TraitsPool pool_;
};

TEST_F(EntryFileTest, GivesBackWhatWasWritten) {
  const Entries written = some(200);
  ASSERT_TRUE(EntryFile::write(path_, {17, 1234}, written).has_value());
  auto file = EntryFile::open(path_, 2).value();
  EXPECT_EQ(file->source().catalog_version, 17U);
  EXPECT_EQ(file->source().last_created_unix_ms, 1234);
  EXPECT_EQ(file->last_id(), "id-199");
  const Entries read = EntryFile::entries(file, nullptr, {});
  file->release_pages();
  file.reset();  // the entries keep it
  ASSERT_EQ(read.size(), written.size());
  for (std::size_t i = 0; i < read.size(); ++i) expect_same(*read[i], *written[i]);
  EXPECT_EQ(&read[1]->traits(), &read[31]->traits());
}

TEST_F(EntryFileTest, GivesOnlyWhatIsLeftUnderTheKernelsInForce) {
  const Entries written = some(90);
  ASSERT_TRUE(EntryFile::write(path_, {1, 1}, written).has_value());
  std::vector<LearnwareNumber> live;
  for (std::size_t i = 0; i < written.size(); i += 4) live.push_back(written[i]->sequence());
  live.emplace_back(10'000);  // came later
  specification::SpaceKernels kernels;
  const specification::SpaceFamily group = specification::SpaceFamily::of(written[1]->space());
  ASSERT_TRUE(kernels.set(group, group.kernel(0.625)).has_value());
  const Entries read = EntryFile::entries(EntryFile::open(path_, 1).value(), &live, kernels);
  ASSERT_EQ(read.size(), live.size() - 1);
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i]->sequence(), live[i]);
    if (!read[i]->has_specification()) continue;
    EXPECT_EQ(read[i]->stored_kernel(), written[4 * i]->stored_kernel());
    const bool chosen = specification::SpaceFamily::of(read[i]->space()) == group;
    EXPECT_EQ(read[i]->kernel(), chosen ? group.kernel(0.625) : read[i]->stored_kernel());
  }
  // Written again from there, the file says the same.
  ASSERT_TRUE(EntryFile::write(folder_ / "again.lds", {2, 1}, read).has_value());
  const Entries again = EntryFile::entries(EntryFile::open(folder_ / "again.lds", 1).value(), nullptr, {});
  ASSERT_EQ(again.size(), read.size());
  for (std::size_t i = 0; i < again.size(); ++i) expect_same(*again[i], *written[4 * i]);
}

TEST_F(EntryFileTest, DamageAnywhereIsRefused) {
  ASSERT_TRUE(EntryFile::write(path_, {1, 1}, some(20)).has_value());
  const std::uintmax_t bytes = std::filesystem::file_size(path_);
  for (std::uintmax_t byte = 0; byte < bytes; byte += 41) {
    const testing::FlippedBit damage(path_, byte, static_cast<int>(byte % 8));
    EXPECT_FALSE(EntryFile::open(path_, 1).has_value()) << byte;
  }
  EXPECT_TRUE(EntryFile::open(path_, 1).has_value());
  std::filesystem::resize_file(path_, bytes / 2);
  EXPECT_EQ(EntryFile::open(path_, 1).error().code, ErrorCode::corrupt);
  EXPECT_EQ(EntryFile::open(folder_ / "none", 1).error().code, ErrorCode::not_found);
}

TEST_F(EntryFileTest, AnotherKindOfFileIsRefused) {
  ASSERT_TRUE(testing::write_segment(path_, testing::example_sections(1)).has_value());
  EXPECT_EQ(EntryFile::open(path_, 1).error().code, ErrorCode::corrupt);
}

TEST_F(EntryFileTest, IsWholeOrNotThereAfterAPowerCut) {
  const Entries entries = some(20);
  bool done = false;
  testing::cut_power_at_each_call(
      {.prepare = [&](const std::filesystem::path&) { done = false; },
       .work =
           [&](const std::filesystem::path& folder) {
             done = EntryFile::write(folder / "entries", {17, 1234}, entries).has_value();
           },
       .check =
           [&](const std::filesystem::path& folder) {
             const auto file = EntryFile::open(folder / "entries", 1);
             if (file) {
               EXPECT_EQ((*file)->last_id(), "id-19");
             } else {
               EXPECT_EQ(file.error().code, ErrorCode::not_found) << describe(file.error());
               EXPECT_FALSE(done);
             }
           }});
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace learndock::learnwares
