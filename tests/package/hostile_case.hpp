#pragma once

#include "learndock/package/package.hpp"

#include "io/file.hpp"
#include "support/example_package.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace learndock::package {

using namespace learndock::testing;

/// One malformed package and the code it must give.
struct HostileCase {
  std::string name;
  ErrorCode code;
  std::function<std::string()> bytes;
};
inline void PrintTo(const HostileCase& one, std::ostream* out) { *out << one.name; }

/// The example with one more file of this name.
inline auto named(std::string name) {
  return [name = std::move(name)] {
    RawZip zip = example_zip();
    zip.entries.push_back(raw_file(name, "x"));
    return zip.bytes();
  };
}
inline auto two_named(std::string first, std::string second) {
  return [first, second] {
    RawZip zip = example_zip();
    for (const std::string& name : {first, second})
      zip.entries.push_back(name.ends_with('/') ? raw_directory(name) : raw_file(name, "x"));
    return zip.bytes();
  };
}
/// The example with its archive changed.
inline auto with_zip(std::function<void(RawZip&)> change) {
  return [change = std::move(change)] {
    RawZip zip = example_zip();
    change(zip);
    return zip.bytes();
  };
}
/// The example with one more entry, "extra.bin", changed.
inline auto with_entry(std::function<void(RawEntry&)> change) {
  return with_zip([change = std::move(change)](RawZip& zip) {
    zip.entries.push_back(raw_file("extra.bin", std::string(1000, 'x'), true));
    change(zip.entries.back());
  });
}
inline auto with_kind(std::uint32_t mode) {
  return with_entry([mode](RawEntry& entry) { entry.attributes = mode << 16; });
}
/// The example with one file's content replaced.
inline auto with_file(std::string name, std::string content) {
  return [name = std::move(name), content = std::move(content)] {
    auto files = example_files();
    files[name] = content;
    return raw_zip_of(files).bytes();
  };
}
inline auto without(std::string name) {
  return [name = std::move(name)] {
    auto files = example_files();
    files.erase(name);
    return raw_zip_of(files).bytes();
  };
}
inline auto just(std::string bytes) {
  return [bytes = std::move(bytes)] { return bytes; };
}
inline std::string with_nul() { return std::string("a\0b", 3); }

/// Reads the package: it must be refused with its code, and no file may be left.
inline void expect_refused(const HostileCase& hostile) {
  const TemporaryFolder folder;
  ASSERT_TRUE(io::write_file_atomically(folder / "in.zip", hostile.bytes()));
  const auto package = read_package(folder / "in.zip", folder / "out.zip");
  ASSERT_FALSE(package.has_value());
  EXPECT_EQ(slug(package.error().code), slug(hostile.code)) << describe(package.error());
  EXPECT_FALSE(package.error().message.empty());
  EXPECT_EQ(files_below(folder.path()), std::set<std::string>{"in.zip"});
}

template <class... Groups>
std::vector<HostileCase> joined(const Groups&... groups) {
  std::vector<HostileCase> all;
  (all.insert(all.end(), groups.begin(), groups.end()), ...);
  return all;
}

/// Names the cases of an instantiation.
inline std::string case_name(const ::testing::TestParamInfo<HostileCase>& one) { return one.param.name; }

}  // namespace learndock::package
