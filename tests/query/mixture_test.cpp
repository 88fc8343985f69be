#include "query/compat/mixture.hpp"

#include "learndock/compute/registry.hpp"

#include "numeric/simplex_qp.hpp"
#include "support/generators.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace learndock::query {
namespace {

using testing::random_set;
using testing::WeightedSet;

/// Candidates around different centres and a user that is a known blend of two of them, or moved away from
/// it.
struct Scene {
  std::shared_ptr<const compute::Backend> backend = compute::open_backend("cpu_reference").value();
  std::vector<WeightedSet> sets;
  WeightedSet user;
  std::vector<compute::ReducedSetView> views;
  std::vector<std::string> names;
  std::vector<std::string_view> ids;
  std::vector<double> self, with_user;
  double user_self = 0;

  explicit Scene(std::uint64_t seed, std::size_t count = 12, double moved = 0) {
    for (std::size_t i = 0; i < count; ++i)
      sets.push_back(random_set({8, 3, 0.3, static_cast<double>(i % 6) - 2.5, 0.7, false}, seed * 100 + i));
    const WeightedSet &a = sets[1], &b = sets[4];
    std::vector<double> points = a.points.values();
    points.insert(points.end(), b.points.values().begin(), b.points.values().end());
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    for (double& value : points) value += moved * normal(random);
    user = {Matrix<double>(16, 3, std::move(points)), {}, 0.3};
    for (const double w : a.weights) user.weights.push_back(0.3 * w);
    for (const double w : b.weights) user.weights.push_back(0.7 * w);
    for (const auto& set : sets) {
      views.push_back(set.view());
      names.push_back(fmt::format("{:03}", names.size()));
    }
    ids.assign(names.begin(), names.end());
    self.resize(count);
    with_user.resize(count);
    const auto user_view = user.view();
    EXPECT_TRUE(backend->self_inner_products(views, self).has_value());
    EXPECT_TRUE(backend->inner_products(user_view, views, with_user).has_value());
    EXPECT_TRUE(backend->self_inner_products({&user_view, 1}, {&user_self, 1}).has_value());
  }
  [[nodiscard]] MixtureProblem problem() const {
    std::size_t nearest = 0;
    for (std::size_t i = 1; i < views.size(); ++i)
      if (self[i] - 2 * with_user[i] < self[nearest] - 2 * with_user[nearest]) nearest = i;
    return {*backend, user.view(), user_self, views, self, ids, nearest};
  }
  /// ||sum_i w_i mu_i - mu_user||^2 from scratch.
  [[nodiscard]] double value_of(const Mixture& mixture) const {
    const auto inner = [&](const compute::ReducedSetView& x, const compute::ReducedSetView& y) {
      double out = 0;
      EXPECT_TRUE(backend->inner_products(y, {&x, 1}, {&out, 1}).has_value());
      return out;
    };
    double value = user_self;
    for (std::size_t a = 0; a < mixture.members.size(); ++a) {
      value -= 2 * mixture.weights[a] * inner(views[mixture.members[a]], user.view());
      for (std::size_t b = 0; b < mixture.members.size(); ++b)
        value += mixture.weights[a] * mixture.weights[b] *
                 inner(views[mixture.members[a]], views[mixture.members[b]]);
    }
    return value;
  }
};

TEST(Mixture, EveryMethodReportsTheValueOfItsWeights) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Scene scene(seed);
    for (const auto method : {greedy_mixture, auto_mixture, certified_mixture}) {
      const auto result = method(scene.problem(), 5);
      ASSERT_TRUE(result.has_value()) << result.error().message;
      if (!*result) continue;
      const Mixture& mixture = **result;
      EXPECT_GE(mixture.members.size(), 2u);
      EXPECT_LE(mixture.members.size(), 5u);
      EXPECT_NEAR(std::accumulate(mixture.weights.begin(), mixture.weights.end(), 0.0), 1, 1e-12);
      EXPECT_NEAR(mixture.mmd_squared, scene.value_of(mixture), 1e-11);
    }
  }
}

TEST(Mixture, AutoDropsABlendWhoseLastWeightIsOverTwoPerCent) {
  // Weights 0.7 and 0.3: 0.7 + 0.3 is over the reference's cut of 0.98, so one member is left, and one is no
  // mixture.
  const auto result = auto_mixture(Scene(1, 6).problem(), 5);
  ASSERT_TRUE(result.has_value());
  EXPECT_FALSE(result->has_value());
}

TEST(Mixture, RecoversAnExactBlend) {
  const Scene scene(1, 6);  // six candidates at six centres
  for (const auto method : {greedy_mixture, certified_mixture}) {
    const auto result = method(scene.problem(), 5);
    ASSERT_TRUE(result.has_value() && *result);
    EXPECT_NEAR((*result)->mmd_squared, 0, 1e-9);
    double weight_one = 0, weight_four = 0;
    for (std::size_t i = 0; i < (*result)->members.size(); ++i) {
      if ((*result)->members[i] == 1) weight_one = (*result)->weights[i];
      if ((*result)->members[i] == 4) weight_four = (*result)->weights[i];
    }
    EXPECT_NEAR(weight_one, 0.3, 1e-4);
    EXPECT_NEAR(weight_four, 0.7, 1e-4);
  }
}

TEST(Mixture, GreedyAddsNothingToAnExactBlend) {
  const auto result = greedy_mixture(Scene(1, 6).problem(), 5);
  ASSERT_TRUE(result.has_value() && *result);
  EXPECT_EQ((*result)->members, (std::vector<std::size_t>{4, 1}));
}

TEST(Mixture, TheBetterOneKeepsTheCertifiedLowerBound) {
  const Mixture certified{{0, 1}, {0.5, 0.5}, 0.10, 0.04};
  const Mixture closer{{2, 3}, {0.5, 0.5}, 0.08, {}}, farther{{2, 3}, {0.5, 0.5}, 0.12, {}};
  EXPECT_EQ(better_of(certified, closer).members[0], 2u);
  EXPECT_NEAR(*better_of(certified, closer).gap, 0.02, 1e-15);  // 0.08 - (0.10 - 0.04)
  EXPECT_EQ(better_of(certified, farther).members[0], 0u);
  EXPECT_EQ(*better_of(certified, std::nullopt).gap, 0.04);
}

TEST(Mixture, CertifiedGapBoundsTheOptimumOverAllCandidates) {
  for (std::uint64_t seed = 20; seed < 40; ++seed) {
    const Scene scene(seed, 18);
    const auto few = certified_mixture(scene.problem(), 2), many = certified_mixture(scene.problem(), 18);
    ASSERT_TRUE(few.has_value() && many.has_value());
    if (!*few || !*many) continue;
    EXPECT_LE((*few)->mmd_squared - *(*few)->gap, (*many)->mmd_squared + 1e-10)
        << "lower bound above a feasible value";
    EXPECT_LE(*(*many)->gap, 1e-6) << "with all members allowed it is optimal";
  }
}

TEST(Mixture, GreedyPicksTheBestPairByExhaustion) {
  // First pick: the best single. Second: the best partner for it, found here by trying all with a fine grid
  // of weights.
  const Scene scene(3);
  const auto result = greedy_mixture(scene.problem(), 2);
  ASSERT_TRUE(result.has_value() && *result);
  std::size_t best_single = 0;
  for (std::size_t i = 1; i < scene.sets.size(); ++i)
    if (scene.self[i] - 2 * scene.with_user[i] < scene.self[best_single] - 2 * scene.with_user[best_single])
      best_single = i;
  EXPECT_EQ((*result)->members[0], best_single);
  double best = 1e9;
  for (std::size_t other = 0; other < scene.sets.size(); ++other)
    for (int step = 0; step <= 200 && other != best_single; ++step)
      best = std::min(best, scene.value_of({{best_single, other}, {1 - step / 200.0, step / 200.0}, 0, {}}));
  EXPECT_LE((*result)->mmd_squared, best + 1e-12);
  EXPECT_NEAR((*result)->mmd_squared, best, 1e-4);
}

TEST(Mixture, OneCandidateIsNoMixture) {
  const Scene scene(5, 6);
  MixtureProblem problem = scene.problem();
  problem.candidates = problem.candidates.first(1);
  problem.candidate_self = problem.candidate_self.first(1);
  problem.nearest = 0;
  for (const auto method : {greedy_mixture, auto_mixture, certified_mixture})
    EXPECT_FALSE(method(problem, 5)->has_value());
}

/// Every candidate fitted in every round, as the reference does it: the user's products take the user's
/// gamma, those of two members the gamma of the one added last.
std::vector<std::size_t> greedy_by_fitting_all(const Scene& scene, std::size_t max_members) {
  const auto product = [&](const compute::ReducedSetView& query, compute::ReducedSetView set, double gamma) {
    set.kernel.gamma = gamma;
    double out = 0;
    EXPECT_TRUE(scene.backend->inner_products(query, {&set, 1}, {&out, 1}).has_value());
    return out;
  };
  std::vector<std::size_t> chosen;
  double current = 0;
  while (chosen.size() < max_members) {
    double best = 1e300;
    std::size_t taken = 0;
    for (std::size_t c = 0; c < scene.views.size(); ++c) {
      if (std::find(chosen.begin(), chosen.end(), c) != chosen.end()) continue;
      std::vector<std::size_t> members = chosen;
      members.push_back(c);
      Matrix<double> gram(members.size(), members.size());
      std::vector<double> linear;
      for (std::size_t a = 0; a < members.size(); ++a) {
        linear.push_back(product(scene.user.view(), scene.views[members[a]], scene.user.gamma));
        for (std::size_t b = a; b < members.size(); ++b)
          gram(a, b) = gram(b, a) =
              product(scene.views[members[a]], scene.views[members[b]], scene.views[members[b]].kernel.gamma);
      }
      const auto solution = solve_simplex_qp(gram.view(), linear);
      if (!solution) continue;
      const double value = scene.user_self + 2 * solution->objective;
      if (value < best) {
        best = value;
        taken = c;
      }
    }
    if (!chosen.empty() && (current <= 1e-9 * scene.user_self || best > 0.95 * current)) break;
    chosen.push_back(taken);
    current = best;
  }
  return chosen;
}

WeightedSet blend_of(const WeightedSet& a, const WeightedSet& b, double share) {
  std::vector<double> points = a.points.values();
  points.insert(points.end(), b.points.values().begin(), b.points.values().end());
  WeightedSet blend{{}, {}, a.gamma};
  for (const double weight : a.weights) blend.weights.push_back(share * weight);
  for (const double weight : b.weights) blend.weights.push_back((1 - share) * weight);
  blend.points = Matrix<double>(blend.weights.size(), a.points.cols(), std::move(points));
  return blend;
}

TEST(Mixture, GreedyChoosesAsIfEveryCandidateWereFitted) {
  std::size_t rounds = 0;
  for (std::uint64_t seed = 20; seed < 620; ++seed) {
    // Far users, exact blends and users between; candidates that repeat others, nearly repeat them, are
    // blends of two others (then the members' span is theirs too), or have another gamma.
    Scene scene(seed, 24, std::vector{0.5, 0.5, 0.0, 1e-3}[seed % 4]);
    for (std::size_t i = 12; i < 24 && seed % 3 == 0; ++i) {
      scene.sets[i] = scene.sets[i - 11];
      for (double& value : scene.sets[i].points.values()) value += seed % 2 == 0 ? 0 : 1e-5 * std::sin(value);
    }
    for (std::size_t i = 12; i < 24 && seed % 3 == 1; ++i)
      scene.sets[i] = blend_of(scene.sets[i - 12], scene.sets[i - 11], i % 2 == 0 ? 0.4 : 1.3);
    for (std::size_t i = 0; i < 24 && seed % 5 == 0; i += 3) scene.sets[i].gamma *= 1.5;
    for (std::size_t i = 0; i < 24; ++i) scene.views[i] = scene.sets[i].view();
    const auto result = greedy_mixture(scene.problem(), 6);
    ASSERT_TRUE(result.has_value());
    const std::vector<std::size_t> want = greedy_by_fitting_all(scene, 6);
    if (want.size() < 2) continue;
    ASSERT_TRUE(result->has_value()) << "seed " << seed;
    EXPECT_EQ((*result)->members, want) << "seed " << seed;
    rounds += want.size();
  }
  EXPECT_GT(rounds, 800U);
}

TEST(Mixture, BesideACertifiedOneMembersWithoutWeightAreLeftOut) {
  const Mixture certified{{0, 1}, {0.5, 0.5}, 0.5, 0.4};
  const Mixture other{{3, 4, 5}, {0.25, 0.0, 0.75}, 0.3, std::nullopt};
  const Mixture best = better_of(certified, other);
  EXPECT_EQ(best.members, (std::vector<std::size_t>{3, 5}));
  EXPECT_EQ(best.weights, (std::vector<double>{0.25, 0.75}));
  EXPECT_DOUBLE_EQ(*best.gap, 0.2);
}

TEST(Mixture, ASpentDeadlineEndsEveryMethod) {
  const Scene scene(3);
  for (const auto method : {greedy_mixture, auto_mixture, certified_mixture}) {
    Deadline deadline(Deadline::Clock::now() - std::chrono::hours(1), std::chrono::milliseconds(1));
    MixtureProblem problem = scene.problem();
    problem.deadline = &deadline;
    const auto result = method(problem, 5);
    ASSERT_TRUE(result.has_value());
    EXPECT_TRUE(deadline.cut());
    // The certified one looks at something whatever the time.
    if (*result) {
      EXPECT_TRUE(method == certified_mixture);
      EXPECT_EQ((*result)->members.size(), 2U);
    }
  }
}

}  // namespace
}  // namespace learndock::query
