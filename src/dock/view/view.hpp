#pragma once

#include "learndock/catalog/records.hpp"

#include "dock/truth/truth.hpp"
#include "learnwares/snapshot.hpp"

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace learndock::dock {

using NewEntries = std::vector<learnwares::EntryFields>;

/// What searches see of a truth: the current snapshot. Readers take it and keep it as long as they like; each
/// change publishes another one. It does not know how the stored index and the learnware cache are made.
/// @threads  `current` at any time; changes need the writer lock of the truth that they show
class View {
 public:
  /// @param backend  the name of the backend that computes the self terms
  explicit View(std::string backend) : backend_(std::move(backend)) {}

  [[nodiscard]] std::shared_ptr<const learnwares::Snapshot> current() const { return snapshots_.current(); }
  /// What entries share. It is safe to use at any time.
  [[nodiscard]] learnwares::TraitsPool& traits() { return traits_; }

  /// Makes a snapshot visible to searches: the entries of `next`, which its semantic index knows, and after
  /// them the new ones.
  void publish(const Truth& truth, learnwares::Snapshot next,
               std::span<const std::shared_ptr<const learnwares::Entry>> added)
      LEARNDOCK_REQUIRES(truth.writer());

  /// Shows records that were just stored, with their entries, and keeps the mark.
  void add(Truth& truth, std::span<const catalog::LearnwareRecord> stored, NewEntries entries)
      LEARNDOCK_REQUIRES(truth.writer());

  /// Shows which learnwares are verified and which have failed. The version stays: no learnware came or went.
  void show_tried(const Truth& truth, std::vector<LearnwareNumber> verified,
                  std::vector<LearnwareNumber> failed) LEARNDOCK_REQUIRES(truth.writer());

  /// Takes the learnware of this catalogue number, whose row is gone, out of searches, and keeps the mark.
  void withdraw(Truth& truth, LearnwareNumber sequence) LEARNDOCK_REQUIRES(truth.writer());

 private:
  const std::string backend_;
  learnwares::TraitsPool traits_;
  learnwares::SnapshotHolder snapshots_;
};

}  // namespace learndock::dock
