#include "query/column_check.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/semantic.hpp"

#include "query/column_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace learndock::query {
namespace {

constexpr std::size_t kMostHits = 20;
/// Learnwares that are looked at when no hit has the user's names, and the entries among which they are
/// found.
constexpr std::size_t kMostOthers = 64, kMostEntries = 4096;
constexpr std::size_t kMostBytes = std::size_t{4} << 20;
constexpr std::size_t kShownNames = 8, kFactNames = 100, kFlagBytes = 400;

struct Found {
  std::string id;
  ColumnComparison comparison;
};

/// Looks learnwares up and compares their names, until it has read enough.
class Looking {
 public:
  Looking(std::span<const std::string> names, const catalog::Catalog& catalog)
      : names_(names), catalog_(catalog) {}

  [[nodiscard]] bool usable() const { return names_.usable(); }
  [[nodiscard]] ColumnComparison at(const LearnwareId& id) {
    const auto record = catalog_.find(id);
    return record ? of(*record) : ColumnComparison();
  }
  [[nodiscard]] ColumnComparison at(LearnwareNumber sequence) {
    const auto page = catalog_.list(sequence.value() - 1, 1);
    const bool found = page && page->records.size() == 1 && page->records[0].sequence == sequence;
    return found ? of(page->records[0]) : ColumnComparison();
  }

 private:
  ColumnComparison of(const catalog::LearnwareRecord& record) {
    if (!record.damage.empty() || record.semantic_json.size() > left_) return {};
    left_ -= record.semantic_json.size();
    const auto semantic = specification::semantic_from_json_text(record.semantic_json);
    return semantic && semantic->input ? names_.compare(*semantic->input) : ColumnComparison();
  }

  ColumnNames names_;
  const catalog::Catalog& catalog_;
  std::size_t left_ = kMostBytes;
};

/// The ids of the first singles, and of the members of the mixture, which are few.
std::vector<LearnwareId> hits_of(const SearchAnswer& answer) {
  std::vector<LearnwareId> ids;
  const auto add = [&](const LearnwareId& id) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  for (std::size_t i = 0; i < std::min(answer.singles.size(), kMostHits); ++i) add(answer.singles[i].id);
  if (answer.mixture)
    for (std::size_t i = 0; i < std::min(answer.mixture->members.size(), kMostHits); ++i)
      add(answer.mixture->members[i].id);
  return ids;
}

/// Learnwares of this dimension, evenly spread over the dock.
std::vector<LearnwareNumber> others_of(const learnwares::Snapshot& snapshot, std::size_t dimension) {
  std::vector<LearnwareNumber> found, taken;
  const std::size_t stride = std::max<std::size_t>(1, snapshot.entries.size() / kMostEntries);
  for (std::size_t i = 0; i < snapshot.entries.size(); i += stride) {
    const learnwares::Entry& entry = *snapshot.entries[i];
    if (entry.has_specification() && entry.traits().family->dimension() == dimension)
      found.push_back(entry.sequence());
  }
  const std::size_t step = std::max<std::size_t>(1, found.size() / kMostOthers);
  for (std::size_t i = 0; i < found.size() && taken.size() < kMostOthers; i += step)
    taken.push_back(found[i]);
  return taken;
}

Json ids_of(std::span<const Found> found) {
  Json ids = Json::array();
  for (const Found& one : found) ids.push_back(one.id);
  return ids;
}

std::string named(std::span<const Found> found, std::string_view more) {
  return found.size() == 1 ? found[0].id : fmt::format("{} and {} {}", found[0].id, found.size() - 1, more);
}

/// "--columns a,b" when a shell takes the names as they are.
std::string option_of(const std::vector<std::string>& names) {
  const auto plain = [](const std::string& name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
             c == '.' || c == '-';
    });
  };
  const std::string list = fmt::format("{}", fmt::join(names, ","));
  if (list.size() > kFlagBytes || !std::all_of(names.begin(), names.end(), plain)) return "--columns";
  return "--columns " + list;
}

Warning reordered(std::span<const Found> found, std::span<const std::string> columns, bool among_hits) {
  std::vector<std::string> order;
  for (const std::size_t place : found[0].comparison.order) order.push_back(columns[place]);
  Json facts = {{"learnwares", ids_of(found)}, {"count", found.size()}};
  if (order.size() <= kFactNames) facts["columns"] = order;
  return {
      WarningCode::columns_reordered,
      fmt::format("your columns have the names of the inputs of learnware {}, in another order, so that{} "
                  "columns of different meaning are compared; put them into its order with {}",
                  named(found, "more"), among_hits ? "" : ", though it is no hit,", option_of(order)),
      std::move(facts)};
}

Warning unmatched(std::span<const Found> found) {
  const std::vector<std::string>& missing = found[0].comparison.missing;
  const std::vector<std::string> shown(
      missing.begin(), missing.begin() + static_cast<std::ptrdiff_t>(std::min(missing.size(), kShownNames)));
  return {WarningCode::columns_unmatched,
          fmt::format("inputs of learnware {} have other names than your columns; not among them: {}{}",
                      named(found, "more hits"), fmt::join(shown, ", "),
                      missing.size() > shown.size() ? ", ..." : ""),
          Json{{"learnwares", ids_of(found)}, {"count", found.size()}, {"missing", shown}}};
}

}  // namespace

Warnings column_warnings(const SearchRequest& request, const SearchAnswer& answer,
                         const learnwares::Snapshot& snapshot, const catalog::Catalog& catalog) {
  if (request.columns.empty() || !request.specification) return {};
  Looking looking(request.columns, catalog);
  if (!looking.usable()) return {};
  std::vector<Found> in_another_order, of_other_names;
  bool in_order = false, names_met = answer.singles.empty();
  for (const LearnwareId& id : hits_of(answer)) {
    ColumnComparison comparison = looking.at(id);
    in_order = in_order || comparison.match == ColumnMatch::in_order;
    names_met = names_met || comparison.match == ColumnMatch::other;
    if (comparison.match == ColumnMatch::reordered)
      in_another_order.push_back({id.text(), std::move(comparison)});
    else if (comparison.match == ColumnMatch::other && !in_order)  // behind a right one they are no news
      of_other_names.push_back({id.text(), std::move(comparison)});
  }
  const bool among_hits = !in_another_order.empty();
  if (!among_hits && !in_order && names_met)
    for (const LearnwareNumber sequence : others_of(snapshot, request.columns.size()))
      if (ColumnComparison comparison = looking.at(sequence); comparison.match == ColumnMatch::reordered)
        in_another_order.push_back({std::string(snapshot.entry_of(sequence)->id()), std::move(comparison)});
  Warnings warnings;
  if (!in_another_order.empty()) warnings.push_back(reordered(in_another_order, request.columns, among_hits));
  if (!of_other_names.empty()) warnings.push_back(unmatched(of_other_names));
  return warnings;
}

}  // namespace learndock::query
