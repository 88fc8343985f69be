#include "catalog/record_row.hpp"

#include "learndock/base/json.hpp"

#include "base/number.hpp"
#include "catalog/status.hpp"
#include "io/crc32c.hpp"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <utility>

namespace learndock::catalog {
namespace {

constexpr std::string_view kDamagedPrefix = "damaged-";
constexpr unsigned kHalf = 32;

/// Fields with their lengths, so that no two rows give the same bytes.
class Summing {
 public:
  Summing& add(std::uint64_t value) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(value >> (8 * i));
    sum_ = io::crc32c(std::as_bytes(std::span(bytes)), sum_);
    return *this;
  }
  Summing& add(std::string_view text) {
    add(std::uint64_t{text.size()});
    sum_ = io::crc32c(std::as_bytes(std::span(text)), sum_);
    return *this;
  }
  [[nodiscard]] std::uint32_t sum() const { return sum_; }

 private:
  std::uint32_t sum_ = 0;
};

std::uint32_t row_half(LearnwareNumber sequence, std::string_view id, std::string_view status,
                       const LearnwareRecord& record, std::string_view warnings) {
  Summing sum;
  sum.add(sequence.value()).add(id).add(status).add(record.name).add(record.package_digest);
  sum.add(record.package_bytes).add(record.url).add(static_cast<std::uint64_t>(record.created_unix_ms));
  sum.add(record.semantic_json).add(warnings);
  if (!record.content_digest.empty()) sum.add(record.content_digest);  // earlier versions had none
  return sum.sum();
}

std::uint32_t statistical_half(const LearnwareRecord& record) {
  const std::uint32_t first = io::crc32c(std::as_bytes(std::span(record.statistical)));
  if (record.further.empty()) return first;
  return io::crc32c(std::as_bytes(std::span(record.further)), first);
}

std::optional<std::vector<std::string>> warnings_from(std::string_view text) {
  const auto json = parse_json(text);
  if (!json || !json->is_array()) return std::nullopt;
  std::vector<std::string> warnings;
  for (const Json& one : *json) {
    if (!one.is_string()) return std::nullopt;
    warnings.push_back(one.get<std::string>());
  }
  return warnings;
}

/// Why the row is not what was stored; "" when it is.
std::string damage_of(const Statement& row, const LearnwareRecord& record, bool with_statistical) {
  if (row.is_null(10)) return "its row has no checksum";
  const auto stored = static_cast<std::uint64_t>(row.integer(10));
  if (row_half(record.sequence, row.bytes(1), row.bytes(2), record, row.bytes(9)) != stored >> kHalf)
    return "its row is not the one that was stored: the checksum does not fit";
  if (!with_statistical || statistical_half(record) == static_cast<std::uint32_t>(stored)) return {};
  return record.statistical.empty() ? "its statistical specification is missing"
                                    : "its statistical specification is not the one that was stored: the "
                                      "checksum does not fit";
}

}  // namespace

std::string warnings_text(const std::vector<std::string>& warnings) { return to_text(Json(warnings)); }

std::int64_t checksum_of(const LearnwareRecord& record) {
  const std::uint64_t upper = row_half(record.sequence, record.id.text(), status_name(record.status), record,
                                       warnings_text(record.warnings));
  return static_cast<std::int64_t>(upper << kHalf | statistical_half(record));
}

LearnwareRecord read_record(const Statement& row, bool with_statistical) {
  LearnwareRecord record;
  record.sequence = LearnwareNumber(row.unsigned_integer(0));
  record.name = row.bytes(3);
  record.package_digest = row.bytes(4);
  record.package_bytes = row.unsigned_integer(5);
  record.url = row.bytes(6);
  record.created_unix_ms = row.integer(7);
  record.semantic_json = row.bytes(8);
  record.content_digest = row.bytes(11);
  if (with_statistical) {
    record.statistical = row.bytes(kStatisticalColumn);
    record.further = row.bytes(kFurtherColumn);
  }
  record.damage = damage_of(row, record, with_statistical);
  auto id = LearnwareId::create(row.bytes(1));
  const auto status = status_of_name(row.bytes(2));
  auto warnings = warnings_from(row.bytes(9));
  if ((!id || !status || !warnings) && record.damage.empty())
    record.damage = "it has an id, a status or warnings that cannot be";
  record.id = id ? std::move(*id) : damaged_id(record.sequence);
  record.status = status.value_or(Status::unverified);
  record.warnings = std::move(warnings).value_or(std::vector<std::string>());
  return record;
}

LearnwareId damaged_id(LearnwareNumber sequence) {
  return LearnwareId::create(fmt::format("{}{}", kDamagedPrefix, sequence.value())).value_or(LearnwareId());
}

LearnwareNumber sequence_of_damaged_id(const LearnwareId& id) {
  std::string_view text = id.text();
  if (!text.starts_with(kDamagedPrefix)) return {};
  text.remove_prefix(kDamagedPrefix.size());
  return LearnwareNumber(whole_number<std::uint64_t>(text).value_or(0));
}

}  // namespace learndock::catalog
