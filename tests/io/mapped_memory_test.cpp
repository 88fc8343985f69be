#include "io/mapped_memory.hpp"

#include "io/descriptor.hpp"
#include "io/file.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <thread>
#include <vector>

namespace learndock::io {
namespace {

class MappedMemoryTest : public ::testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, std::size_t size) const {
    const auto path = folder_ / name;
    EXPECT_TRUE(write_file_atomically(path, std::string(size, 'x')).has_value());
    return path;
  }
  static MappedMemory map(const std::filesystem::path& path, std::size_t size) {
    const Descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return MappedMemory::map(opened.get(), size, path).value();
  }
  static bool all_are(const MappedMemory& memory, char wanted) {
    return std::all_of(memory.bytes().begin(), memory.bytes().end(),
                       [&](std::byte one) { return static_cast<char>(one) == wanted; });
  }
  testing::TemporaryFolder folder_;
};

TEST_F(MappedMemoryTest, AFileThatShrankReadsAsZerosAndSaysSo) {
  for (const std::size_t left : {0, 1, 4096, 70'000}) {
    const auto path = file("one", 100'000);
    const MappedMemory memory = map(path, 100'000), other = map(file("two", 100'000), 100'000);
    EXPECT_TRUE(all_are(memory, 'x'));
    EXPECT_FALSE(memory.lost());
    std::filesystem::resize_file(path, left);
    EXPECT_EQ(memory.bytes()[99'999], std::byte{0});
    EXPECT_TRUE(memory.lost());
    EXPECT_TRUE(all_are(memory, '\0'));
    EXPECT_TRUE(all_are(other, 'x'));
    EXPECT_FALSE(other.lost());
  }
}

TEST_F(MappedMemoryTest, AMovedMappingIsTheSameAndManyHavePlaces) {
  const auto path = file("one", 5000);
  std::vector<MappedMemory> many;
  for (int i = 0; i < 1000; ++i) many.push_back(map(path, 5000));
  std::filesystem::resize_file(path, 0);
  for (const MappedMemory& one : many) {
    EXPECT_FALSE(one.lost());
    EXPECT_EQ(one.bytes()[4999], std::byte{0});
    EXPECT_TRUE(one.lost());
  }
  many.clear();
  const MappedMemory fresh = map(file("two", 5000), 5000);
  EXPECT_FALSE(fresh.lost());
  EXPECT_TRUE(all_are(fresh, 'x'));
}

TEST_F(MappedMemoryTest, ThreadsThatMeetTheSameLossAllGoOn) {
  const auto path = file("one", 1 << 20);
  const MappedMemory memory = map(path, 1 << 20);
  std::filesystem::resize_file(path, 0);
  std::vector<std::thread> threads;
  std::vector<char> zeros(4);
  for (std::size_t i = 0; i < zeros.size(); ++i)
    threads.emplace_back([&, i] { zeros[i] = all_are(memory, '\0') ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(zeros, std::vector<char>(4, 1));
  EXPECT_TRUE(memory.lost());
}

TEST_F(MappedMemoryTest, ABusErrorOfSomethingElseStillEndsTheProcess) {
  const MappedMemory memory = map(file("one", 5000), 5000);
  EXPECT_DEATH(::raise(SIGBUS), "");
}

}  // namespace
}  // namespace learndock::io
