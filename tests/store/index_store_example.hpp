#pragma once

#include "store/index_store.hpp"
#include "store/segment_example.hpp"

#include <algorithm>
#include <string_view>

namespace learndock::testing {

/// A segment whose bytes follow from its generation, so that what is found later can be checked.
inline std::vector<ExampleSection> sections_of(std::uint64_t generation) {
  return {{1, 64, random_bytes(1000 + generation % 7, generation)},
          {2, 4096, random_bytes(9000, generation + 1)}};
}

inline constexpr std::uint64_t kItems = 130;

/// For tests in which every text is readable kernels.
inline Result<void> any_kernels(std::string_view) { return {}; }

inline Result<std::shared_ptr<const store::Segment>> add_segment(store::IndexStore& store) {
  const auto place = store.next_segment();
  LEARNDOCK_CHECK(write_segment(place.path, sections_of(place.generation), {1, place.generation}, kItems));
  return store::Segment::open(place.path);
}

/// Adds a segment to the version in force; a catalogue of as many steps as there are commits.
inline Result<std::shared_ptr<const store::IndexVersion>> commit_one_more(store::IndexStore& store) {
  const auto before = store.current();
  store::IndexContent next = before->content;
  LEARNDOCK_TRY(auto segment, add_segment(store));
  next.segments.push_back(std::move(segment));
  next.covers = before->content.covers + 1;
  return store.commit(std::move(next), before->number);
}

/// Empty when the version holds `covers` segments, each whole and as `sections_of` says; else what is wrong.
inline std::string fault_in(const store::IndexVersion& version) {
  if (!version.rebuild_needed.empty()) return describe(version.rebuild_needed.front());
  if (version.content.segments.size() != version.content.covers)
    return "segments: " + std::to_string(version.content.segments.size()) + ", covers " +
           std::to_string(version.content.covers);
  for (const auto& segment : version.content.segments)
    for (const ExampleSection& section : sections_of(segment->info().generation)) {
      const auto found = segment->section(section.id);
      if (!found) return describe(found.error());
      if (!std::ranges::equal(*found, section.bytes))
        return segment->path().string() + " holds something else";
    }
  return {};
}

}  // namespace learndock::testing
