#include "blobs/local_blob_store.hpp"
#include "io/digest.hpp"
#include "io/file.hpp"
#include "support/kill_nine.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <random>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

namespace learndock::blobs {
namespace {

using namespace learndock::testing;

class LocalBlobStore : public ::testing::Test {
 protected:
  std::unique_ptr<BlobStore> open() { return open_local_blob_store(folder_ / "store").value(); }
  std::filesystem::path file(const std::string& name, std::string_view content) {
    EXPECT_TRUE(io::write_file_atomically(folder_ / name, content));
    return folder_ / name;
  }
  TemporaryFolder folder_;
};

TEST_F(LocalBlobStore, KeepsBytesUnderTheirDigest) {
  const auto store = open();
  const std::string content(300'000, '\x02');
  const std::string digest = store->put(file("a", content)).value();
  EXPECT_EQ(digest, io::sha256_hex(content));
  EXPECT_EQ(io::read_file(store->path_of(digest).value()).value(), content);
  EXPECT_EQ(store->put(file("b", content)).value(), digest);
  EXPECT_EQ(store->put(file("c", "")).value(), io::sha256_hex(""));
  EXPECT_EQ(store->list().value().size(), 2u);
  EXPECT_EQ(open()->list().value(), store->list().value());
}

std::uint64_t inode_of(const std::filesystem::path& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_ino;
}

/// An upload took three times its length at its peak: staged, in the canonical form, and copied.
TEST_F(LocalBlobStore, StoringAPackageTakesRoomForASecondCopy) {
  const auto store = open();
  const std::string content(300'000, '\x02');
  const auto canonical = file("a", content);
  const std::uint64_t inode = inode_of(canonical);
  Result<std::string> digest = std::string();
  {
    const FileSizeLimit none(0);
    digest = store->adopt(canonical);
  }
  ASSERT_TRUE(digest) << describe(digest.error());
  EXPECT_EQ(*digest, io::sha256_hex(content));
  EXPECT_EQ(inode_of(store->path_of(*digest).value()), inode) << "the file itself";
  EXPECT_FALSE(std::filesystem::exists(canonical));
  EXPECT_EQ(store->adopt(file("b", content)).value(), *digest);
  EXPECT_EQ(store->adopt(folder_ / "none").error().code, ErrorCode::not_found);
  EXPECT_EQ(store->list().value().size(), 1U);
}

TEST_F(LocalBlobStore, ReleasesABlobAsAFile) {
  const auto store = open();
  const std::string digest = store->adopt(file("a", "content")).value();
  ASSERT_TRUE(store->release(digest, folder_ / "kept.zip"));
  EXPECT_EQ(io::read_file(folder_ / "kept.zip").value(), "content");
  EXPECT_TRUE(store->list().value().empty());
  EXPECT_EQ(store->release(digest, folder_ / "again").error().code, ErrorCode::not_found);
  EXPECT_EQ(store->release("../x", folder_ / "again").error().code, ErrorCode::invalid_argument);
}

TEST_F(LocalBlobStore, EveryLocalUserReadsThePackages) {
  const mode_t before = ::umask(0);
  const auto store = open();
  const std::string put = store->put(file("a", "one")).value(),
                    adopted = store->adopt(file("b", "two")).value();
  ::umask(before);
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder_ / "store"))
    EXPECT_EQ(item.status().permissions() & std::filesystem::perms(0077), std::filesystem::perms::none)
        << item.path();
}

TEST_F(LocalBlobStore, RemovesAndToleratesAbsence) {
  const auto store = open();
  const std::string digest = store->put(file("a", "content")).value();
  ASSERT_TRUE(store->remove(digest));
  EXPECT_EQ(store->path_of(digest).error().code, ErrorCode::not_found);
  EXPECT_TRUE(store->remove(digest).has_value());
  EXPECT_TRUE(store->list().value().empty());
}

TEST_F(LocalBlobStore, OnlyDigestsArePaths) {
  const auto store = open();
  for (const std::string& text : {std::string("../../etc/passwd"), std::string(64, 'G'), std::string(64, 'A'),
                                  std::string(63, 'a'), std::string("")}) {
    EXPECT_EQ(store->path_of(text).error().code, ErrorCode::invalid_argument) << text;
    EXPECT_EQ(store->remove(text).error().code, ErrorCode::invalid_argument) << text;
  }
}

TEST_F(LocalBlobStore, AMissingFileIsNotFoundAndLeavesNothing) {
  const auto store = open();
  EXPECT_EQ(store->put(folder_ / "none").error().code, ErrorCode::not_found);
  EXPECT_EQ(files_below(folder_ / "store"), std::set<std::string>{"tmp/"});
}

TEST_F(LocalBlobStore, LeftoversGoWhenTheStoreIsOpened) {
  open();
  ASSERT_TRUE(io::write_file_atomically(folder_ / "store" / "tmp" / "99999.0", "half of a package"));
  open();
  EXPECT_EQ(files_below(folder_ / "store"), std::set<std::string>{"tmp/"});
}

TEST_F(LocalBlobStore, OpeningBesideAWriterDoesNotTakeItsTemporaries) {
  const auto store = open();
  const auto big = file("big", std::string(4 << 20, '\x03'));
  std::atomic<bool> stop{false};
  std::thread opener([&] {
    while (!stop) ASSERT_TRUE(open_local_blob_store(folder_ / "store").has_value());
  });
  for (int i = 0; i < 30; ++i) {
    const auto digest = store->put(big);
    EXPECT_TRUE(digest.has_value()) << describe(digest.error());
  }
  stop = true;
  opener.join();
}

TEST_F(LocalBlobStore, ManyThreadsStoreAtOnce) {
  const auto store = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const auto path = folder_ / fmt::format("in.{}", t);
        ASSERT_TRUE(io::write_file_atomically(path, fmt::format("content {}", i)));
        ASSERT_TRUE(store->put(path).has_value());
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store->list().value().size(), 25u);
}

TEST_F(LocalBlobStore, AFullDiskIsNamedAndLeavesNothing) {
  const auto store = open();
  const auto big = file("big", std::string(1 << 20, 'x'));
  {
    const FileSizeLimit small(64 << 10);
    EXPECT_EQ(store->put(big).error().code, ErrorCode::no_space);
  }
  EXPECT_EQ(files_below(folder_ / "store"), std::set<std::string>{"tmp/"});
  EXPECT_TRUE(store->put(big).has_value()) << "works again once there is room";
}

TEST_F(LocalBlobStore, WhatWasAcknowledgedSurvivesKill9) {
  std::size_t acknowledged = 0;
  for (unsigned round = 0; round < testing::kill_points(30); ++round) {
    const auto digests = run_and_kill(round, [&](const Acknowledge& acknowledge) {
      const auto store = open_local_blob_store(folder_ / "store");
      for (int i = 0; store; ++i) {
        const auto path = folder_ / "input";
        if (!io::write_file_atomically(
                path, fmt::format("round {} blob {} {}", round, i, std::string(100'000, 'x'))))
          return;
        const auto digest = i % 2 == 0 ? (*store)->put(path) : (*store)->adopt(path);
        if (!digest) return;
        acknowledge(*digest);
      }
    });
    const auto store = open();
    for (const std::string& digest : digests) {
      const auto path = store->path_of(digest);
      ASSERT_TRUE(path.has_value()) << "round " << round << ": lost " << digest;
      EXPECT_EQ(io::sha256_hex(io::read_file(*path).value()), digest) << "round " << round;
    }
    for (const std::string& name : files_below(folder_ / "store"))
      EXPECT_TRUE(name == "tmp/" || !name.starts_with("tmp/")) << "left behind: " << name;
    acknowledged += digests.size();
  }
  EXPECT_GT(acknowledged, 30u) << "the rounds were too short to prove anything";
}

}  // namespace
}  // namespace learndock::blobs
