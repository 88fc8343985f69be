#include "archive/zip_writer.hpp"

#include "archive/zip_reader.hpp"
#include "io/file.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <unistd.h>

namespace learndock::archive {
namespace {

using namespace learndock::testing;
using Files = std::map<std::string, std::string>;

Result<void> write_zip(const std::filesystem::path& path, const Files& files) {
  LEARNDOCK_TRY(ZipWriter writer, ZipWriter::create(path));
  for (const auto& [name, content] : files) LEARNDOCK_CHECK(writer.add(name, content));
  return writer.finish();
}

Files read_zip(const std::filesystem::path& path, const archive::ArchiveLimits& limits = {}) {
  std::shared_ptr<const ByteSource> source = open_file_source(path).value();
  const auto archive = ZipArchive::open(std::move(source), limits);
  if (!archive) throw std::runtime_error(describe(archive.error()));
  Files files;
  for (const ZipEntry& entry : archive->entries()) {
    if (entry.directory) continue;
    files[entry.name];
    const auto read = archive->extract(entry, [&](std::string_view piece) -> Result<void> {
      files[entry.name].append(piece);
      return {};
    });
    if (!read) throw std::runtime_error(describe(read.error()));
  }
  return files;
}

Files random_files(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Files files;
  for (std::size_t count = 1 + random() % 20; count > 0; --count) {
    std::string content(random() % 3 == 0 ? random() % 600'000 : random() % 300, '\0');
    for (char& byte : content) byte = static_cast<char>(random());
    files[fmt::format("d{}/\xe6\xa8\xa1 {}.bin", random() % 4, random())] = std::move(content);
  }
  return files;
}

TEST(ZipWriter, WhatIsWrittenReadsBack) {
  const TemporaryFolder folder;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Files files = random_files(seed);
    ASSERT_TRUE(write_zip(folder / "a.zip", files));
    EXPECT_TRUE(read_zip(folder / "a.zip") == files) << "seed " << seed;
  }
}

TEST(ZipWriter, TheSameFilesGiveTheSameBytes) {
  const TemporaryFolder folder;
  const Files files = random_files(3);
  ASSERT_TRUE(write_zip(folder / "a.zip", files));
  ASSERT_TRUE(write_zip(folder / "b.zip", files));
  EXPECT_EQ(io::read_file(folder / "a.zip").value(), io::read_file(folder / "b.zip").value());
}

TEST(ZipWriter, ManyEntriesNeedZip64) {
  const TemporaryFolder folder;
  Files files;
  for (int i = 0; i < 70'000; ++i) files[fmt::format("{:06}", i)] = "";
  ASSERT_TRUE(write_zip(folder / "a.zip", files));
  archive::ArchiveLimits limits;
  limits.max_entries = 100'000;
  EXPECT_EQ(read_zip(folder / "a.zip", limits).size(), 70'000u);
}

TEST(ZipWriter, RefusesNamesOutOfOrderAndOtherLengthsThanAnnounced) {
  const TemporaryFolder folder;
  {
    ZipWriter writer = ZipWriter::create(folder / "a.zip").value();
    ASSERT_TRUE(writer.add("b", "x"));
    EXPECT_EQ(writer.add("a", "x").error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(writer.add("b", "x").error().code, ErrorCode::invalid_argument);
    ASSERT_TRUE(writer.begin("c", 3));
    EXPECT_EQ(writer.write("four").error().code, ErrorCode::zip_size);
    ASSERT_TRUE(writer.begin("d", 3));
    ASSERT_TRUE(writer.write("2b"));
    EXPECT_EQ(writer.end().error().code, ErrorCode::zip_size);
  }
  EXPECT_TRUE(files_below(folder.path()).empty()) << "an unfinished archive leaves nothing";
}

/// Another implementation reads the archive: names, sizes, sums, bytes, dates and kinds.
constexpr const char* kDifferential = R"py(
import sys, zipfile, pathlib, stat
archive, expected = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
assert archive.testzip() is None
names = sorted(str(p.relative_to(expected)) for p in expected.rglob("*") if p.is_file())
assert archive.namelist() == sorted(names, key=lambda n: n.encode()), (archive.namelist(), names)
for info in archive.infolist():
    data = (expected / info.filename).read_bytes()
    assert archive.read(info) == data and info.file_size == len(data) == info.compress_size, info
    assert info.date_time == (1980, 1, 1, 0, 0, 0) and info.compress_type == zipfile.ZIP_STORED, info
    assert stat.S_ISREG(info.external_attr >> 16) and info.flag_bits == 0x800, info
)py";

int run_python(const TemporaryFolder& folder) {
  const std::string command = fmt::format("/usr/bin/python3 '{}' '{}' '{}'", (folder / "check.py").string(),
                                          (folder / "a.zip").string(), (folder / "files").string());
  return std::system(command.c_str());
}

TEST(ZipWriter, PythonReadsTheSame) {
  if (::access("/usr/bin/python3", X_OK) != 0) GTEST_SKIP() << "no /usr/bin/python3 to compare with";
  const TemporaryFolder folder;
  ASSERT_TRUE(io::write_file_atomically(folder / "check.py", kDifferential));
  for (std::uint64_t seed = 30; seed < 34; ++seed) {
    std::filesystem::remove_all(folder / "files");
    const Files files = random_files(seed);
    for (const auto& [name, content] : files) {
      std::filesystem::create_directories((folder.path() / "files" / name).parent_path());
      ASSERT_TRUE(io::write_file_atomically(folder.path() / "files" / name, content));
    }
    ASSERT_TRUE(write_zip(folder / "a.zip", files));
    EXPECT_EQ(run_python(folder), 0) << "seed " << seed;
  }
  // The comparison can fail: one more file on the other side is noticed.
  ASSERT_TRUE(io::write_file_atomically(folder.path() / "files" / "more", "x"));
  std::filesystem::rename(folder / "check.py", folder / "inner.py");
  ASSERT_TRUE(io::write_file_atomically(folder / "check.py",
                                        "import runpy, sys\n"
                                        "try:\n    runpy.run_path(sys.argv[0].replace('check', 'inner'))\n"
                                        "except AssertionError:\n    sys.exit(3)\n"));
  EXPECT_EQ(WEXITSTATUS(run_python(folder)), 3);
}

TEST(ZipWriter, PythonsArchivesAreRead) {
  if (::access("/usr/bin/python3", X_OK) != 0) GTEST_SKIP() << "no /usr/bin/python3 to compare with";
  const TemporaryFolder folder;
  ASSERT_TRUE(io::write_file_atomically(folder / "make.py", R"py(
import sys, zipfile
class Pipe:                       # cannot seek: the writer must use data descriptors
    def __init__(self, file): self.file = file
    def write(self, data): return self.file.write(data)
    def flush(self): self.file.flush()
with zipfile.ZipFile(sys.argv[1] + "/seekable.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("d/", ""); z.writestr("d/\u6a21.txt", "model " * 1000); z.writestr("s", "x", zipfile.ZIP_STORED)
with open(sys.argv[1] + "/streamed.zip", "wb") as f, zipfile.ZipFile(Pipe(f), "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("a", "model " * 1000); z.writestr("s", "x", zipfile.ZIP_STORED)
    with z.open("big", "w", force_zip64=True) as e: e.write(b"sixty-four")
)py"));
  const std::string make =
      fmt::format("/usr/bin/python3 '{}' '{}'", (folder / "make.py").string(), folder.path().string());
  ASSERT_EQ(std::system(make.c_str()), 0);
  std::string model;
  for (int i = 0; i < 1000; ++i) model += "model ";
  EXPECT_EQ(read_zip(folder / "seekable.zip"), (Files{{"d/\xe6\xa8\xa1.txt", model}, {"s", "x"}}));
  EXPECT_EQ(read_zip(folder / "streamed.zip"), (Files{{"a", model}, {"s", "x"}, {"big", "sixty-four"}}));
}

}  // namespace
}  // namespace learndock::archive
