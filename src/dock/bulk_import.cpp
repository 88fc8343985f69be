#include "dock/bulk_import.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/codec.hpp"

#include "base/new_id.hpp"
#include "base/utf8.hpp"
#include "dock/view/entry_fields.hpp"
#include "io/line_reader.hpp"
#include "query/blind_check.hpp"
#include "query/set_limits.hpp"
#include "specification/semantic_check.hpp"

#include <fmt/format.h>

#include <optional>
#include <unordered_set>

namespace learndock::dock {
namespace {

/// The most lines, and bytes of their records, in one transaction.
constexpr std::size_t kBatchLines = 2000, kBatchBytes = std::size_t{64} << 20;
/// The most bytes of a line, which has both specifications.
constexpr std::size_t kMaxLineBytes = specification::kMaxJsonBytes + specification::kMaxSemanticBytes;

/// Fits a line's semantic specification to a record. Records of old docks lack License, which the reference
/// takes for Apache-2.0, and Model. Keys that only a requirement can have are left out.
void complete_old_record(const Json& json, specification::SemanticSpecification& semantic) {
  if (json.is_object() && !json.empty() && !json.contains("License"))
    semantic.of(specification::SemanticKey::license) = {"Apache-2.0"};
  specification::add_defaults(semantic);
  semantic.learnware_id.clear();
}

template <class T>
Failure under(const char* where, Result<T> failed) {
  Error error = std::move(failed).error();
  error.where.insert(0, where);
  return Failure(std::move(error));
}

bool lacks(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found == line.end() || found->is_null();
}

/// Requires both specifications. Without them a record could never be found by the data it was made for, and
/// no one would know why.
Result<void> require_both(const Json& json) {
  if (lacks(json, "semantic"))
    return fail(ErrorCode::semantic_missing, "the line has no semantic specification", "/semantic",
                "add \"semantic\"; {} says nothing and is allowed");
  if (lacks(json, "stat"))
    return fail(ErrorCode::spec_missing_key, "the line has no statistical specification", "/stat",
                "add \"stat\" as `learndock spec make` writes it");
  return {};
}

/// A line's record, and what it was made of, decoded.
struct ImportedLine {
  catalog::LearnwareRecord record;
  specification::SemanticSpecification semantic;
  std::optional<specification::RkmeSpecification> statistical;
};

Result<LearnwareId> id_from(const Json& value) {
  if (!value.is_string() && !value.is_number_integer())
    return fail(ErrorCode::invalid_argument, "id is a string or a whole number", "/id");
  auto id = create_new_id(value.is_string() ? value.get<std::string>() : value.dump());
  if (!id) return under("/id", std::move(id));
  return id;
}

Result<void> read_semantic(const Json& value, ImportedLine& line) {
  auto semantic = specification::semantic_from_json(value);
  if (!semantic) return under("/semantic", std::move(semantic));
  if (auto plain = specification::check_texts(*semantic); !plain) return under("/semantic", std::move(plain));
  complete_old_record(value, *semantic);
  line.record.name = semantic->name;
  line.record.semantic_json = to_text(specification::semantic_to_json(*semantic));
  line.semantic = std::move(*semantic);
  return {};
}

Result<void> read_statistical(const Json& value, std::size_t max_points, ImportedLine& line) {
  auto stat = specification::from_json(value);
  if (!stat) return under("/stat", std::move(stat));
  if (auto taken = query::check_set(*stat, max_points); !taken) return under("/stat", std::move(taken));
  line.record.statistical = specification::to_binary(*stat);
  line.statistical = std::move(*stat);
  return {};
}

Result<std::string> url_from(const Json& value) {
  if (!value.is_string() || value.get_ref<const std::string&>().size() > 4096)
    return fail(ErrorCode::invalid_argument, "url is a string of at most 4096 bytes", "/url");
  auto url = value.get<std::string>();
  if (!is_plain_name(url))
    return fail(ErrorCode::invalid_argument, "url holds control or invisible characters", "/url");
  return url;
}

/// Reads one line of a bulk import: {"id"?, "semantic", "stat", "url"?}.
Result<ImportedLine> read_line(std::string_view text, std::size_t max_points) {
  LEARNDOCK_TRY(const Json json, parse_json(text, {.max_bytes = kMaxLineBytes}));
  if (!json.is_object()) return fail(ErrorCode::semantic_shape, "a line is a JSON object");
  LEARNDOCK_CHECK(require_both(json));
  ImportedLine line;
  for (const auto& [key, value] : json.items()) {
    if (key == "id" && !value.is_null()) {
      LEARNDOCK_TRY(line.record.id, id_from(value));
    } else if (key == "semantic") {
      LEARNDOCK_CHECK(read_semantic(value, line));
    } else if (key == "stat") {
      LEARNDOCK_CHECK(read_statistical(value, max_points, line));
    } else if (key == "url" && !value.is_null()) {
      LEARNDOCK_TRY(line.record.url, url_from(value));
    }
  }
  if (line.record.name.empty()) line.record.name = line.record.id.text();
  LEARNDOCK_CHECK(check_length(line.record));
  return line;
}

/// The lines that wait to be stored together.
class Batch {
 public:
  Batch(const std::filesystem::path& file, const specification::SpaceKernels& kernels, std::size_t max_points,
        ImportOutcome& outcome)
      : file_(file), kernels_(kernels), max_points_(max_points), outcome_(outcome) {}

  void reject(std::size_t line, Error error) {
    outcome_.rejected.push_back({fmt::format("{}:{}", file_.string(), line), std::move(error)});
  }

  /// A line that cannot enter a dock is rejected alone.
  void add(std::size_t line, std::string_view text) {
    auto read = read_line(text, max_points_);
    if (!read) return reject(line, std::move(read).error());
    bytes_ += read->record.statistical.size() + read->record.semantic_json.size();
    entries_.push_back(
        entry_fields_of(read->record, std::move(read->semantic), std::move(read->statistical), kernels_));
    records_.push_back(std::move(read->record));
    lines_.push_back(line);
  }

  [[nodiscard]] bool full() const { return records_.size() >= kBatchLines || bytes_ >= kBatchBytes; }

  /// Rejects the lines whose ids `taken` knows or an earlier line of the batch has.
  template <class Taken>
  Result<void> drop_taken(Taken taken) {
    std::unordered_set<std::string> seen;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < records_.size(); ++i) {
      const LearnwareId& id = records_[i].id;
      if (!id.text().empty()) {
        LEARNDOCK_TRY(const bool stored, taken(id));
        if (stored || !seen.insert(id.text()).second) {
          reject(lines_[i], {ErrorCode::conflict, fmt::format("the id \"{}\" is taken", id.text()), id.text(),
                             "choose another id, or leave it out to get a free one"});
          continue;
        }
      }
      if (kept != i) {
        records_[kept] = std::move(records_[i]);
        entries_[kept] = std::move(entries_[i]);
        lines_[kept] = lines_[i];
        blind_values_[kept] = blind_values_[i];
      }
      ++kept;
    }
    records_.resize(kept);
    entries_.resize(kept);
    lines_.resize(kept);
    blind_values_.resize(kept);
    return {};
  }

  /// Computes the self terms, whose cost grows with the square of the points, before the lines are stored.
  Result<void> prepare(const compute::Backend& backend) {
    blind_values_.assign(entries_.size(), std::nullopt);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!entries_[i].specification) continue;
      // A check that fails is no reason to refuse a learnware.
      if (const auto looked = query::blind_value(*entries_[i].specification, backend))
        blind_values_[i] = *looked;
    }
    return compute_self_terms(entries_, backend);
  }
  /// Counts the lines to be stored that are kernel blind.
  void count_blind() {
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (const auto& value = blind_values_[i]; value && ++blind_ == 1)
        first_blind_ = {lines_[i], *value, entries_[i].specification->kernel};
  }
  /// Makes one warning for all: a million lines could give a million warnings.
  void warn_of_blind() {
    if (blind_ == 0) return;
    outcome_.warnings.push_back(fmt::format(
        "{}:{}: {}", file_.string(), first_blind_.line,
        query::blind_warning(first_blind_.value, first_blind_.kernel, blind_, outcome_.imported.size())));
  }

  [[nodiscard]] const std::vector<catalog::LearnwareRecord>& records() const { return records_; }
  NewEntries take_entries() { return std::move(entries_); }

  void stored(const std::vector<catalog::LearnwareRecord>& records) {
    for (const auto& record : records) outcome_.imported.push_back(record.id);
  }
  void clear() {
    records_.clear();
    entries_.clear();
    lines_.clear();
    blind_values_.clear();
    bytes_ = 0;
  }

 private:
  struct FirstBlind {
    std::size_t line = 0;
    double value = 0;
    compute::Kernel kernel;
  };
  const std::filesystem::path& file_;
  const specification::SpaceKernels& kernels_;  // the current ones
  std::size_t max_points_;
  ImportOutcome& outcome_;
  std::vector<catalog::LearnwareRecord> records_;
  NewEntries entries_;
  std::vector<std::size_t> lines_;
  std::size_t bytes_ = 0;
  std::vector<std::optional<double>> blind_values_;
  std::size_t blind_ = 0;  // of all batches
  FirstBlind first_blind_;
};

Result<void> store_batch(Truth& truth, View& view, const compute::Backend& backend, Batch& batch,
                         const BulkImportHooks& hooks) {
  LEARNDOCK_CHECK(batch.prepare(backend));
  const Lock lock(truth.writer());
  LEARNDOCK_CHECK(batch.drop_taken([&](const LearnwareId& id) { return truth.catalog().has_id(id); }));
  batch.count_blind();
  if (!batch.records().empty()) {
    truth.make_room_for(batch.records());
    LEARNDOCK_TRY(const auto stored, truth.insert(batch.records()));
    view.add(truth, stored, batch.take_entries());
    batch.stored(stored);
    if (hooks.stored) hooks.stored();
  }
  batch.clear();
  return {};
}

}  // namespace

Result<ImportOutcome> import_lines(Truth& truth, View& view, const compute::Backend& backend,
                                   const std::filesystem::path& jsonl, const BulkImportHooks& hooks) {
  LEARNDOCK_CHECK(truth.writable());
  io::LineReader reader(jsonl, kMaxLineBytes);
  LEARNDOCK_CHECK(reader.open());
  std::error_code size_error;
  const std::uint64_t total = std::filesystem::file_size(jsonl, size_error);
  ImportOutcome outcome;
  const specification::SpaceKernels kernels = view.current()->kernels;  // not the whole snapshot
  Batch batch(jsonl, kernels, truth.limits().max_points, outcome);
  std::string line;
  for (std::size_t number = 1;; ++number) {
    LEARNDOCK_TRY(const bool more, reader.next(line));
    if (!more) break;
    if (reader.too_long())
      batch.reject(number,
                   {ErrorCode::json_size, fmt::format("the line has more than {} bytes", kMaxLineBytes)});
    else if (line.find_first_not_of(" \t\r") != std::string::npos)
      batch.add(number, line);
    if (!batch.full()) continue;
    LEARNDOCK_CHECK(store_batch(truth, view, backend, batch, hooks));
    if (hooks.progress) hooks.progress(reader.bytes_read(), total);
  }
  LEARNDOCK_CHECK(store_batch(truth, view, backend, batch, hooks));
  batch.warn_of_blind();
  if (hooks.finished) hooks.finished();
  if (hooks.progress) hooks.progress(total, total);
  return outcome;
}

}  // namespace learndock::dock
