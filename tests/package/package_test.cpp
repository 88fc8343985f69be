#include "learndock/package/package.hpp"

#include "learndock/base/json.hpp"

#include "io/digest.hpp"
#include "io/file.hpp"
#include "package/canonical_entry.hpp"
#include "support/example_package.hpp"
#include "support/kill_nine.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

namespace learndock::package {
namespace {

using namespace learndock::testing;
using ::testing::Contains;
using ::testing::HasSubstr;
using Files = std::map<std::string, std::string>;

class PackageReader : public ::testing::Test {
 protected:
  Result<Package> read(const std::string& zip_bytes,
                       const specification::SemanticSpecification* semantic = nullptr,
                       const archive::ArchiveLimits& limits = {}) {
    // Not the atomic writer: thousands of archives need no flush.
    std::ofstream(folder_ / "in.zip", std::ios::binary)
        .write(zip_bytes.data(), static_cast<std::streamsize>(zip_bytes.size()));
    return read_package(folder_ / "in.zip", canonical(), semantic, limits);
  }
  Result<Package> read(const Files& files) { return read(raw_zip_of(files).bytes()); }
  [[nodiscard]] std::filesystem::path canonical() const { return folder_ / "out.zip"; }
  [[nodiscard]] std::string canonical_digest() const {
    return io::sha256_hex(io::read_file(canonical()).value());
  }
  [[nodiscard]] std::string entry(const std::string& name) const {
    auto bytes = read_entry(canonical(), name, 1 << 20);
    return bytes ? *bytes : describe(bytes.error());
  }
  void write_folder(const std::string& name, const Files& files) {
    for (const auto& [file, content] : files) {
      const auto path = folder_ / name / file;
      std::filesystem::create_directories(path.parent_path());
      ASSERT_TRUE(io::write_file_atomically(path, content));
    }
  }
  TemporaryFolder folder_;
};

/// What a package needs, in as few bytes as possible.
Files smallest_files() {
  return {{"learnware.yaml", "{}"},
          {"__init__.py", ""},
          {"requirements.txt", ""},
          {"stat_spec.json",
           R"({"type":"RKMETableSpecification","z":[[1]],"beta":[1],"gamma":1,"num_points":1})"}};
}

TEST_F(PackageReader, ATorchScriptPackageNeedsNoPython) {
  Files files = smallest_files();
  files.erase("__init__.py");
  files.erase("requirements.txt");
  files["learnware.yaml"] = "model: {runtime: torchscript, file: model.pt}\n";
  const auto without = read(files);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, ErrorCode::package_missing_file);
  files["model.pt"] = "weights";
  const auto package = read(files);
  ASSERT_TRUE(package) << describe(package.error());
  EXPECT_EQ(package->model.file, "model.pt");
  EXPECT_EQ(package->environment_file, "");
}

TEST_F(PackageReader, ReadsTheExample) {
  const auto package = read(example_files());
  ASSERT_TRUE(package.has_value()) << describe(package.error());
  EXPECT_EQ(package->name, "two features");
  EXPECT_EQ(package->model.class_name, "MyModel");
  EXPECT_EQ(package->model.module_path, "__init__.py");
  EXPECT_EQ(package->model.kwargs, Json({{"depth", 3}}));
  EXPECT_EQ(package->environment_file, "requirements.txt");
  EXPECT_EQ(package->statistical_file, "stat_spec.json");
  ASSERT_TRUE(package->statistical.has_value());
  EXPECT_EQ(package->statistical->points.values(), (std::vector<double>{0.5, 1.5, -2.0, 0.25}));
  EXPECT_EQ(package->statistical->weights, (std::vector<double>{0.75, 0.25}));
  ASSERT_TRUE(package->semantic.has_value());
  EXPECT_EQ(package->semantic->input->dimension, 2u);
  EXPECT_TRUE(package->warnings.empty()) << package->warnings.front();
}

TEST_F(PackageReader, CanonicalFormKeepsEveryFileByteForByte) {
  Files files = example_files();
  files["weights/layer 1.bin"] = std::string(300'000, '\x7f');
  files["empty.txt"] = "";
  ASSERT_TRUE(read(raw_zip_of(files, false).bytes()).has_value());
  EXPECT_EQ(entry("weights/layer 1.bin").size(), 300'000U);
  for (const auto& [name, content] : files) EXPECT_EQ(entry(name), content) << name;
}

TEST_F(PackageReader, CanonicalFormDependsOnContentOnly) {
  const Files files = example_files();
  ASSERT_TRUE(read(raw_zip_of(files, false).bytes()));
  const std::string digest = canonical_digest();
  RawZip shuffled = raw_zip_of(files, true);
  std::reverse(shuffled.entries.begin(), shuffled.entries.end());
  shuffled.comment = "made on a Tuesday";
  ASSERT_TRUE(read(shuffled.bytes()));
  EXPECT_EQ(canonical_digest(), digest);
  RawZip streamed;
  for (const auto& [name, content] : files) streamed.entries.push_back(raw_streamed(name, content));
  ASSERT_TRUE(read(streamed.bytes()));
  EXPECT_EQ(canonical_digest(), digest);
  write_folder("as_folder", files);
  ASSERT_TRUE(read_package(folder_ / "as_folder", canonical()));
  EXPECT_EQ(canonical_digest(), digest);
  // Its own output is a fixed point.
  std::filesystem::rename(canonical(), folder_ / "again.zip");
  ASSERT_TRUE(read_package(folder_ / "again.zip", canonical()));
  EXPECT_EQ(canonical_digest(), digest);
}

TEST_F(PackageReader, TakesOffOneTopFolderWithOrWithoutAnEntryOfItsOwn) {
  ASSERT_TRUE(read(example_files()));
  const std::string digest = canonical_digest();
  for (const bool with_entry : {true, false}) {
    RawZip zip;
    if (with_entry) zip.entries.push_back(raw_directory("my model/"));
    for (const auto& [name, content] : example_files())
      zip.entries.push_back(raw_file("my model/" + name, content));
    zip.entries.push_back(raw_directory("__MACOSX/"));
    zip.entries.push_back(raw_file("__MACOSX/._my model", "finder"));
    const auto package = read(zip.bytes());
    ASSERT_TRUE(package.has_value()) << describe(package.error());
    EXPECT_EQ(canonical_digest(), digest);
    EXPECT_THAT(package->warnings, Contains(HasSubstr("my model/")));
  }
}

TEST_F(PackageReader, IgnoresWhatSystemsLeaveBehindAndSaysSo) {
  ASSERT_TRUE(read(example_files()));
  const std::string digest = canonical_digest();
  Files files = example_files();
  files["__MACOSX/._x"] = files[".DS_Store"] = files["__pycache__/m.cpython-311.pyc"] = files["sub/old.pyc"] =
      "x";
  const auto package = read(files);
  ASSERT_TRUE(package.has_value()) << describe(package.error());
  EXPECT_EQ(canonical_digest(), digest);
  EXPECT_THAT(package->warnings, Contains(HasSubstr("4 files")));
}

TEST_F(PackageReader, MissingManifestKeysHaveTheReferenceDefaults) {
  Files files = example_files();
  for (const std::string manifest :
       {"", "{}", "model:\n", "# nothing\n", "model: {}\nstat_specifications:\n"}) {
    files["learnware.yaml"] = manifest;
    const auto package = read(files);
    ASSERT_TRUE(package.has_value()) << manifest << describe(package.error());
    EXPECT_EQ(package->model.class_name, "Model");
    EXPECT_EQ(package->model.module_path, "__init__.py");
    EXPECT_EQ(package->model.kwargs, Json::object());
    EXPECT_EQ(package->statistical_file, "stat_spec.json");
    EXPECT_EQ(package->name, "");
  }
}

TEST_F(PackageReader, EnvironmentYamlComesFirst) {
  Files files = example_files();
  files["environment.yaml"] = "dependencies: [python]\n";
  EXPECT_EQ(read(files).value().environment_file, "environment.yaml");
}

TEST_F(PackageReader, GivenSemanticsReplaceThePackagesOwn) {
  auto semantic = specification::semantic_from_json_text(kSemanticText).value();
  semantic.name = "given";
  Files files = example_files();
  files["semantic_specification.json"] = "not even JSON";
  const auto package = read(raw_zip_of(files).bytes(), &semantic);
  ASSERT_TRUE(package.has_value()) << describe(package.error());
  EXPECT_EQ(package->semantic->name, "given");
  EXPECT_EQ(specification::semantic_from_json_text(entry("semantic_specification.json")).value(), semantic);
  const std::string digest = canonical_digest();
  files.erase("semantic_specification.json");
  ASSERT_TRUE(read(raw_zip_of(files).bytes(), &semantic));
  EXPECT_EQ(canonical_digest(), digest);
}

TEST_F(PackageReader, GivenSemanticsAreComparedWithTheSpecification) {
  auto semantic = specification::semantic_from_json_text(kSemanticText).value();
  semantic.input->dimension = 3;
  const auto package = read(example_zip().bytes(), &semantic);
  ASSERT_FALSE(package.has_value());
  EXPECT_EQ(package.error().code, ErrorCode::package_spec_mismatch);
  EXPECT_FALSE(std::filesystem::exists(canonical()));
}

TEST_F(PackageReader, WithoutSemanticsThereIsAWarning) {
  Files files = example_files();
  files.erase("semantic_specification.json");
  const auto package = read(files);
  ASSERT_TRUE(package.has_value()) << describe(package.error());
  EXPECT_FALSE(package->semantic.has_value());
  EXPECT_THAT(package->warnings, Contains(HasSubstr("no semantic specification")));
}

TEST_F(PackageReader, OfSeveralSpecificationsTheTableComesBeforeText) {
  Files files = example_files();
  files["text.json"] =
      R"({"z":[[1,2]],"beta":[1],"gamma":0.1,"num_points":1,"type":"RKMETextSpecification","language":[]})";
  files["learnware.yaml"] =
      "stat_specifications:\n"
      "- {module_path: learnware.specification, class_name: RKMETextSpecification, file_name: text.json, "
      "kwargs: {}}\n"
      "- {module_path: learnware.specification, class_name: RKMEStatSpecification, file_name: "
      "stat_spec.json}\n";
  const auto package = read(files);
  ASSERT_TRUE(package.has_value()) << describe(package.error());
  EXPECT_EQ(package->statistical_file, "stat_spec.json");
  EXPECT_THAT(package->warnings, Contains(HasSubstr("of 2 statistical specifications")));
}

TEST_F(PackageReader, AFileWithoutTypeIsWhatTheManifestSays) {
  Files files = example_files();
  files["learnware.yaml"] = "stat_specifications:\n- {class_name: RKMETextSpecification}\n";
  files["stat_spec.json"] = R"({"z":[[1,2]],"beta":[1],"gamma":0.1,"num_points":1,"language":["en"]})";
  const auto package = read(files);
  ASSERT_TRUE(package.has_value()) << describe(package.error());
  EXPECT_EQ(package->statistical->kind->name(), "RKMETextSpecification");
}

TEST_F(PackageReader, RequirementsFromOtherPlacesAreFlagged) {
  Files files = example_files();
  files["requirements.txt"] = "numpy\n# see https://example.org\ngit+https://example.org/x.git\n";
  const auto package = read(files);
  ASSERT_TRUE(package.has_value()) << describe(package.error());
  ASSERT_EQ(package->warnings.size(), 1u);
  EXPECT_THAT(package->warnings[0], HasSubstr("line 3"));
}

TEST_F(PackageReader, ErrorsNameTheEntryAndThePlaceInIt) {
  Files files = example_files();
  files["stat_spec.json"] = R"({"z":[[1,2]],"beta":[1],"gamma":-1,"num_points":1})";
  EXPECT_THAT(read(files).error().where, HasSubstr("stat_spec.json:/gamma"));
  files = example_files();
  files["learnware.yaml"] = "name: a\nname: b\n";
  EXPECT_EQ(read(files).error().where, "learnware.yaml:line 2, column 1");
}

TEST_F(PackageReader, FolderRefusesLinksAndSpecialFiles) {
  write_folder("linked", example_files());
  ASSERT_EQ(::symlink("/etc/passwd", (folder_ / "linked" / "weights.bin").c_str()), 0);
  auto package = read_package(folder_ / "linked", canonical());
  ASSERT_FALSE(package.has_value());
  EXPECT_EQ(package.error().code, ErrorCode::zip_file_kind);
  EXPECT_EQ(package.error().where, "weights.bin");
  write_folder("fifo", example_files());
  ASSERT_EQ(::mkfifo((folder_ / "fifo" / "pipe").c_str(), 0600), 0);
  package = read_package(folder_ / "fifo", canonical());
  ASSERT_FALSE(package.has_value());
  EXPECT_EQ(package.error().code, ErrorCode::zip_file_kind);
  EXPECT_FALSE(std::filesystem::exists(canonical()));
}

TEST_F(PackageReader, ExistingTargetSurvivesAFailure) {
  ASSERT_TRUE(read(example_files()));
  const std::string digest = canonical_digest();
  Files files = example_files();
  files.erase("__init__.py");
  EXPECT_FALSE(read(files).has_value());
  EXPECT_EQ(canonical_digest(), digest);
}

TEST_F(PackageReader, MissingInputIsNotFound) {
  const auto package = read_package(folder_ / "nothing.zip", canonical());
  ASSERT_FALSE(package.has_value());
  EXPECT_EQ(package.error().code, ErrorCode::not_found);
}

TEST_F(PackageReader, EveryLimitIsEnforced) {
  const std::string bytes = example_zip().bytes();
  const auto refused = [&](auto change) {
    archive::ArchiveLimits limits;
    change(limits);
    auto package = read(bytes, nullptr, limits);
    EXPECT_FALSE(std::filesystem::exists(canonical()));
    return package ? ErrorCode::internal : package.error().code;
  };
  EXPECT_EQ(refused([&](auto& l) { l.max_archive_bytes = bytes.size() - 1; }), ErrorCode::zip_limit);
  EXPECT_EQ(refused([](auto& l) { l.max_expanded_bytes = 500; }), ErrorCode::zip_limit);
  EXPECT_EQ(refused([](auto& l) { l.max_file_bytes = 200; }), ErrorCode::zip_limit);
  EXPECT_EQ(refused([](auto& l) { l.max_entries = 4; }), ErrorCode::zip_limit);
  EXPECT_EQ(refused([](auto& l) { l.max_path_bytes = 10; }), ErrorCode::zip_path_length);
  EXPECT_EQ(refused([](auto& l) { l.max_yaml_bytes = 100; }), ErrorCode::package_yaml_size);
  EXPECT_EQ(refused([](auto& l) { l.max_spec_bytes = 50; }), ErrorCode::json_size);
  Files files = example_files();
  files["zeros.bin"] = std::string(10'000, '\0');
  archive::ArchiveLimits limits;
  limits.ratio_allowance = 9'000, limits.max_ratio = 2;
  EXPECT_EQ(read(raw_zip_of(files, true).bytes(), nullptr, limits).error().code, ErrorCode::zip_bomb);
}

/// Packages are stored unpacked: eight uploads of 63 KB each took 496 MiB of the disk.
TEST_F(PackageReader, AnUploadFillsTheDiskWithAThousandTimesItsLength) {
  Files files = example_files();
  files["zeros.bin"] = std::string(std::size_t{65} << 20, '\0');
  const std::string packed = raw_zip_of(files, true).bytes();
  ASSERT_LT(packed.size(), 80'000U);
  const auto refused = read(packed);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::zip_bomb);
  EXPECT_THAT(refused.error().fix, HasSubstr("zip -0")) << "a model that holds zeros has a way in";
  EXPECT_EQ(files_below(folder_.path()), std::set<std::string>{"in.zip"});
  files["zeros.bin"].resize(2 << 20);
  EXPECT_EQ(read(raw_zip_of(files, true).bytes()).error().code, ErrorCode::zip_bomb);
  EXPECT_TRUE(read(raw_zip_of(files, false).bytes())) << "the way in: sent as it is stored";
}

/// 150 archives of 1.6 KB took 158 MB: a first MiB was free for each.
TEST_F(PackageReader, ManySmallPackagesFillTheDiskAtSixHundredToOne) {
  const archive::ArchiveLimits limits;
  std::uint64_t smallest = ~std::uint64_t{0};
  for (const std::size_t zeros : {0U, 10'000U, 20'000U, 30'000U, 60'000U, 250'000U, 1'000'000U}) {
    Files files = smallest_files();
    files["zeros.bin"] = std::string(zeros, '\0');
    const std::string packed = raw_zip_of(files, true).bytes();
    smallest = std::min<std::uint64_t>(smallest, packed.size());
    if (const auto package = read(packed); !package) {
      EXPECT_EQ(package.error().code, ErrorCode::zip_bomb);
      EXPECT_THAT(package.error().fix, HasSubstr("zip -0"));
      EXPECT_EQ(package.error().where, "zeros.bin");
      continue;
    }
    const std::uint64_t stored = std::filesystem::file_size(canonical());
    EXPECT_LE(stored, limits.max_ratio * packed.size() + 1000) << zeros << " zeros";
  }
  EXPECT_LE(limits.ratio_allowance, (limits.max_ratio + 10) * smallest)
      << "what is free must be no more than about what the ratio gives the smallest archive";
}

/// 30,000 zeros pack into 100 bytes and took 230 KB of package and catalogue.
TEST_F(PackageReader, ZerosOfASpecificationTakeMoreOfTheCatalogueThanOfTheirFile) {
  Files files = smallest_files();
  const auto zeros = [](std::size_t count) {
    std::string text = R"({"type":"RKMETableSpecification","z":[[0)";
    for (std::size_t i = 1; i < count; ++i) text += ",0";
    return text + R"(]],"beta":[1.0],"gamma":0.1,"num_points":1})";
  };
  files["stat_spec.json"] = zeros(15'000);
  EXPECT_LE(files["stat_spec.json"].size(), 32'000U) << "its file alone is no more than is free";
  const auto refused = read(raw_zip_of(files, true).bytes());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::zip_bomb);
  EXPECT_EQ(refused.error().where, "stat_spec.json");
  EXPECT_TRUE(read(raw_zip_of(files, false).bytes())) << "sent as it is stored";
}

TEST_F(PackageReader, HonestFilesThatPackWellAreTaken) {
  Files files = example_files();
  files["zeros.bin"] = std::string(30'000, '\0');
  EXPECT_TRUE(read(raw_zip_of(files, true).bytes())) << "a small package may pack as well as it likes";
  files["zeros.bin"] = std::string(900'000, '\0');
  EXPECT_FALSE(read(raw_zip_of(files, true).bytes())) << "alone, it would make up the package";
  std::string& words = files["vocabulary.txt"];
  std::mt19937 random(7);
  while (words.size() < (std::size_t{5} << 20)) words += "word" + std::to_string(random() % 50'000) + "\n";
  std::string& cells = files["table.csv"];
  while (cells.size() < (std::size_t{5} << 20))
    cells += random() % 5 == 0 ? "1.0," : "0.0,";  // a sparse table, dense as text
  const auto package = read(raw_zip_of(files, true).bytes());
  EXPECT_TRUE(package.has_value()) << "the zeros, too, beside files that do not: "
                                   << describe(package.error());
}

TEST_F(PackageReader, NothingIsWrittenWithoutRoom) {
  Files files = example_files();
  files["weights.bin"] = std::string(1 << 20, '\x01');
  ASSERT_TRUE(io::write_file_atomically(folder_ / "in.zip", raw_zip_of(files, false).bytes()));
  std::uint64_t asked = 0;
  const auto room = [&](std::uint64_t bytes) -> Result<void> {
    asked = bytes;
    return fail(ErrorCode::no_space, "no");
  };
  EXPECT_EQ(read_package(folder_ / "in.zip", canonical(), nullptr, {}, room).error().code,
            ErrorCode::no_space);
  EXPECT_EQ(files_below(folder_.path()), std::set<std::string>{"in.zip"});
  ASSERT_TRUE(read_package(folder_ / "in.zip", canonical()));
  const auto length = std::filesystem::file_size(canonical());
  EXPECT_GE(asked, length);
  EXPECT_LE(asked, length + 2000);
}

TEST_F(PackageReader, EveryTruncationIsAnError) {
  const std::string bytes = example_zip().bytes();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    ASSERT_FALSE(read(bytes.substr(0, length)).has_value()) << length << " of " << bytes.size() << " bytes";
    ASSERT_FALSE(std::filesystem::exists(canonical())) << length;
  }
}

TEST_F(PackageReader, EveryBitFlipIsAnErrorOrChangesNothing) {
  Files files = example_files();
  RawZip zip = raw_zip_of(files, true);
  zip.entries.push_back(raw_streamed("streamed.bin", "streamed content"));
  zip.entries.push_back(raw_directory("empty/"));
  std::string bytes = zip.bytes();
  ASSERT_TRUE(read(bytes));
  const std::string digest = canonical_digest();
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::filesystem::remove(canonical());
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    if (read(bytes)) {
      ASSERT_EQ(canonical_digest(), digest) << "bit " << bit;
    } else {
      ASSERT_FALSE(std::filesystem::exists(canonical())) << "bit " << bit;
      ++refused;
    }
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  }
  EXPECT_GT(refused, 8 * bytes.size() * 8 / 10) << "most of an archive's bits mean something";
}

TEST_F(PackageReader, RandomChangesNeverGetThroughWithOtherContent) {
  const std::string good = example_zip().bytes();
  ASSERT_TRUE(read(good));
  const std::string digest = canonical_digest();
  std::mt19937_64 random(20240611);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = good;
    for (int change = 0; change < 3; ++change) {
      const std::size_t at = random() % bytes.size();
      if (random() % 3 == 0)
        bytes.erase(at, random() % 40);
      else if (random() % 2 == 0)
        bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
      else
        bytes[at] = static_cast<char>(random());
    }
    std::filesystem::remove(canonical());
    if (read(bytes)) {
      EXPECT_EQ(canonical_digest(), digest) << "round " << round;
    } else {
      EXPECT_FALSE(std::filesystem::exists(canonical())) << "round " << round;
    }
  }
}

TEST_F(PackageReader, AFullDiskIsNamedAndLeavesNothing) {
  Files files = example_files();
  files["weights.bin"] = std::string(1 << 20, '\x01');
  ASSERT_TRUE(io::write_file_atomically(folder_ / "in.zip", raw_zip_of(files, false).bytes()));
  const auto package = [&] {
    const FileSizeLimit small(64 << 10);
    return read_package(folder_ / "in.zip", canonical());
  }();
  ASSERT_FALSE(package.has_value());
  EXPECT_EQ(package.error().code, ErrorCode::no_space) << describe(package.error());
  EXPECT_EQ(files_below(folder_.path()), std::set<std::string>{"in.zip"});
  EXPECT_TRUE(read_package(folder_ / "in.zip", canonical()).has_value()) << "works again once there is room";
}

TEST_F(PackageReader, ReadEntryTellsAbsenceAndSize) {
  ASSERT_TRUE(read(example_files()));
  EXPECT_EQ(read_entry(canonical(), "no.such", 100).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_entry(canonical(), "learnware.yaml", 10).error().code, ErrorCode::too_large);
  EXPECT_EQ(read_entry(folder_ / "none.zip", "learnware.yaml", 10).error().code, ErrorCode::not_found);
}

/// An accepted archive of 1 KiB whose canonical form, not compressed, is longer than the limit on archives.
TEST_F(PackageReader, WhatWasAcceptedCanBeReadAgain) {
  Files files = example_files();
  files["weights.bin"] = std::string(20'000, 'w');
  archive::ArchiveLimits limits;
  limits.max_archive_bytes = 10'000;
  limits.max_expanded_bytes = 25'000;
  limits.max_spec_bytes = 4'000;
  files.erase("semantic_specification.json");
  limits.max_entries = files.size();
  const auto semantic = specification::semantic_from_json_text(kSemanticText).value();
  ASSERT_TRUE(read(raw_zip_of(files).bytes(), &semantic, limits));
  ASSERT_GT(std::filesystem::file_size(canonical()), limits.max_archive_bytes);
  const auto yaml = read_entry(canonical(), "learnware.yaml", 1 << 20, limits);
  ASSERT_TRUE(yaml) << describe(yaml.error());
  EXPECT_EQ(*yaml, kManifestText);
  EXPECT_FALSE(read_package(canonical(), folder_ / "again.zip", nullptr, limits))
      << "as an upload it is too long";
}

}  // namespace
}  // namespace learndock::package
