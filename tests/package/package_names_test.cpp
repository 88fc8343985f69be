// Names that programs spell differently: one package, whatever packed it.
#include "learndock/package/package.hpp"

#include "io/digest.hpp"
#include "io/file.hpp"
#include "package/canonical_entry.hpp"
#include "support/example_package.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace learndock::package {
namespace {

using namespace learndock::testing;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Files = std::map<std::string, std::string>;

const std::string kComposed = "mod\u00e8le", kDecomposed = "mode\u0300le";

class PackageNames : public ::testing::Test {
 protected:
  Result<Package> read(const RawZip& zip) {
    EXPECT_TRUE(io::write_file_atomically(folder_ / "in.zip", zip.bytes()));
    return read_package(folder_ / "in.zip", folder_ / "out.zip");
  }
  /// The digest of the canonical form; the refusal's text when there is none.
  std::string digest(const RawZip& zip) {
    const auto package = read(zip);
    return package ? io::sha256_hex(io::read_file(folder_ / "out.zip").value()) : describe(package.error());
  }
  Result<Package> read_folder(const Files& files) {
    for (const auto& [name, content] : files) {
      const auto path = folder_ / "model" / name;
      std::filesystem::create_directories(path.parent_path());
      EXPECT_TRUE(io::write_file_atomically(path, content));
    }
    return read_package(folder_ / "model", folder_ / "out.zip");
  }
  TemporaryFolder folder_;
};

Files with_weights(const std::string& name) {
  Files files = example_files();
  files[name] = "weights";
  return files;
}

TEST_F(PackageNames, AMacsNamesAreStoredComposed) {
  const std::string composed = digest(raw_zip_of(with_weights("w/" + kComposed + ".pkl")));
  EXPECT_EQ(digest(raw_zip_of(with_weights("w/" + kDecomposed + ".pkl"))), composed);
  const auto package = read(raw_zip_of(with_weights("w/" + kDecomposed + ".pkl")));
  EXPECT_THAT(package->warnings, ElementsAre(HasSubstr("composed (NFC)")));
  EXPECT_EQ(read_entry(folder_ / "out.zip", "w/" + kComposed + ".pkl", 100), "weights");
  EXPECT_EQ(read_entry(folder_ / "out.zip", "w/" + kDecomposed + ".pkl", 100), "weights");
}

TEST_F(PackageNames, AFolderOfAMacIsReadAsItsZip) {
  const std::string zip = digest(raw_zip_of(with_weights(kComposed + "/w.pkl")));
  ASSERT_TRUE(read_folder(with_weights(kDecomposed + "/w.pkl")).has_value());
  EXPECT_EQ(io::sha256_hex(io::read_file(folder_ / "out.zip").value()), zip);
  const auto twice = read_folder(with_weights(kComposed + "/w.pkl"));
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().code, ErrorCode::zip_duplicate);
}

TEST_F(PackageNames, TheManifestFindsItsFilesInEitherSpelling) {
  for (const auto& [in_yaml, on_disk] :
       {std::pair(kComposed, kDecomposed), {kDecomposed, kComposed}, {kDecomposed, kDecomposed}}) {
    Files files = example_files();
    files["learnware.yaml"] =
        "model: {module_path: " + in_yaml +
        ".py}\nstat_specifications:\n- {class_name: RKMETableSpecification, file_name: " + in_yaml +
        ".json}\n";
    files[on_disk + ".py"] = "class Model: pass\n";
    files[on_disk + ".json"] = files.extract("stat_spec.json").mapped();
    const auto package = read(raw_zip_of(files));
    ASSERT_TRUE(package.has_value()) << describe(package.error());
    EXPECT_EQ(package->statistical_file, kComposed + ".json");
    EXPECT_EQ(package->model.module_path, kComposed + ".py");
    const bool warned = in_yaml == kDecomposed;
    EXPECT_EQ(std::count_if(package->warnings.begin(), package->warnings.end(),
                            [](const std::string& one) { return one.starts_with("learnware.yaml names"); }),
              warned ? 2 : 0);
  }
}

TEST_F(PackageNames, WindowsPowerShellsBackslashesAreFolders) {
  const std::string plain = digest(raw_zip_of(with_weights("weights/model.pkl")));
  RawZip zip;
  for (const auto& [name, content] : example_files()) zip.entries.push_back(windows_file(name, content));
  zip.entries.push_back(windows_file("weights\\model.pkl", "weights"));
  zip.entries.push_back(windows_file("empty\\", ""));
  zip.entries.back().attributes = 0x10;
  EXPECT_EQ(digest(zip), plain);
  EXPECT_THAT(read(zip)->warnings, ElementsAre(HasSubstr("2 names are written with '\\'")));
}

TEST_F(PackageNames, DotsOfTarAreTakenOff) {
  const std::string plain = digest(example_zip());
  for (const bool in_a_folder : {false, true}) {
    const std::string top = in_a_folder ? "./my model/" : "./";
    RawZip zip{{raw_directory("./")}};
    for (const auto& [name, content] : example_files())
      zip.entries.push_back(raw_streamed(top + name, content));
    EXPECT_EQ(digest(zip), plain);
  }
}

/// Thirteen warnings for four files, under a folder with a Chinese name.
TEST_F(PackageNames, NamesThatAreNotMarkedAsUtf8AreOneWarning) {
  RawZip zip;
  for (const auto& [name, content] : example_files()) {
    zip.entries.push_back(raw_file("模型/" + name, content));
    zip.entries.back().both(&RawHeader::flags, std::uint16_t{0});
  }
  const auto package = read(zip);
  ASSERT_TRUE(package.has_value()) << describe(package.error());
  EXPECT_THAT(package->warnings,
              ElementsAre(HasSubstr("5 names are not marked as UTF-8"), HasSubstr("it is taken off")));
}

TEST_F(PackageNames, ListsOfRequirementsUnderOtherNamesAreNamed) {
  for (const auto& [name, told] : {std::pair("environment.yml", "rename it to environment.yaml"),
                                   {"Requirements.txt", "rename it to requirements.txt"},
                                   {"docs/requirements.txt", "beside learnware.yaml"},
                                   {"requirement.txt", "rename it to requirements.txt"},
                                   {"conda.yml", "rename it to environment.yaml"},
                                   {"pyproject.toml", "packages that pyproject.toml lists"},
                                   {"notes.md", "packages that the model needs"}}) {
    Files files = example_files();
    files.erase("requirements.txt");
    files[name] = "numpy\n";
    const auto package = read(raw_zip_of(files));
    ASSERT_TRUE(package.has_value()) << name << describe(package.error());
    EXPECT_EQ(package->environment_file, "");
    EXPECT_THAT(package->warnings,
                ElementsAre(AllOf(HasSubstr("standard library and numpy are assumed"), HasSubstr(told))))
        << name;
  }
}

TEST_F(PackageNames, RequirementsMayReadOtherListsOfThePackage) {
  Files files = example_files();
  files["requirements.txt"] = "-r lists/base.txt\n";
  files["lists/base.txt"] = "numpy\n";
  EXPECT_THAT(read(raw_zip_of(files))->warnings, ElementsAre());
  files["lists/base.txt"] = "-i http://203.0.113.9/simple\n";
  EXPECT_THAT(read(raw_zip_of(files))->warnings,
              ElementsAre(HasSubstr("lists/base.txt line 1 takes code from a place of its own choice")));
  files.erase("lists/base.txt");
  EXPECT_THAT(read(raw_zip_of(files))->warnings, ElementsAre(HasSubstr("a list that the package lacks")));
}

TEST_F(PackageNames, FilesOfWindowsEditorsAreRead) {
  Files files = example_files();
  for (const char* name :
       {"learnware.yaml", "requirements.txt", "stat_spec.json", "semantic_specification.json"})
    files[name].insert(0, "\xef\xbb\xbf");
  const auto package = read(raw_zip_of(files));
  ASSERT_TRUE(package.has_value()) << describe(package.error());
  EXPECT_THAT(package->warnings, ElementsAre());
}

}  // namespace
}  // namespace learndock::package
