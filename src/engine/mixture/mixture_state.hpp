#pragma once

#include "engine/mixture/certified_mixture.hpp"
#include "engine/search/bounded_search.hpp"
#include "engine/search/space_embeddings.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace learndock::engine {

/// A learnware's part and its item there.
using ItemKey = std::pair<std::size_t, PartItem>;
[[nodiscard]] inline ItemKey key_of(const CertifiedHit& hit) { return {hit.part, hit.item}; }

/// A mixture under construction: its learnwares, the weights that fit best, and what they leave unexplained
/// of the user's embedding, g = u - mix.
class MixtureState {
 public:
  MixtureState(std::span<const FilteredPart> parts, const compute::ReducedSetView& query,
               const MixtureOptions& options);

  // If the deadline comes before a product of two large sets is done, the error is `timeout`. The state is
  // then as before, and the caller can answer with it.

  /// Adds a learnware, fits all weights again and drops members whose weight is zero.
  /// @errors timeout, corrupt; of solve_simplex_qp
  [[nodiscard]] Result<void> add(const CertifiedHit& hit);

  /// <mu, u> and <mu, member> of any set. @errors timeout
  [[nodiscard]] Result<double> with_user(const compute::ReducedSetView& set) const {
    return product(user_, query_.count, set);
  }
  [[nodiscard]] Result<double> with_member(std::size_t member, const compute::ReducedSetView& set) const {
    return product(*members_[member].direct, members_[member].view.count, set);
  }
  /// <mu, g> of any set. @errors timeout
  [[nodiscard]] Result<double> alignment(const compute::ReducedSetView& set) const;
  /// <mix, g>; at an optimum of the weights also the alignment of every member.
  [[nodiscard]] double own_alignment() const;
  /// g, the user and a member in the space of a part. @pre `embed` was called since the last change
  [[nodiscard]] Embedding embedding(std::size_t part) const;
  [[nodiscard]] const Embedding& embedded_user(std::size_t part) const { return embedded_user_->of(part, 0); }
  [[nodiscard]] const Embedding& embedded_member(std::size_t member, std::size_t part) const {
    return members_[member].embedded->of(part, 0);
  }
  void embed();

  [[nodiscard]] bool has(const CertifiedHit& hit) const;
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] const compute::ReducedSetView& query() const { return query_; }
  [[nodiscard]] const compute::ReducedSetView& view(std::size_t member) const {
    return members_[member].view;
  }
  [[nodiscard]] const CertifiedHit& hit(std::size_t member) const { return members_[member].hit; }
  [[nodiscard]] std::span<const double> weights() const { return weights_; }
  /// <member, member> and <user, member>.
  [[nodiscard]] const Matrix<double>& gram() const { return gram_; }
  [[nodiscard]] std::span<const double> linear() const { return linear_; }
  [[nodiscard]] double mmd_squared() const { return mmd_squared_; }
  /// @pre a learnware was added
  [[nodiscard]] double user_self() const { return *user_self_; }
  [[nodiscard]] std::span<const FilteredPart> parts() const { return parts_; }

  /// The mixture as it is, without a proof; none while there is only one member.
  [[nodiscard]] std::optional<CertifiedMixture> mixture() const;

 private:
  /// A learnware in the mixture: its set, which it owns, and what products with it need.
  struct Member {
    CertifiedHit hit;
    std::vector<double> points, weights;
    compute::ReducedSetView view;
    std::optional<compute::DirectQuery> direct;
    std::optional<SpaceEmbeddings> embedded;
  };

  [[nodiscard]] Result<double> product(const compute::DirectQuery& of, std::size_t points,
                                       const compute::ReducedSetView& with) const;
  [[nodiscard]] Result<void> grow_gram();
  void drop_weightless();

  std::span<const FilteredPart> parts_;
  compute::Kernel kernel_;
  compute::DirectQuery user_;
  compute::ReducedSetView query_;
  double mmd_squared_ = 0;
  std::optional<double> user_self_;
  Deadline deadline_;
  unsigned threads_;
  std::optional<SpaceEmbeddings> embedded_user_;
  std::deque<Member> members_;
  std::vector<double> weights_, linear_;
  Matrix<double> gram_;
};

}  // namespace learndock::engine
