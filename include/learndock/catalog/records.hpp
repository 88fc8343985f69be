#pragma once

#include "learndock/base/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::catalog {

/// What the dock has verified of a learnware. The names are stored and shown: do not rename.
enum class Status : std::uint8_t {
  unverified,  ///< its structure and specifications were checked; whether its model works is not known
  verified,    ///< its model was run by this dock and passed every check; its verdict is the evidence
  failed,      ///< its model was run by this dock and did not pass; its verdict says what failed
};
[[nodiscard]] std::string_view status_name(Status status);

/// One learnware as the catalogue keeps it.
struct LearnwareRecord {
  LearnwareNumber sequence;  ///< insertion order inside the dock; given by the catalogue, 0 before
  LearnwareId id;
  Status status = Status::unverified;
  std::string name;
  std::string semantic_json;  ///< canonical text of the semantic specification
  std::string statistical;    ///< binary form (specification/codec.hpp); empty when the learnware has none
  /// Further specifications, of other kinds or shapes, as dock/view/further.hpp packs them; mostly empty.
  std::string further;
  std::string package_digest;  ///< SHA-256 of the canonical package; empty for records without a package
  std::uint64_t package_bytes = 0;
  /// SHA-256 of what was submitted, the same however and under whatever id it is stored (see
  /// package::IdChoice); empty for records without a package and of earlier versions.
  std::string content_digest;
  std::string url;  ///< where a record without a package says the model lives; shown, never fetched
  std::int64_t created_unix_ms = 0;
  std::vector<std::string> warnings;  ///< what its users should know; its maker was told at the upload
  /// Why its content cannot be trusted; empty: it is what was stored. Found when the record is read, never
  /// stored.
  std::string damage;
};

/// One page of a listing, by insertion order.
struct RecordPage {
  std::vector<LearnwareRecord> records;  ///< without `statistical`
  std::optional<std::uint64_t> next;     ///< pass as `after` for the next page; none on the last
};

}  // namespace learndock::catalog
