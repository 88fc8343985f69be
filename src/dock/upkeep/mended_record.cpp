#include "dock/upkeep/mended_record.hpp"

#include "base/ascii.hpp"
#include "dock/truth/dock_folder.hpp"
#include "dock/view/entry_fields.hpp"
#include "dock/view/package_record.hpp"
#include "io/disk.hpp"
#include "io/file_copy.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;
using catalog::LearnwareRecord;

constexpr std::size_t kSha256Digits = 64;
constexpr const char* kExact = "its content is again exactly what was stored";
constexpr std::int64_t kYear10000Ms = 253'402'300'800'000;

bool is_digest(const std::string& text) { return is_lower_hex(text, kSha256Digits); }

/// Replaces fields of the record by those that the indexes and the package have, in all combinations, which
/// are few, and calls `with` when the record is the one that the checksum was made of.
class Combinations {
 public:
  using Change = std::function<void(LearnwareRecord&)>;
  void add(Change change) { changes_.push_back(std::move(change)); }

  Result<std::optional<LearnwareRecord>> first_stored(const LearnwareRecord& damaged,
                                                      const catalog::Catalog& old) const {
    for (std::uint32_t chosen = 0; chosen < (1U << changes_.size()); ++chosen) {
      LearnwareRecord record = damaged;
      record.damage.clear();
      for (std::size_t i = 0; i < changes_.size(); ++i)
        if ((chosen >> i & 1U) != 0) changes_[i](record);
      LEARNDOCK_TRY(const bool stored, old.was_stored(record));
      if (stored && entry_fields(record)) return std::optional(std::move(record));
    }
    return std::optional<LearnwareRecord>();
  }

 private:
  std::vector<Change> changes_;
};

std::optional<LearnwareId> id_of(const catalog::IndexedName* known) {
  if (known == nullptr) return std::nullopt;
  auto id = LearnwareId::create(known->id);
  return id ? std::optional(std::move(*id)) : std::nullopt;
}

void add_package(Combinations& all, const LearnwareRecord& package) {
  all.add([&](LearnwareRecord& one) { one.package_digest = package.package_digest; });
  all.add([&](LearnwareRecord& one) { one.package_bytes = package.package_bytes; });
  all.add([&](LearnwareRecord& one) { one.content_digest = package.content_digest; });
  all.add([&](LearnwareRecord& one) { one.statistical = package.statistical; });
  all.add([&](LearnwareRecord& one) { one.further = package.further; });
  all.add([&](LearnwareRecord& one) { one.semantic_json = package.semantic_json; });
  all.add([&](LearnwareRecord& one) { one.name = package.name; });
  all.add([&](LearnwareRecord& one) { one.warnings = package.warnings; });
}

}  // namespace

Result<LearnwareRecord> PackageRecords::whole_package(const std::string& digest) const {
  if (!is_digest(digest)) return fail(ErrorCode::not_found, "there is no package of this name");
  const fs::path blob = DockFolder(dock_).package(digest);
  LEARNDOCK_TRY(const std::string now, io::digest_of_file(blob));
  if (now != digest)
    return fail(ErrorCode::corrupt, "the package's bytes are damaged: its SHA-256 is " + now);
  return record_of_stored(blob, digest, DockFolder(dock_).repair());
}

Result<Mended> PackageRecords::mend(LearnwareRecord record, const catalog::IndexedName* known,
                                    const catalog::Catalog* old) const {
  std::optional<LearnwareRecord> package;
  for (const std::string& digest :
       {record.package_digest, known == nullptr ? std::string() : known->package_digest}) {
    if (package || taken_.contains(digest)) continue;
    if (auto found = whole_package(digest)) package = std::move(*found);
  }
  const std::optional<LearnwareId> id = id_of(known);
  if (old != nullptr) {
    // The digest alone may be damaged, in the row and in the index: the package it meant then has no record.
    for (const std::string& digest : orphans_) {
      LearnwareRecord meant = record;
      meant.damage.clear();
      meant.package_digest = digest;
      LEARNDOCK_TRY(const bool stored, old->was_stored(meant));
      if (stored && entry_fields(meant)) return Mended{std::move(meant), kExact};
    }
    Combinations all;
    if (id) all.add([&](LearnwareRecord& one) { one.id = *id; });
    all.add([](LearnwareRecord& one) { one.status = catalog::Status::unverified; });
    all.add([](LearnwareRecord& one) { one.warnings.clear(); });
    if (package) add_package(all, *package);
    LEARNDOCK_TRY(auto stored, all.first_stored(record, *old));
    if (stored) return Mended{std::move(*stored), kExact};
  }
  if (!package) return Mended{std::move(record), {}};
  package->sequence = record.sequence;
  package->id = id ? *id : record.id;
  package->url = record.url;
  const bool possible = record.created_unix_ms > 0 && record.created_unix_ms < kYear10000Ms;
  package->created_unix_ms = possible ? record.created_unix_ms : 0;  // then that of the repair
  package->warnings.push_back("its record in the dock was damaged and has been made again from its package");
  return Mended{std::move(*package), "made again from its package under the same id"};
}

Result<LearnwareRecord> PackageRecords::orphan(const std::string& digest,
                                               const catalog::IndexedName* known) const {
  LEARNDOCK_TRY(LearnwareRecord record, whole_package(digest));
  const auto id = id_of(known);
  if (id) {
    record.sequence = known->sequence;
    record.id = *id;
  }
  const bool has_id = !record.id.text().empty();
  record.warnings.push_back(fmt::format("its record was lost and has been made again from its package{}",
                                        has_id ? "" : ", under a new id"));
  return record;
}

void PackageRecords::remove_scratch() const {
  io::disk::remove_any(DockFolder(dock_).repair());  // empty by now
}

}  // namespace learndock::dock
