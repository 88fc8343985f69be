#include "engine/mixture/choose_from_pool.hpp"

#include "base/parallel.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace learndock::engine {
namespace {

/// The number of learnwares taken whatever the budget.
constexpr std::size_t kFirstFew = 16;
/// Rows that one thread takes at a time, and rows for each thread between two looks at the clock.
constexpr std::size_t kPoolRows = 8, kWaveRows = 64;

}  // namespace

bool ChoiceFromPool::is_possible(const MixtureState& state, const PoolSize& pool) {
  return is_ordinary(mass_of(state.query())) &&
         std::all_of(state.parts().begin(), state.parts().end(), [&](const FilteredPart& part) {
           return part.count() == 0 || (is_ordinary(part.part->largest_mass()) &&
                                        (part.count() <= pool.whole_part || part.part->space() != nullptr));
         });
}

Result<NextMember> ChoiceFromPool::next(MixtureState& state, std::size_t max_evaluations) {
  const std::size_t before = rows_.size();
  room_ = std::max(max_evaluations, kFirstFew);
  LEARNDOCK_CHECK(UnexplainedObjective::prepare(state.parts()));
  state.embed();
  const UnexplainedObjective alignment(state);
  double unseen = -kInfinity;
  for (std::size_t p = 0; p < state.parts().size(); ++p) {
    if (state.parts()[p].count() <= options_.pool.whole_part) {
      if (!take_all(state.parts()[p], p)) unseen = kInfinity;
      continue;
    }
    LEARNDOCK_TRY(const double bound, take_aligned(state, alignment, p));
    unseen = std::max(unseen, bound);
    LEARNDOCK_CHECK(take_neighbours(state, p));
  }
  LEARNDOCK_TRY(const bool complete, complete_columns(state));
  NextMember step;
  LEARNDOCK_CHECK(choose(state, step));
  step.most = complete ? std::max(step.most, unseen) : kInfinity;
  step.evaluated = rows_.size() - std::min(before, rows_.size());
  return step;
}

bool ChoiceFromPool::take(std::size_t part, PartItem item) {
  if (taken_.contains({part, item})) return true;
  if (room_ == 0) return false;
  taken_.insert({part, item});
  rows_.push_back({part, item});
  --room_;
  return true;
}

bool ChoiceFromPool::take_all(const FilteredPart& part, std::size_t number) {
  bool all = true;
  for (PartItem item; item.index() < part.part->count(); ++item)
    if (part.allows(item)) all = take(number, item) && all;
  return all;
}

Result<double> ChoiceFromPool::take_aligned(const MixtureState& state, const UnexplainedObjective& alignment,
                                            std::size_t part) {
  const FilteredPart& from = state.parts()[part];
  const Prefilter& prefilter = alignment.prefilter(*from.part);
  const std::size_t wanted = std::min(options_.pool.aligned, room_);
  // Codes are fp32 and say nothing about a g with absurd weights.
  if (wanted == 0 || !codable(alignment.embedding(part).mass)) return kInfinity;
  // Ordered by alignment inside the subspace: with the part outside it, the largest residuals would come
  // first.
  Embedding inside = alignment.embedding(part);
  const double outside = from.part->largest_residual() * std::exchange(inside.residual, 0.0);
  Matrix<compute::ScanHit> hits(1, wanted);
  std::size_t count = 0;
  LEARNDOCK_TRY(const bool complete, prefilter.smallest({{&inside, 1}, from.allowed, options_.deadline},
                                                        hits.view(), {&count, 1}));
  for (std::size_t i = 0; i < count; ++i)
    static_cast<void>(take(part, PartItem::at(hits(0, i).item)));  // there is room
  if (!complete || !prefilter.certified()) return kInfinity;
  if (count == from.count()) return -kInfinity;
  // Fewer than wanted: a bound that is not a number was left out.
  if (count < wanted) return kInfinity;
  return outside - alignment.least_value(part, static_cast<double>(hits(0, count - 1).lower_bound));
}

Result<void> ChoiceFromPool::take_neighbours(const MixtureState& state, std::size_t part) {
  std::vector<Embedding> sources;
  // As with g, codes say nothing about sets with absurd weights.
  const auto add = [&](const Embedding& source) {
    if (codable(source.mass)) sources.push_back(source);
  };
  if (with_user_.empty()) add(state.embedded_user(part));
  for (std::size_t i = 0; i < state.size(); ++i)
    if (!with_member_.contains(key_of(state.hit(i)))) add(state.embedded_member(i, part));
  const std::size_t wanted = std::min(options_.pool.neighbours, room_);
  if (wanted == 0 || sources.empty() || is_past(options_.deadline)) return {};
  const FilteredPart& from = state.parts()[part];
  Matrix<compute::ScanHit> hits(sources.size(), wanted);
  std::vector<std::size_t> counts(sources.size());
  LEARNDOCK_CHECK(from.part->prefilter()
                      .smallest({sources, from.allowed, options_.deadline}, hits.view(), counts)
                      .map([](bool) {}));
  for (std::size_t s = 0; s < sources.size(); ++s)
    for (std::size_t i = 0; i < counts[s]; ++i) static_cast<void>(take(part, PartItem::at(hits(s, i).item)));
  return {};
}

Result<bool> ChoiceFromPool::complete_columns(const MixtureState& state) {
  Columns columns{{&with_user_, with_user_.size()}};
  for (std::size_t i = 0; i < state.size(); ++i) {
    std::vector<float>& values = with_member_[key_of(state.hit(i))];
    columns.push_back({&values, values.size()});
  }
  for (const Column& column : columns) column.values->resize(rows_.size());
  sets_.resize(rows_.size());
  const std::size_t wave = kWaveRows * std::max(options_.threads, 1U);
  for (std::size_t first = 0; first < rows_.size(); first += wave) {
    if (first > 0 && is_past(options_.deadline)) {
      forget_from(first);
      return false;
    }
    LEARNDOCK_CHECK(complete_rows(state, columns, first, std::min(rows_.size(), first + wave)));
  }
  return true;
}

Result<void> ChoiceFromPool::complete_rows(const MixtureState& state, const Columns& columns,
                                           std::size_t first, std::size_t end) {
  const std::size_t blocks = (end - first + kPoolRows - 1) / kPoolRows;
  std::vector<Result<void>> done(blocks);
  run_tasks(blocks, options_.threads, [&](std::size_t block) {
    const std::size_t from = first + block * kPoolRows;
    for (std::size_t row = from; row < std::min(end, from + kPoolRows) && done[block]; ++row)
      done[block] = complete_row(state, columns, TableRow::at(row));
  });
  for (Result<void>& one : done) LEARNDOCK_CHECK(std::move(one));
  return {};
}

Result<void> ChoiceFromPool::complete_row(const MixtureState& state, const Columns& columns, TableRow row) {
  const auto [part, item] = rows_[row.index()];
  auto& [memory, set] = sets_[row.index()];
  if (set.points == nullptr) {
    LEARNDOCK_TRY(set, state.parts()[part].part->set(item, memory));
  }
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (row.index() >= columns[c].known) {
      LEARNDOCK_TRY(const double value, c == 0 ? state.with_user(set) : state.with_member(c - 1, set));
      (*columns[c].values)[row.index()] = static_cast<float>(value);
    }
  return {};
}

void ChoiceFromPool::forget_from(std::size_t row) {
  for (std::size_t i = row; i < rows_.size(); ++i) taken_.erase({rows_[i].part, rows_[i].item});
  rows_.resize(row);
  sets_.resize(row);
  with_user_.resize(row);
  for (auto& [member, column] : with_member_) column.resize(std::min(column.size(), row));
}

Result<void> ChoiceFromPool::choose(const MixtureState& state, NextMember& step) const {
  std::vector<double> aligned(with_user_.begin(), with_user_.end()), errors(rows_.size());
  KnownRows known{rows_, with_user_, {}, {}, {}};
  double mass = mass_of(state.query());
  for (std::size_t i = 0; i < state.size(); ++i) {
    const std::vector<float>& column = with_member_.at(key_of(state.hit(i)));
    known.with_members.emplace_back(column);
    for (std::size_t row = 0; row < rows_.size(); ++row)
      aligned[row] -= state.weights()[i] * static_cast<double>(column[row]);
    mass += state.weights()[i] * mass_of(state.view(i));
  }
  for (std::size_t row = 0; row < rows_.size(); ++row)
    errors[row] = kRoundedToFloat * mass * state.parts()[rows_[row].part].part->largest_mass();
  known.aligned = aligned;
  known.errors = errors;
  LEARNDOCK_CHECK(find_most(state, known, step));
  LEARNDOCK_TRY(step.next, best_refit(state, known, options_.threads));
  return {};
}

}  // namespace learndock::engine
