#include "engine/search/candidate_queue.hpp"

#include "base/parallel.hpp"

#include <algorithm>
#include <limits>

namespace learndock::engine {
namespace {

/// Candidates evaluated between two looks at the threshold and the clock.
constexpr std::size_t kWave = 16, kWaveOnBudget = 4;
/// The time of a wave from which starting threads pays.
constexpr std::chrono::microseconds kWorthThreads{400};

bool after(const Candidate& a, const Candidate& b) {
  return a.bound != b.bound ? a.bound > b.bound : std::pair(a.part, a.item) > std::pair(b.part, b.item);
}

}  // namespace

bool BestHits::before(const CertifiedHit& a, const CertifiedHit& b) const {
  if (a.mmd_squared != b.mmd_squared) return a.mmd_squared < b.mmd_squared;
  const auto id_a = parts_[a.part].part->id(a.item), id_b = parts_[b.part].part->id(b.item);
  return id_a != id_b ? id_a < id_b : std::pair(a.part, a.item) < std::pair(b.part, b.item);
}

void BestHits::add(const CertifiedHit& hit) {
  const auto order = [this](const CertifiedHit& a, const CertifiedHit& b) { return before(a, b); };
  if (top_ == 0) return;
  if (heap_.size() == top_) {
    if (!before(hit, heap_.front())) return;
    std::pop_heap(heap_.begin(), heap_.end(), order);
    heap_.back() = hit;
  } else {
    heap_.push_back(hit);
  }
  std::push_heap(heap_.begin(), heap_.end(), order);
}

double BestHits::threshold() const { return heap_.size() < top_ ? kInfinity : last(); }
double BestHits::last() const {
  if (top_ == 0) return -kInfinity;
  return heap_.empty() ? kInfinity : heap_.front().mmd_squared;
}

std::vector<CertifiedHit> BestHits::sorted() && {
  std::sort(heap_.begin(), heap_.end(),
            [this](const CertifiedHit& a, const CertifiedHit& b) { return before(a, b); });
  return std::move(heap_);
}

CandidateQueue::CandidateQueue(std::span<const FilteredPart> parts, const Objective& objective,
                               const CertifiedOptions& options)
    : parts_(parts), objective_(objective), options_(options), best_(parts, options.top) {}

void CandidateQueue::add(std::vector<Candidate> more) {
  waiting_.insert(waiting_.end(), more.begin(), more.end());
  std::make_heap(waiting_.begin(), waiting_.end(), after);
}

Result<void> CandidateQueue::tighten() {
  if (out_of_budget_ || options_.backend == nullptr || waiting_.size() < options_.tighten_from) return {};
  const double threshold = best_.threshold();
  const auto end = std::partition(waiting_.begin(), waiting_.end(),
                                  [&](const Candidate& one) { return one.bound <= threshold; });
  std::vector<Candidate> open(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  LEARNDOCK_CHECK(objective_.tighten(open));
  // Of the candidates that cannot be an answer, the one with the least bound stays: it bounds the others.
  auto rest =
      std::partition(open.begin(), open.end(), [&](const Candidate& one) { return one.bound <= threshold; });
  if (rest != open.end()) {
    std::iter_swap(rest, std::min_element(rest, open.end(), [](const Candidate& a, const Candidate& b) {
                     return a.bound < b.bound;
                   }));
    open.erase(rest + 1, open.end());
  }
  add(std::move(open));
  return {};
}

double CandidateQueue::next_bound() const { return waiting_.empty() ? kInfinity : waiting_.front().bound; }

/// The first wave is as long as the answer, because all of it must be evaluated before there is a threshold.
void CandidateQueue::take_wave(unsigned threads) {
  const std::size_t each = options_.deadline ? kWaveOnBudget : kWave;
  const std::size_t first = evaluated_ == 0 && !options_.deadline ? options_.top : 0;
  const std::size_t wave = std::max(each * std::max(threads, 1U), first);
  const std::size_t most = std::min(wave, options_.max_evaluations - evaluated_);
  wave_.clear();
  while (wave_.size() < most && next_bound() <= best_.threshold() && !waiting_.empty()) {
    wave_.push_back(waiting_.front());
    std::pop_heap(waiting_.begin(), waiting_.end(), after);
    waiting_.pop_back();
  }
}

Result<double> CandidateQueue::value(const Candidate& candidate, std::vector<double>& memory) const {
  return objective_.value(*parts_[candidate.part].part, candidate.item, memory);
}

Result<void> CandidateQueue::evaluate_wave(unsigned threads) {
  const std::size_t count = wave_.size();
  values_.resize(count);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    // The first one tells whether the rest is worth starting threads for.
    if (i == 1 && threads > 1 &&
        (std::chrono::steady_clock::now() - start) * static_cast<int>(count) > kWorthThreads)
      return evaluate_on_threads(1, threads);
    LEARNDOCK_TRY(values_[i], value(wave_[i], memory_));
  }
  return {};
}

Result<void> CandidateQueue::evaluate_on_threads(std::size_t first, unsigned threads) {
  std::vector<Result<void>> done(threads);
  run_tasks(threads, threads, [&](std::size_t thread) {
    std::vector<double> memory;
    for (std::size_t i = first + thread; i < wave_.size(); i += threads) {
      auto found = value(wave_[i], memory);
      if (found)
        values_[i] = *found;
      else
        done[thread] = Failure(std::move(found).error());
    }
  });
  for (auto& one : done) LEARNDOCK_CHECK(std::move(one));
  return {};
}

Result<void> CandidateQueue::evaluate(unsigned threads) {
  while (!waiting_.empty() && next_bound() <= best_.threshold()) {
    // The first wave is always evaluated.
    const bool late =
        evaluated_ > 0 && options_.deadline && std::chrono::steady_clock::now() >= *options_.deadline;
    if (late || evaluated_ >= options_.max_evaluations) {
      out_of_budget_ = true;
      return {};
    }
    take_wave(threads);
    LEARNDOCK_CHECK(evaluate_wave(threads));
    for (std::size_t i = 0; i < wave_.size(); ++i) best_.add({wave_[i].part, wave_[i].item, values_[i]});
    evaluated_ += wave_.size();
  }
  return {};
}

}  // namespace learndock::engine
