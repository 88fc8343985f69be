#include "reindex/reindex_kernels.hpp"

#include "learndock/base/json.hpp"
#include "learndock/numeric/matrix.hpp"
#include "learndock/sketch/reducer.hpp"

#include "base/number.hpp"
#include "engine/space/feature_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace learndock::reindex {
namespace {

/// The learnwares, the points of each and the values of all of them from which a family's gamma is computed,
/// at most.
constexpr std::size_t kLearnwares = 512, kPointsEach = 16, kValues = std::size_t{1} << 24;

/// The spaces of one family.
using Members = std::vector<const SpaceSamples::value_type*>;

std::map<specification::SpaceFamily, Members> families_of(const SpaceSamples& specified) {
  std::map<specification::SpaceFamily, Members> families;
  for (const auto& space : specified) families[specification::SpaceFamily::of(space.first)].push_back(&space);
  return families;
}

/// The seeded sample of a family: the learnwares with the least hashes in all its spaces.
std::vector<const specification::RkmeSpecification*> sample_of(const Members& members) {
  std::map<std::uint64_t, const specification::RkmeSpecification*> least;
  for (const auto* space : members)
    for (const auto& [hash, specification] : space->second.sample) {
      least.emplace(hash, &specification);
      if (least.size() > kLearnwares) least.erase(std::prev(least.end()));
    }
  std::vector<const specification::RkmeSpecification*> sample;
  for (const auto& [hash, specification] : least) sample.push_back(specification);
  return sample;
}

/// The points of the samples, without points of weight zero, which are in no embedding.
std::vector<std::span<const double>> points_of(
    const std::vector<const specification::RkmeSpecification*>& sample, std::size_t dimension) {
  const std::size_t each = std::clamp<std::size_t>(kValues / (kLearnwares * dimension), 1, kPointsEach);
  std::vector<std::span<const double>> points;
  for (const specification::RkmeSpecification* one : sample) {
    const std::size_t step = (one->weights.size() + each - 1) / each;
    for (std::size_t i = 0; i < one->weights.size(); i += step)
      if (one->weights[i] != 0) points.push_back(one->points.row(i));
  }
  return points;
}

/// Gamma by the median heuristic; 0: all points are equal. The heuristic reads fp32: points are taken
/// relative to one of them and to their extent, so that neither a common offset nor huge or tiny units
/// matter.
double median_gamma(const std::vector<std::span<const double>>& points, std::uint32_t scales,
                    std::uint64_t seed) {
  double extent = 0;
  for (const auto& point : points)
    for (std::size_t k = 0; k < point.size(); ++k)
      extent = std::max(extent, std::abs(point[k] - points.front()[k]));
  if (!(extent > 0)) return 0;
  Matrix<float> rows(points.size(), points.front().size());
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t k = 0; k < rows.cols(); ++k)
      rows(i, k) = static_cast<float>((points[i][k] - points.front()[k]) / extent);
  return sketch::median_heuristic_gamma(rows.view(), seed, scales) / extent / extent;
}

double commonest_gamma(const Members& members) {
  const auto count = [](const auto* space) { return space->second.count + space->second.others; };
  return (*std::max_element(members.begin(), members.end(),
                            [&](const auto* a, const auto* b) { return count(a) < count(b); }))
      ->first.kernel.gamma;
}

Result<void> set_median(specification::SpaceKernels& kernels, const specification::SpaceFamily& family,
                        const Members& members, std::uint64_t seed) {
  const auto points = points_of(sample_of(members), members.front()->first.dimension());
  if (kernels.set(family, family.kernel(median_gamma(points, family.scales, seed)))) return {};
  return kernels.set(family, family.kernel(commonest_gamma(members)));
}

}  // namespace

void SpaceSample::add(std::uint64_t hash, specification::RkmeSpecification specification) {
  ++count;
  if (sample.size() == engine::kSubspaceSample && hash >= std::prev(sample.end())->first) return;
  sample.emplace(hash, std::move(specification));
  if (sample.size() > engine::kSubspaceSample) sample.erase(std::prev(sample.end()));
}

void SpaceSample::absorb(SpaceSample other) {
  count += other.count;
  others += other.others;
  sample.merge(other.sample);
  while (sample.size() > engine::kSubspaceSample) sample.erase(std::prev(sample.end()));
}

std::string GammaChoice::text() const {
  switch (kind) {
    case Kind::in_force:
      return "";
    case Kind::own:
      return "own";
    case Kind::median:
      return "auto";
    case Kind::number:
      return fmt::format("{}", number);
  }
  return "";
}

Result<GammaChoice> gamma_choice_of(std::string_view text) {
  if (text == "own") return GammaChoice{GammaChoice::Kind::own, 0};
  if (text == "auto") return GammaChoice{GammaChoice::Kind::median, 0};
  if (const auto number = positive_number(text)) return GammaChoice{GammaChoice::Kind::number, *number};
  return fail(ErrorCode::usage, fmt::format("'{}' is not a gamma", text), "--gamma",
              "give a positive number, auto (median heuristic), or own (what each learnware was made with)");
}

Result<specification::SpaceKernels> kernels_in_use(const store::IndexVersion& version) {
  return specification::kernels_from_text(version.content.kernels);
}

Result<specification::SpaceKernels> choose_kernels(const GammaChoice& choice,
                                                   const specification::SpaceKernels& before,
                                                   const SpaceSamples& specified, std::uint64_t seed) {
  if (choice.kind == GammaChoice::Kind::in_force) return before;
  specification::SpaceKernels kernels;
  if (choice.kind == GammaChoice::Kind::own) return kernels;
  for (const auto& [family, members] : families_of(specified)) {
    auto set = choice.kind == GammaChoice::Kind::number ? kernels.set(family, family.kernel(choice.number))
                                                        : set_median(kernels, family, members, seed);
    if (!set) return pass_on(std::move(set).error(), "--gamma");
  }
  return kernels;
}

std::vector<KernelChange> kernel_changes(const specification::SpaceKernels& before,
                                         const specification::SpaceKernels& after,
                                         const SpaceSamples& specified) {
  std::vector<KernelChange> changes;
  for (const auto& [key, sample] : specified) {
    const double own = key.kernel.gamma, from = before.current(key).kernel.gamma,
                 to = after.current(key).kernel.gamma;
    if (from == own && to == own) continue;
    changes.push_back({std::string(key.kind->name()), key.dimension(), key.kernel.scales, own, from, to,
                       sample.count + sample.others});
  }
  return changes;
}

Json to_json(const KernelChange& change) {
  return {{"type", change.type},
          {"dimension", change.dimension},
          {"scales", change.scales},
          {"specified", change.specified},
          {"from", change.from},
          {"to", change.to},
          {"learnwares", change.learnwares}};
}

SpaceSamples spaces_under(const specification::SpaceKernels& kernels, SpaceSamples specified) {
  if (kernels.empty()) return specified;
  SpaceSamples spaces;
  for (auto& [specified_key, sample] : specified) {
    specification::SpaceId key = kernels.current(specified_key);
    for (auto& [hash, specification] : sample.sample) specification.kernel = key.kernel;
    spaces[std::move(key)].absorb(std::move(sample));
  }
  return spaces;
}

}  // namespace learndock::reindex
