#include "index/candidate_queue.hpp"

#include "compute/parallel.hpp"

#include <algorithm>
#include <limits>

namespace learndock::index {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Candidates evaluated between two looks at the threshold and the clock.
constexpr std::size_t kWave = 16;
/// Differences below which starting a thread costs more than it saves.
constexpr double kWorthAThread = 4e6;

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

CandidateQueue::CandidateQueue(std::span<const FilteredPart> parts, const compute::ReducedSetView& query,
                               double query_self, const CertifiedOptions& options)
    : parts_(parts),
      direct_(query, parts[0].part->space().kernel()),
      query_self_(query_self),
      query_work_(static_cast<double>(query.count * (query.dimension + 8))),
      options_(options),
      best_(parts, options.top) {}

void CandidateQueue::add(std::vector<Candidate> more) {
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(next_));
  next_ = 0;
  waiting_.insert(waiting_.end(), more.begin(), more.end());
  std::sort(waiting_.begin(), waiting_.end(), [](const Candidate& a, const Candidate& b) {
    return a.bound != b.bound ? a.bound < b.bound : std::pair(a.part, a.item) < std::pair(b.part, b.item);
  });
}

double CandidateQueue::next_bound() const {
  return next_ < waiting_.size() ? waiting_[next_].bound : kInfinity;
}

/// The first wave is as long as the answer: before there is a threshold all of it must be evaluated.
std::size_t CandidateQueue::next_wave(unsigned threads) const {
  const std::size_t wave = std::max(kWave * std::max(threads, 1U), evaluated_ == 0 ? options_.top : 0);
  const std::size_t most = std::min(wave, options_.max_evaluations - evaluated_);
  std::size_t count = 0;
  while (count < most && next_ + count < waiting_.size() &&
         waiting_[next_ + count].bound <= best_.threshold())
    ++count;
  return count;
}

bool CandidateQueue::evaluate(unsigned threads) {
  std::vector<double> distances;
  while (next_ < waiting_.size() && next_bound() <= best_.threshold()) {
    const std::size_t count = next_wave(threads);
    if (count == 0 || (options_.deadline && std::chrono::steady_clock::now() >= *options_.deadline)) {
      out_of_budget_ = true;
      return false;
    }
    distances.resize(count);
    std::vector<double> memory;
    const auto evaluate_one = [&](std::size_t i, std::vector<double>& buffer) {
      const Candidate& candidate = waiting_[next_ + i];
      const SearchPart& part = *parts_[candidate.part].part;
      distances[i] = part.self(candidate.item) - 2 * direct_.inner_product(part.set(candidate.item, buffer)) +
                     query_self_;
    };
    const double work =
        query_work_ * static_cast<double>(
                          count * parts_[waiting_[next_].part].part->set(waiting_[next_].item, memory).count);
    if (threads > 1 && work > kWorthAThread) {
      compute::run_tasks(threads, threads, [&](std::size_t thread) {
        std::vector<double> own;
        for (std::size_t i = thread; i < count; i += threads) evaluate_one(i, own);
      });
    } else {
      for (std::size_t i = 0; i < count; ++i) evaluate_one(i, memory);
    }
    for (std::size_t i = 0; i < count; ++i)
      best_.add({waiting_[next_ + i].part, waiting_[next_ + i].item, distances[i]});
    next_ += count;
    evaluated_ += count;
  }
  return true;
}

CertifiedAnswer CandidateQueue::answer(double unseen) && {
  CertifiedAnswer answer;
  const double least = std::min(unseen, next_bound()), threshold = best_.threshold(), last = best_.last();
  // Infinite: everything was evaluated, also when there was less of it than asked for.
  answer.exact = least == kInfinity || least > threshold;
  answer.evaluated = evaluated_;
  answer.hits = std::move(best_).sorted();
  // Fewer hits than asked for: the next could be anything, down to a distance of zero.
  if (!answer.exact) answer.slack = answer.hits.empty() ? 0 : std::max(0.0, last - std::max(least, 0.0));
  return answer;
}

}  // namespace learndock::index
