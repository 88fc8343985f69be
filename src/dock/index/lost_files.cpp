#include "dock/index/lost_files.hpp"

#include <utility>

namespace learndock::dock {
namespace {

/// The parts without their maps from filter bits, for a semantic index that is built from the beginning.
std::shared_ptr<const learnwares::DockParts> placed_nowhere(
    const std::shared_ptr<const learnwares::DockParts>& parts) {
  if (!parts) return nullptr;
  auto fresh = std::make_shared<learnwares::DockParts>(*parts);
  for (auto& part : fresh->parts) {
    auto moved = std::make_shared<learnwares::LivePart>(*part);
    moved->filter_bits = nullptr;
    part = std::move(moved);
  }
  return fresh;
}

}  // namespace

std::optional<Error> damage_of(const store::Segment& segment, unsigned threads) {
  const auto sound = store::Segment::open(segment.path(), {.everything = true, .threads = threads});
  if (!sound && (sound.error().code == ErrorCode::corrupt || sound.error().code == ErrorCode::io))
    return sound.error();
  const auto mapped = segment.intact();
  return mapped ? std::nullopt : std::optional(mapped.error());
}

learnwares::Snapshot fresh_snapshot(const learnwares::Snapshot& before,
                                    const std::shared_ptr<const learnwares::DockParts>& parts) {
  learnwares::Snapshot fresh;
  fresh.version = before.version;
  fresh.kernels = before.kernels;
  fresh.semantic = std::make_shared<learnwares::SemanticIndex>();
  fresh.further = before.further;
  fresh.entry_files = before.entry_files;
  fresh.parts = placed_nowhere(parts);
  return fresh;
}

}  // namespace learndock::dock
