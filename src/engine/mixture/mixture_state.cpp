#include "engine/mixture/mixture_state.hpp"

#include "engine/search/product_in_time.hpp"
#include "numeric/simplex_qp.hpp"

#include <algorithm>

namespace learndock::engine {

MixtureState::MixtureState(std::span<const FilteredPart> parts, const compute::ReducedSetView& query,
                           const MixtureOptions& options)
    : parts_(parts),
      kernel_(parts[0].part->kernel()),
      user_(query, kernel_),
      query_(query),
      user_self_(options.query_self),
      deadline_(options.deadline),
      threads_(options.threads) {}

Result<double> MixtureState::product(const compute::DirectQuery& of, std::size_t points,
                                     const compute::ReducedSetView& with) const {
  if (const auto value = product_in_time(of, points, with, deadline_)) return *value;
  return fail(ErrorCode::timeout, "there was no time for the product of two large reduced sets");
}

Result<void> MixtureState::add(const CertifiedHit& hit) {
  if (!user_self_) {
    LEARNDOCK_TRY(user_self_, product(user_, query_.count, query_));
  }
  const SearchPart& part = *parts_[hit.part].part;
  std::vector<double> memory;
  LEARNDOCK_TRY(const compute::ReducedSetView set, part.set(hit.item, memory));
  Member& member = members_.emplace_back();
  member.hit = hit;
  member.points.assign(set.points, set.points + set.count * set.dimension);
  member.weights.assign(set.weights, set.weights + set.count);
  member.view = {member.points.data(), member.weights.data(), set.count, set.dimension, kernel_};
  member.direct.emplace(member.view, kernel_);
  if (auto grown = grow_gram(); !grown) {
    members_.pop_back();
    return grown;
  }
  member.hit.mmd_squared = part.self(hit.item) - 2 * linear_.back() + *user_self_;
  LEARNDOCK_TRY(SimplexQpSolution solution, solve_simplex_qp(gram_.view(), linear_));
  weights_ = std::move(solution.weights);
  mmd_squared_ = *user_self_ + 2 * solution.objective;
  drop_weightless();
  return {};
}

/// Adds the last member's products with the others and with the user.
Result<void> MixtureState::grow_gram() {
  const std::size_t k = members_.size();
  const Member& last = members_.back();
  Matrix<double> gram(k, k);
  for (std::size_t i = 0; i + 1 < k; ++i)
    for (std::size_t j = 0; j + 1 < k; ++j) gram(i, j) = gram_(i, j);
  for (std::size_t i = 0; i < k; ++i) {
    LEARNDOCK_TRY(const double value, product(*last.direct, last.view.count, members_[i].view));
    gram(i, k - 1) = gram(k - 1, i) = value;
  }
  LEARNDOCK_TRY(const double with_last, with_user(last.view));
  gram_ = std::move(gram);
  linear_.push_back(with_last);
  return {};
}

void MixtureState::drop_weightless() {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (weights_[i] > 0) kept.push_back(i);
  if (kept.size() == members_.size()) return;
  Matrix<double> gram(kept.size(), kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    for (std::size_t j = 0; j < kept.size(); ++j) gram(i, j) = gram_(kept[i], kept[j]);
    linear_[i] = linear_[kept[i]];
    weights_[i] = weights_[kept[i]];
    // A member's view points into vectors, whose memory moves with them.
    if (i != kept[i]) members_[i] = std::move(members_[kept[i]]);
  }
  gram_ = std::move(gram);
  linear_.resize(kept.size());
  weights_.resize(kept.size());
  while (members_.size() > kept.size()) members_.pop_back();
}

Result<double> MixtureState::alignment(const compute::ReducedSetView& set) const {
  LEARNDOCK_TRY(double sum, with_user(set));
  for (std::size_t i = 0; i < members_.size(); ++i) {
    LEARNDOCK_TRY(const double value, with_member(i, set));
    sum -= weights_[i] * value;
  }
  return sum;
}

double MixtureState::own_alignment() const {
  double sum = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    double with_mixture = 0;
    for (std::size_t j = 0; j < members_.size(); ++j) with_mixture += gram_(i, j) * weights_[j];
    sum += weights_[i] * (linear_[i] - with_mixture);
  }
  return sum;
}

void MixtureState::embed() {
  if (!embedded_user_) embedded_user_.emplace(parts_, std::span(&query_, 1), threads_);
  for (Member& member : members_)
    if (!member.embedded) member.embedded.emplace(parts_, std::span(&member.view, 1), 1U);
}

Embedding MixtureState::embedding(std::size_t part) const {
  std::vector<const Embedding*> members;
  for (const Member& member : members_) members.push_back(&member.embedded->of(part, 0));
  return parts_[part].part->space()->difference(embedded_user_->of(part, 0), members, weights_,
                                                std::max(0.0, mmd_squared_));
}

bool MixtureState::has(const CertifiedHit& hit) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
    return member.hit.part == hit.part && member.hit.item == hit.item;
  });
}

std::optional<CertifiedMixture> MixtureState::mixture() const {
  if (members_.size() < 2) return std::nullopt;
  CertifiedMixture result{{}, weights_, mmd_squared_, 0, 0};
  for (const Member& member : members_) result.members.push_back(member.hit);
  return result;
}

}  // namespace learndock::engine
