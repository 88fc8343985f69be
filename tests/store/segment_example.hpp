#pragma once

#include "io/file.hpp"
#include "store/segment.hpp"
#include "store/segment_writer.hpp"
#include "support/flip_bit.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::testing {

inline std::vector<std::byte> random_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(count);
  for (std::size_t at = 0; at < count; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    std::memcpy(bytes.data() + at, &word, std::min(sizeof word, count - at));
  }
  return bytes;
}

struct ExampleSection {
  std::uint32_t id;
  std::uint32_t alignment;
  std::vector<std::byte> bytes;
};

/// Small ones, an empty one, one of several chunks whose last is short, and one of exactly a chunk.
inline std::vector<ExampleSection> example_sections(std::uint64_t seed) {
  const std::size_t chunk = store::kSegmentChunkBytes;
  return {{1, 64, random_bytes(100, seed)},
          {7, 64, {}},
          {2, 4096, random_bytes(2 * chunk + 777, seed + 1)},
          {3, 4096, random_bytes(chunk, seed + 2)},
          {0xffffffff, 128, random_bytes(640, seed + 3)}};
}

inline Result<store::SegmentInfo> write_segment(const std::filesystem::path& path,
                                                const std::vector<ExampleSection>& sections,
                                                const store::SegmentHead& head = {5, 42},
                                                std::uint64_t items = 9) {
  LEARNDOCK_TRY(store::SegmentWriter writer, store::SegmentWriter::create(path, head));
  for (const ExampleSection& section : sections)
    LEARNDOCK_CHECK(writer.add_section(section.id, std::span(section.bytes), section.alignment));
  return writer.finish(items);
}

/// Writes without any care for crashes: damaged files are made with it.
inline void put_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

/// Changes one bit of a file and changes it back.
class FlippedBit {
 public:
  FlippedBit(std::filesystem::path path, std::uint64_t byte, int bit)
      : path_(std::move(path)), byte_(byte), bit_(bit) {
    flip_bit(path_, byte_, bit_);
  }
  ~FlippedBit() { flip_bit(path_, byte_, bit_); }
  FlippedBit(const FlippedBit&) = delete;
  FlippedBit& operator=(const FlippedBit&) = delete;

 private:
  std::filesystem::path path_;
  std::uint64_t byte_;
  int bit_;
};

}  // namespace learndock::testing
