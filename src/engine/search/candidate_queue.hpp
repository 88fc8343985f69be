#pragma once

#include "engine/search/bounded_search.hpp"
#include "engine/search/certified_search.hpp"

#include <cstddef>
#include <vector>

namespace learndock::engine {

/// The k best exact values so far, ordered by value, then id, so that an answer never depends on the order of
/// evaluation.
class BestHits {
 public:
  BestHits(std::span<const FilteredPart> parts, std::size_t top) : parts_(parts), top_(top) {}

  void add(const CertifiedHit& hit);
  /// The k-th best value; infinite while there are fewer.
  [[nodiscard]] double threshold() const;
  /// The value of the last hit so far; infinite if there is none.
  [[nodiscard]] double last() const;
  [[nodiscard]] std::vector<CertifiedHit> sorted() &&;

 private:
  [[nodiscard]] bool before(const CertifiedHit& a, const CertifiedHit& b) const;

  std::span<const FilteredPart> parts_;
  std::size_t top_;
  std::vector<CertifiedHit> heap_;
};

/// The state of one query: the candidates that may still matter, and the hits found.
class CandidateQueue {
 public:
  CandidateQueue(std::span<const FilteredPart> parts, const Objective& objective,
                 const CertifiedOptions& options);

  /// Adds candidates that were not evaluated yet.
  void add(std::vector<Candidate> more);
  /// Raises the bounds of waiting candidates that still matter, if a backend is given and many wait. @errors
  /// of Objective::tighten
  [[nodiscard]] Result<void> tighten();
  /// Evaluates in waves while a bound is at most the k-th best value, or until a budget ends.
  /// @errors corrupt
  [[nodiscard]] Result<void> evaluate(unsigned threads);

  [[nodiscard]] const BestHits& best() const { return best_; }
  [[nodiscard]] std::size_t evaluated() const { return evaluated_; }
  /// The least bound of a waiting candidate; infinite if there is none.
  [[nodiscard]] double next_bound() const;
  [[nodiscard]] bool out_of_budget() const { return out_of_budget_; }
  [[nodiscard]] std::vector<CertifiedHit> hits() && { return std::move(best_).sorted(); }

 private:
  void take_wave(unsigned threads);
  [[nodiscard]] Result<double> value(const Candidate& candidate, std::vector<double>& memory) const;
  [[nodiscard]] Result<void> evaluate_wave(unsigned threads);
  [[nodiscard]] Result<void> evaluate_on_threads(std::size_t first, unsigned threads);

  std::span<const FilteredPart> parts_;
  const Objective& objective_;
  const CertifiedOptions& options_;
  // A heap with the least bound in front: with little time only a few candidates of many are ever put in
  // order.
  std::vector<Candidate> waiting_;
  std::vector<Candidate> wave_;
  std::vector<double> values_, memory_;  // of the wave
  std::size_t evaluated_ = 0;
  bool out_of_budget_ = false;
  BestHits best_;
};

}  // namespace learndock::engine
