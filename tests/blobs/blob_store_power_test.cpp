// A power cut at each call that changes files: a blob that the store acknowledged is whole, any other is
// whole or not there.
#include "blobs/local_blob_store.hpp"
#include "io/digest.hpp"
#include "io/file.hpp"
#include "support/lossy_disk.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace learndock::blobs {
namespace {

namespace fs = std::filesystem;
using namespace learndock::testing;

const std::string kFirst(10'000, '1'), kSecond(20'000, '2'), kThird(9'000, '3');

/// What the store has acknowledged.
struct Acknowledged {
  std::vector<std::string> stored;  ///< digests
  bool removed = false, released = false;
};

void expect_whole(const fs::path& folder, const std::vector<std::string>& acknowledged) {
  const auto store = open_local_blob_store(folder / "store");
  ASSERT_TRUE(store) << describe(store.error());
  const auto listed = (*store)->list();
  ASSERT_TRUE(listed) << describe(listed.error());
  for (const std::string& digest : *listed)
    EXPECT_EQ(io::sha256_hex(io::read_file((*store)->path_of(digest).value()).value()), digest);
  for (const std::string& digest : acknowledged)
    EXPECT_TRUE(std::binary_search(listed->begin(), listed->end(), digest)) << "lost " << digest;
}

/// The first blobs of a new store, one copied and one adopted.
TEST(BlobStorePower, WhatANewStoreAcknowledgedIsWhole) {
  Acknowledged done;
  const std::size_t calls =
      cut_power_at_each_call({.prepare =
                                  [&](const fs::path& folder) {
                                    done = {};
                                    ASSERT_TRUE(io::write_file_atomically(folder / "first", kFirst));
                                    ASSERT_TRUE(io::write_file_atomically(folder / "second", kSecond));
                                  },
                              .work =
                                  [&](const fs::path& folder) {
                                    const auto store = open_local_blob_store(folder / "store");
                                    if (!store) return;
                                    if (const auto digest = (*store)->put(folder / "first"))
                                      done.stored.push_back(*digest);
                                    if (const auto digest = (*store)->adopt(folder / "second"))
                                      done.stored.push_back(*digest);
                                  },
                              .check = [&](const fs::path& folder) { expect_whole(folder, done.stored); }});
  EXPECT_GE(calls, 15U) << "too few points";
  EXPECT_EQ(done.stored.size(), 2U);
}

/// The caller wrote the file without flushing it, as the canonical form of a package is.
TEST(BlobStorePower, AnAdoptedFileThatWasNeverFlushedIsWhole) {
  std::vector<std::string> stored;
  cut_power_at_each_call({.prepare =
                              [&](const fs::path& folder) {
                                stored.clear();
                                ASSERT_TRUE(open_local_blob_store(folder / "store"));
                              },
                          .work =
                              [&](const fs::path& folder) {
                                std::ofstream(folder / "file", std::ios::binary) << kFirst;
                                const auto store = open_local_blob_store(folder / "store");
                                const auto digest =
                                    store ? (*store)->adopt(folder / "file") : Failure(store.error());
                                if (digest) stored.push_back(*digest);
                              },
                          .check = [&](const fs::path& folder) { expect_whole(folder, stored); }});
  EXPECT_EQ(stored.size(), 1U);
}

TEST(BlobStorePower, ARemovedBlobIsGoneAndAReleasedOneIsAFile) {
  Acknowledged done;
  const std::string first = io::sha256_hex(kFirst), second = io::sha256_hex(kSecond),
                    third = io::sha256_hex(kThird);
  cut_power_at_each_call({.prepare =
                              [&](const fs::path& folder) {
                                done = {};
                                const auto store = open_local_blob_store(folder / "store").value();
                                for (const std::string& bytes : {kFirst, kSecond, kThird}) {
                                  ASSERT_TRUE(io::write_file_atomically(folder / "file", bytes));
                                  ASSERT_TRUE(store->adopt(folder / "file"));
                                }
                                fs::create_directory(folder / "kept");
                              },
                          .work =
                              [&](const fs::path& folder) {
                                const auto store = open_local_blob_store(folder / "store");
                                if (!store) return;
                                done.removed = (*store)->remove(first).has_value();
                                done.released =
                                    (*store)->release(second, folder / "kept" / "file").has_value();
                              },
                          .check =
                              [&](const fs::path& folder) {
                                expect_whole(folder, {third});
                                const auto store = open_local_blob_store(folder / "store").value();
                                EXPECT_TRUE(!done.removed || !store->path_of(first));
                                const auto released = io::read_file(folder / "kept" / "file");
                                EXPECT_TRUE(!done.released || !store->path_of(second));
                                EXPECT_TRUE(!done.released || (released && *released == kSecond));
                              }});
  EXPECT_TRUE(done.removed && done.released);
}

/// A release that is cut off leaves the package in one of its two places at least.
TEST(BlobStorePower, AReleasedBlobIsNeverInNeitherPlace) {
  const std::string digest = io::sha256_hex(kFirst);
  cut_power_at_each_call({.prepare =
                              [&](const fs::path& folder) {
                                ASSERT_TRUE(io::write_file_atomically(folder / "file", kFirst));
                                ASSERT_TRUE(
                                    open_local_blob_store(folder / "store").value()->adopt(folder / "file"));
                                fs::create_directory(folder / "kept");
                              },
                          .work =
                              [&](const fs::path& folder) {
                                if (const auto store = open_local_blob_store(folder / "store"))
                                  static_cast<void>((*store)->release(digest, folder / "kept" / "file"));
                              },
                          .check =
                              [&](const fs::path& folder) {
                                const auto store = open_local_blob_store(folder / "store").value();
                                const auto released = io::read_file(folder / "kept" / "file");
                                EXPECT_TRUE(store->path_of(digest) || (released && *released == kFirst));
                              }});
}

}  // namespace
}  // namespace learndock::blobs
