#pragma once

#include "learndock/base/json.hpp"
#include "learndock/dock/backup.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/dock/upkeep.hpp"
#include "learndock/specification/codec.hpp"

#include "catalog/sql.hpp"
#include "support/generators.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace learndock::dock {

namespace fs = std::filesystem;

/// A dock of small packages to which bad things happen.
class KeptDock : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Dock::create(dock()).has_value()); }
  [[nodiscard]] fs::path dock() const { return folder_ / "dock"; }
  [[nodiscard]] fs::path catalogue() const { return dock() / "catalog.sqlite"; }
  [[nodiscard]] Result<std::unique_ptr<Dock>> try_open(bool read_only = false) const {
    DockOptions options;
    options.threads = 1;
    options.read_only = read_only;
    return Dock::open(dock(), options);
  }
  [[nodiscard]] std::unique_ptr<Dock> open() const {
    auto opened = try_open();
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : describe(opened.error()));
    return std::move(opened).value_or(nullptr);
  }
  fs::path package(std::uint64_t seed) const {
    const fs::path folder = folder_ / fmt::format("package-{}", seed);
    fs::create_directories(folder);
    const auto write = [&](const char* name, const std::string& text) {
      std::ofstream(folder / name) << text;
    };
    write("learnware.yaml",
          fmt::format(
              "name: model {}\nmodel:\n  class_name: MyModel\nstat_specifications:\n  - module_path: "
              "learnware.specification\n    class_name: RKMETableSpecification\n    file_name: stat.json\n"
              "    kwargs: {{}}\n",
              seed));
    write("__init__.py", fmt::format("# model {}\n", seed));
    write("requirements.txt", "numpy\n");
    write("stat.json", specification::to_json_text(testing::random_specification({5, 3}, seed)));
    return folder;
  }
  void add(Dock& opened, std::uint64_t first, std::uint64_t last) const {
    for (std::uint64_t seed = first; seed < last; ++seed) {
      const auto stored = opened.add_package(package(seed));
      ASSERT_TRUE(stored.has_value()) << describe(stored.error());
    }
  }
  [[nodiscard]] std::vector<fs::path> packages(const fs::path& of) const {
    std::vector<fs::path> files;
    for (const auto& item : fs::recursive_directory_iterator(of / "packages"))
      if (item.is_regular_file() && item.path().filename().string().size() == 62)
        files.push_back(item.path());
    return files;
  }
  [[nodiscard]] std::size_t package_count() const { return packages(dock()).size(); }
  /// As another program would change the file.
  void change(const std::string& sql) const {
    const auto file = catalog::Connection::open(catalogue(), catalog::Connection::Mode::read_write).value();
    const auto done = file->execute(sql);
    ASSERT_TRUE(done.has_value()) << describe(done.error());
  }
  [[nodiscard]] CheckReport check(bool repair = false, bool packages = true) const {
    CheckOptions options;
    options.packages = packages;
    options.repair = repair;
    options.threads = 1;
    auto report = check_dock(dock(), options);
    EXPECT_TRUE(report.has_value()) << (report ? "" : describe(report.error()));
    return std::move(report).value_or(CheckReport());
  }
  [[nodiscard]] static std::string text_of(const CheckReport& report) {
    std::string text;
    for (const Finding& one : report.findings) text += to_text(to_json(one)) + "\n";
    return text;
  }
  [[nodiscard]] static std::vector<std::string> ids(const Dock& opened) {
    std::vector<std::string> all;
    const auto page = opened.list(0, 1000);
    EXPECT_TRUE(page.has_value());
    for (const auto& record : page->records) all.push_back(record.id.text());
    return all;
  }
  /// How many learnwares a search by data compares, each found as itself.
  [[nodiscard]] static std::size_t found(const Dock& opened, std::uint64_t first, std::uint64_t last) {
    std::size_t right = 0;
    for (std::uint64_t seed = first; seed < last; ++seed) {
      query::SearchRequest request;
      request.specification = testing::random_specification({5, 3}, seed);
      const auto answer = opened.search(request);
      EXPECT_TRUE(answer.has_value());
      if (answer && !answer->singles.empty() && *answer->singles[0].mmd_squared < 1e-9) ++right;
    }
    return right;
  }
  testing::TemporaryFolder folder_;
};

}  // namespace learndock::dock
