#include "trial/trial_sets.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"

#include "io/file.hpp"
#include "specification/space_id.hpp"

#include <fmt/format.h>

#include <limits>

namespace learndock::trial {
namespace {

constexpr std::uint64_t kFirstQuery = std::uint64_t{1} << 40U;
constexpr std::size_t kMaxListBytes = std::size_t{8} << 30;

class SyntheticSets final : public TrialSets {
 public:
  explicit SyntheticSets(const SyntheticOptions& options) : market_(options) {}
  std::size_t dimension() const override { return market_.options().dimension; }
  double gamma() const override { return market_.options().used_gamma(); }
  std::uint64_t available() const override { return kFirstQuery; }
  Result<OwnedSet> learnware(std::uint64_t number) const override { return market_.make(number); }
  Result<OwnedSet> query(std::uint64_t number) const override { return market_.make(kFirstQuery + number); }

 private:
  SyntheticMarket market_;
};

class ListedSets final : public TrialSets {
 public:
  explicit ListedSets(std::vector<OwnedSet> sets) : sets_(std::move(sets)) {}
  std::size_t dimension() const override { return sets_[0].points.cols(); }
  double gamma() const override { return sets_[0].gamma; }
  std::uint64_t available() const override { return sets_.size(); }
  Result<OwnedSet> learnware(std::uint64_t number) const override { return at(number); }
  Result<OwnedSet> query(std::uint64_t number) const override { return at(sets_.size() - 1 - number); }

 private:
  Result<OwnedSet> at(std::uint64_t number) const {
    if (number >= sets_.size())
      return fail(ErrorCode::invalid_argument, fmt::format("the file has {} specifications", sets_.size()));
    return sets_[number];
  }
  std::vector<OwnedSet> sets_;
};

Result<specification::RkmeSpecification> specification_from(std::string_view line) {
  LEARNDOCK_TRY(const Json json, parse_json(line, {.max_bytes = specification::kMaxJsonBytes}));
  const auto stat = json.is_object() ? json.find("stat") : json.end();
  return specification::from_json(json.is_object() && stat != json.end() ? *stat : json);
}

Result<void> check_alike(const specification::RkmeSpecification& specification,
                         const specification::SpaceId& key) {
  const specification::SpaceId own = specification::SpaceId::of(specification);
  if (!specification.kind->comparable() || own.kernel.scales != 1)
    return fail(ErrorCode::spec_kernel, "a trial compares specifications by one Gaussian kernel", {},
                "leave out image specifications and several scales");
  if (own != key)
    return fail(ErrorCode::spec_dimension,
                fmt::format("{} follows {}: a trial is of one feature space", own.text(), key.text()), {},
                "split the file by type, shape and gamma");
  return {};
}

}  // namespace

std::unique_ptr<TrialSets> synthetic_sets(const SyntheticOptions& options) {
  return std::make_unique<SyntheticSets>(options);
}

Result<std::unique_ptr<TrialSets>> listed_sets(const std::filesystem::path& file) {
  LEARNDOCK_TRY(const std::string text, io::read_file(file, kMaxListBytes));
  std::vector<OwnedSet> sets;
  std::optional<specification::SpaceId> key;
  std::size_t number = 0;
  for (std::size_t start = 0; start < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = std::string_view(text).substr(start, end - start);
    start = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = fmt::format("{}, line {}", file.string(), number + 1);
    auto specification = specification_from(line);
    if (!specification) return pass_on(std::move(specification).error(), where);
    if (!key) key = specification::SpaceId::of(*specification);
    auto alike = check_alike(*specification, *key);
    if (!alike) return pass_on(std::move(alike).error(), where);
    for (double& value : specification->points.values())
      value = static_cast<double>(static_cast<float>(value));
    sets.push_back(
        {std::move(specification->points), std::move(specification->weights), specification->kernel.gamma});
  }
  if (sets.empty())
    return fail(ErrorCode::invalid_argument, "the file holds no specification", file.string(),
                "write one stat.json a line");
  return std::make_unique<ListedSets>(std::move(sets));
}

}  // namespace learndock::trial
