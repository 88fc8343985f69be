#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/compute/scan_codes.hpp"
#include "learndock/numeric/matrix.hpp"

#include "compute/direct_sums.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace learndock::engine {

/// The number of learnwares that a subspace is fitted to, if there are as many. More would not change it.
inline constexpr std::size_t kSubspaceSample = 8192;

/// The number of coordinates that suits a space of this many learnwares with 8-bit codes: few if every query
/// reads all codes; more if cells are skipped, because each learnware that is left costs an evaluation.
[[nodiscard]] std::size_t chosen_coordinates(std::size_t learnwares);
inline constexpr std::size_t kFewCoordinates = 128, kManyCoordinates = 200;

struct SubspaceOptions {
  std::size_t landmarks = 1024;               ///< at most; fewer when the sample has fewer distinct points
  std::size_t coordinates = kFewCoordinates;  ///< at most
  std::uint64_t seed = 0;
};

/// Statistics of a space, taken from its sample of learnwares.
struct SpaceStatistics {
  /// Mean kernel value between landmarks: under specification::kKernelBlindThreshold the space is kernel
  /// blind.
  double mean_kernel = 1;
  /// Mean of r^2 / ||mu||^2: the share of an embedding that the subspace leaves out. A drift calls for a new
  /// fit.
  double residual_share = 0;
};

/// One learnware or query inside a space: its coordinates in the subspace less the space's middle, and upper
/// bounds with which every comparison of two embeddings is certified (see FeatureSpace).
struct Embedding {
  std::vector<double> coordinates;
  double residual = 0;      ///< at least ||(I - P) mu||, all rounding included
  double squared_norm = 0;  ///< |coordinates|^2 + ||mu||^2 - ||P mu||^2
  double self = 0;          ///< ||mu||^2 by direct difference
  double mass = 0;          ///< sum of |weights|

  [[nodiscard]] compute::EmbeddingView view() const { return {coordinates, residual, squared_norm}; }
};

/// The linear map of a space and bounds of its errors: plain data, as a segment stores it.
struct Subspace {
  std::size_t dimension = 0;  ///< of points
  compute::Kernel kernel;
  Matrix<double> landmarks;  ///< S x d
  Matrix<double> map;        ///< D x S: kernel sums against the landmarks to coordinates
  std::vector<double>
      middle;  ///< [D] subtracted from coordinates: codes then spend their bits on differences
  /// E: for any two embeddings the inner product inside the subspace, computed from coordinates, is within
  /// E mass_a mass_b of the exact one.
  double product_error = 0;
  SpaceStatistics statistics;
};

/// Embeds reduced sets of one kernel and dimension into a subspace spanned by landmarks, so that
///
///   MMD^2(L, U) >= |a_L - a_U|^2 + (norms outside) - 2 r_L r_U  =  what compute::ScanCodes bounds from below
///
/// holds for the MMD^2 that `DirectQuery` computes from the stored norms, rounding included, up to `margin`.
/// The subspace is the principal one of the sample's embeddings inside the landmarks' span (docs/proofs.md,
/// B1); directions whose eigenvalue is too small for fp64 to carry are left to r, where they do no harm. A
/// random rotation spreads the coordinates evenly, which low-bit codes need.
///
/// @threads  immutable; safe
/// @source   Pythagoras in the kernel's space; Schölkopf, Smola, Müller, "Kernel PCA" (1998)
class FeatureSpace {
 public:
  /// @param sample reduced sets of the space, as similar to the dock's as possible; some thousands are enough
  /// @errors invalid_argument (no sample, differing dimensions, kernel), internal (no decomposition, or none
  /// whose error is small enough)
  /// @cost   k-means, two symmetric eigenproblems of at most `landmarks`, the sample's embeddings
  [[nodiscard]] static Result<FeatureSpace> fit(std::span<const compute::ReducedSetView> sample,
                                                const compute::Kernel& kernel, const SubspaceOptions& options,
                                                const compute::Backend& backend);
  /// Makes a space from stored data and checks the shapes. @errors corrupt
  [[nodiscard]] static Result<FeatureSpace> restore(Subspace subspace);

  [[nodiscard]] const Subspace& subspace() const { return subspace_; }
  [[nodiscard]] const compute::Kernel& kernel() const { return subspace_.kernel; }
  [[nodiscard]] std::size_t dimension() const { return subspace_.dimension; }
  [[nodiscard]] std::size_t coordinates() const { return subspace_.map.rows(); }

  /// Embeds sets on `threads` threads; self terms by direct difference.
  [[nodiscard]] std::vector<Embedding> embed(std::span<const compute::ReducedSetView> sets,
                                             unsigned threads) const;
  /// The same with coordinates by `backend`, for very many sets. Every backend keeps the error that the
  /// certificate counts on; `cpu` gives the same bits as above for the same sets. @errors as Backend::project
  [[nodiscard]] Result<std::vector<Embedding>> embed(std::span<const compute::ReducedSetView> sets,
                                                     const compute::Backend& backend, unsigned threads) const;

  /// The embedding of g = mu_query - sum_i weights[i] mu_members[i]. The middle is not subtracted: its
  /// product with an item's coordinates is <P mu, g> less `middle_product(g)`.
  /// @param squared_norm  ||g||^2
  [[nodiscard]] Embedding difference(const Embedding& query, std::span<const Embedding* const> members,
                                     std::span<const double> weights, double squared_norm) const;
  [[nodiscard]] double middle_product(const Embedding& difference) const;

  /// A lower bound from codes may exceed the computed MMD^2 of the pair by at most this much.
  /// @param largest_mass largest mass of the items that are compared with a query of mass `query_mass`
  [[nodiscard]] double margin(double largest_mass, double query_mass) const;

 private:
  /// @param mapped  the sets' coordinates, the middle not yet subtracted
  [[nodiscard]] std::vector<Embedding> complete(std::span<const compute::ReducedSetView> sets,
                                                const Matrix<double>& mapped, unsigned threads) const;
  /// The number added to the square of a residual for each unit of mass squared: by Cauchy-Schwarz the
  /// product of two residuals then covers the coordinates' error for the pair.
  [[nodiscard]] double allowance() const;
  explicit FeatureSpace(Subspace subspace);
  Subspace subspace_;
  compute::DirectPoints landmarks_;
};

/// The range of masses whose embeddings fp32 codes carry without overflow or underflow, and that do not
/// loosen the bounds of others. Learnwares outside the range are not stored in parts but compared directly;
/// queries outside it are compared with everything.
inline constexpr double kLeastMass = 1.0 / 1024, kMostMass = 64;
[[nodiscard]] inline bool codable(double mass) { return mass >= kLeastMass && mass <= kMostMass; }

/// Sum of the absolute weights.
[[nodiscard]] double mass_of(const compute::ReducedSetView& set);

}  // namespace learndock::engine
