#include "dock/index/entry_loader.hpp"

#include "learndock/specification/codec.hpp"

#include "base/log.hpp"
#include "base/parallel.hpp"
#include "dock/index/catalog_samples.hpp"
#include "dock/view/entry_fields.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"
#include "learnwares/entry_file.hpp"

#include <algorithm>
#include <span>
#include <utility>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace learndock::dock {
namespace {

using Entries = std::vector<std::shared_ptr<const learnwares::Entry>>;

/// How many records are read before they are decoded, and how many of them one thread takes together.
constexpr std::size_t kReadTogether = 4096, kDecodedTogether = 64;
/// The most unwanted records between two wanted ones that are read as well, instead of starting a new range.
constexpr std::uint64_t kReadAlong = 64;

/// Calls `decode(i)` once for each i < count, on several threads, since decoding a record takes longer than
/// reading it.
template <class Decode>
Result<void> decode_all(std::size_t count, unsigned threads, Decode decode) {
  std::vector<Result<void>> done((count + kDecodedTogether - 1) / kDecodedTogether);
  run_tasks(done.size(), threads, [&](std::size_t task) {
    const std::size_t end = std::min(count, (task + 1) * kDecodedTogether);
    for (std::size_t i = task * kDecodedTogether; i < end && done[task]; ++i) done[task] = decode(i);
  });
  for (Result<void>& one : done) LEARNDOCK_CHECK(std::move(one));
  return {};
}

std::string short_text(const Error& error) {
  return error.message + (error.where.empty() ? "" : " at " + error.where);
}

/// Removes entries that were set to null because their records are damaged.
void drop_empty(Entries& entries, std::size_t first) {
  const auto begin = entries.begin() + static_cast<std::ptrdiff_t>(first);
  entries.erase(std::remove(begin, entries.end(), nullptr), entries.end());
}

/// Decodes records as they come and appends them to entries.
class Decoding {
 public:
  Decoding(learnwares::TraitsPool& traits, const LoadOptions& options, LoadedEntries& loaded)
      : traits_(traits), options_(options), entries_(loaded.entries), damaged_(loaded.damaged) {}

  Result<void> take(catalog::LearnwareRecord& record) {
    if (!record.damage.empty()) {
      damaged_.push_back({record.sequence, record.id, record.damage});
      return {};
    }
    batch_.push_back(std::move(record));
    return batch_.size() < kReadTogether ? Result<void>() : flush();
  }
  Result<void> flush() {
    const std::size_t first = entries_.size();
    entries_.resize(first + batch_.size());
    std::vector<std::string> why(batch_.size());
    LEARNDOCK_CHECK(decode_all(batch_.size(), options_.threads, [&](std::size_t i) -> Result<void> {
      auto fields = entry_fields(batch_[i], options_.kernels);
      if (!fields) {
        why[i] = "it cannot be read: " + short_text(fields.error());
        return {};
      }
      auto entry = learnwares::make_entry(std::move(*fields), &traits_);
      if (entry->specification() != nullptr && options_.held(entry->sequence()))
        entry = learnwares::without_specification(*entry);
      entries_[first + i] = std::move(entry);
      return {};
    }));
    for (std::size_t i = 0; i < batch_.size(); ++i)
      if (!why[i].empty()) damaged_.push_back({batch_[i].sequence, batch_[i].id, std::move(why[i])});
    drop_empty(entries_, first);
    batch_.clear();
    return {};
  }

 private:
  learnwares::TraitsPool& traits_;
  const LoadOptions& options_;
  Entries& entries_;
  std::vector<DamagedRecord>& damaged_;
  std::vector<catalog::LearnwareRecord> batch_;
};

/// Positions of the entries whose reduced sets are neither in memory nor in a stored part.
std::vector<std::size_t> positions_without_set(const Entries& entries, const HeldByPart& held) {
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const learnwares::Entry& entry = *entries[i];
    if (entry.has_specification() && entry.specification() == nullptr && !held(entry.sequence()))
      positions.push_back(i);
  }
  return positions;
}

/// Reads the specifications of entries, a batch of records at a time.
class MissingSets {
 public:
  MissingSets(const catalog::Catalog& catalog, const LoadOptions& options, Entries& entries)
      : catalog_(catalog),
        options_(options),
        entries_(entries),
        missing_(positions_without_set(entries, options.held)) {}

  Result<std::vector<DamagedRecord>> take_all() {
    for (std::size_t first = 0, end = 0; first < missing_.size(); first = end) {
      for (end = first + 1;
           end < missing_.size() && number(end).value() - number(end - 1).value() <= kReadAlong;)
        ++end;
      next_ = first;
      end_ = end;
      LEARNDOCK_CHECK(catalog_.visit_range(number(first), number(end - 1),
                                           [&](catalog::LearnwareRecord& record) { return take(record); }));
      LEARNDOCK_CHECK(flush());
      while (next_ < end) give_up(missing_[next_++], "the catalogue lacks a record that it had");
    }
    drop_empty(entries_, 0);
    return std::move(damaged_);
  }

 private:
  [[nodiscard]] LearnwareNumber number(std::size_t i) const { return entries_[missing_[i]]->sequence(); }

  void give_up(std::size_t position, std::string why) {
    std::shared_ptr<const learnwares::Entry>& entry = entries_[position];
    damaged_.push_back(
        {entry->sequence(), LearnwareId::create(entry->id()).value_or(LearnwareId()), std::move(why)});
    entry = nullptr;
  }

  Result<void> take(catalog::LearnwareRecord& record) {
    // `next_` may stand at a number that the catalogue has lost.
    while (next_ < end_ && number(next_) < record.sequence)
      give_up(missing_[next_++], "the catalogue lacks a record that it had");
    if (next_ == end_ || record.sequence != number(next_)) return {};
    if (!record.damage.empty()) {
      give_up(missing_[next_++], record.damage);
      return {};
    }
    batch_.emplace_back(missing_[next_++], std::move(record));
    return batch_.size() < kReadTogether ? Result<void>() : flush();
  }
  Result<void> flush() {
    std::vector<std::string> why(batch_.size());
    LEARNDOCK_CHECK(decode_all(batch_.size(), options_.threads, [&](std::size_t i) -> Result<void> {
      auto specification = specification::from_binary(batch_[i].second.statistical);
      if (!specification) {
        why[i] = "its statistical specification cannot be read: " + short_text(specification.error());
        return {};
      }
      auto& entry = entries_[batch_[i].first];
      specification->kernel = entry->kernel();
      entry = learnwares::with_specification(entry, std::move(*specification));
      return {};
    }));
    for (std::size_t i = 0; i < batch_.size(); ++i)
      if (!why[i].empty()) give_up(batch_[i].first, std::move(why[i]));
    batch_.clear();
    return {};
  }

  const catalog::Catalog& catalog_;
  const LoadOptions& options_;
  Entries& entries_;
  const std::vector<std::size_t> missing_;  // positions in entries_
  std::size_t next_ = 0, end_ = 0;          // of missing_
  std::vector<DamagedRecord> damaged_;
  std::vector<std::pair<std::size_t, catalog::LearnwareRecord>> batch_;
};

/// Decoding up to one record in this many costs less than writing all.
constexpr std::size_t kSmallShare = 16;

/// Whether a mapped entry is what the record says.
bool is_of(const learnwares::Entry& entry, const catalog::LearnwareRecord& record) {
  auto fields = entry_fields(record);
  if (!fields) return false;  // decoding it again says what is wrong
  const auto made = learnwares::make_entry(std::move(*fields));
  return made->id() == entry.id() && made->name() == entry.name() &&
         made->folded_name() == entry.folded_name() &&
         made->folded_description() == entry.folded_description() && made->values() == entry.values() &&
         made->has_specification() == entry.has_specification() &&
         made->specification_bytes() == entry.specification_bytes() &&
         (!entry.has_specification() || made->stored_kernel() == entry.stored_kernel());
}

/// The most damaged records that a learnware cache may lack; with more, all records are decoded.
constexpr std::size_t kMaxLeftOut = 1024;

/// Whether all records are damaged that the catalogue has up to the cache's last one and that the cache
/// lacks.
Result<bool> lacks_only_damaged(const catalog::Catalog& catalog, const learnwares::EntryFile& file,
                                const std::vector<LearnwareNumber>& live, LoadedEntries& loaded) {
  const auto covered = std::upper_bound(live.begin(), live.end(), file.sequences().back());
  const auto lacking = static_cast<std::size_t>(covered - live.begin()) - loaded.entries.size();
  if (lacking > kMaxLeftOut) return false;
  auto entry = loaded.entries.begin();
  for (auto number = live.begin(); number != covered && loaded.damaged.size() < lacking; ++number) {
    if (entry != loaded.entries.end() && (*entry)->sequence() == *number) {
      ++entry;
      continue;
    }
    LEARNDOCK_TRY(auto record, record_of(catalog, *number));
    if (!record) return false;
    if (record->damage.empty()) {
      const auto fields = entry_fields(*record);
      if (fields) return false;  // mended since
      record->damage = "it cannot be read: " + short_text(fields.error());
    }
    loaded.damaged.push_back({record->sequence, record->id, record->damage});
  }
  return true;
}

/// Whether a cache was made from this catalogue and has all its entries up to the cache's last one, but for
/// damaged records.
Result<bool> belong(const catalog::Catalog& catalog, const learnwares::EntryFile& file,
                    const std::vector<LearnwareNumber>& live, LoadedEntries& loaded) {
  LEARNDOCK_TRY(const bool complete, lacks_only_damaged(catalog, file, live, loaded));
  if (!complete) return false;
  const Entries& entries = loaded.entries;
  std::vector<LearnwareNumber> made;
  made.reserve(entries.size());
  for (const auto& entry : entries) made.push_back(entry->sequence());
  // The last record is also compared by its time, since two records may be alike in all else.
  return agrees(catalog, made, live, [&](std::size_t position, const catalog::LearnwareRecord& record) {
    return is_of(*entries[position], record) &&
           (record.sequence != file.sequences().back() ||
            record.created_unix_ms == file.source().last_created_unix_ms);
  });
}

/// The entries of the cache that the catalogue still has; none when there is no cache, or one that cannot be
/// used.
Result<LoadedEntries> read_entries(const catalog::Catalog& catalog, const std::vector<LearnwareNumber>& live,
                                   const std::filesystem::path& path, const LoadOptions& options) {
  const auto file = learnwares::EntryFile::open(path, options.threads);
  if (!file) {
    if (file.error().code != ErrorCode::not_found)
      log(LogLevel::warning, "every record is decoded again: " + file.error().message + ", " + path.string());
    return LoadedEntries();
  }
  LoadedEntries loaded{learnwares::EntryFile::entries(*file, &live, options.kernels), {}, *file};
  LEARNDOCK_TRY(const bool usable, belong(catalog, **file, live, loaded));
  if (!usable) {
    log(LogLevel::warning,
        "every record is decoded again: " + path.string() + " was made from another catalogue");
    return LoadedEntries();
  }
  return loaded;
}

/// Writes all entries to the cache and makes them point into it.
Result<void> write_loaded(const catalog::Catalog& catalog, const std::filesystem::path& path,
                          const LoadOptions& options, LoadedEntries& loaded) {
  LEARNDOCK_TRY(const std::uint64_t version, catalog.version());
  LEARNDOCK_TRY(loaded.file, write_entries(catalog, version, path, loaded.entries, options.threads));
  map_entries(loaded.file, options.kernels, loaded.entries);
  return {};
}

/// Returns memory to the system: most decoded data is no longer needed, and the C library would keep it.
void give_back_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace

Result<LoadedEntries> load_entries(const catalog::Catalog& catalog, const std::vector<LearnwareNumber>& live,
                                   const std::filesystem::path& file, learnwares::TraitsPool& traits,
                                   const LoadOptions& options) {
  LEARNDOCK_TRY(LoadedEntries loaded, read_entries(catalog, live, file, options));
  Entries& entries = loaded.entries;
  Decoding decoding(traits, options, loaded);
  LEARNDOCK_CHECK(
      catalog.visit_range(LearnwareNumber(loaded.stored_to().value() + 1), LearnwareNumber(INT64_MAX),
                          [&](catalog::LearnwareRecord& record) { return decoding.take(record); }));
  LEARNDOCK_CHECK(decoding.flush());
  if (pays_to_write(entries, loaded.stored_to(), options.write_from))
    if (const auto written = write_loaded(catalog, file, options, loaded); !written)
      log(LogLevel::warning, "the next opening takes longer: " + describe(written.error()));
  LEARNDOCK_TRY(const auto setless, take_missing_sets(catalog, options, entries));
  loaded.damaged.insert(loaded.damaged.end(), setless.begin(), setless.end());
  return loaded;
}

bool pays_to_write(std::span<const std::shared_ptr<const learnwares::Entry>> entries,
                   LearnwareNumber stored_to, std::size_t from) {
  const auto first =
      std::upper_bound(entries.begin(), entries.end(), stored_to,
                       [](LearnwareNumber number, const auto& entry) { return number < entry->sequence(); });
  const auto missing = static_cast<std::size_t>(entries.end() - first);
  return missing > 0 && missing >= from && missing >= entries.size() / kSmallShare;
}

Result<std::shared_ptr<const learnwares::EntryFile>> write_entries(
    const catalog::Catalog& catalog, std::uint64_t version, const std::filesystem::path& file,
    std::span<const std::shared_ptr<const learnwares::Entry>> entries, unsigned threads) {
  learnwares::EntrySource source{version, 0};
  // If the last record is gone by now, the next opening rebuilds the file.
  LEARNDOCK_TRY(const auto last, record_of(catalog, entries.back()->sequence()));
  if (last) source.last_created_unix_ms = last->created_unix_ms;
  const std::filesystem::path folder = file.parent_path(), next = folder / "next.lds";
  LEARNDOCK_CHECK(io::create_private_folder(folder));
  std::error_code error;
  // Removes what a killed writer left. The current file stays until there is a new one.
  std::filesystem::directory_iterator left(folder, error);
  for (; !error && left != std::filesystem::directory_iterator(); left.increment(error)) {
    if (left->path() == file) continue;
    if (error = io::disk::remove_tree(left->path()); error) break;
  }
  if (error) return Failure(io::system_error(error.value(), "make room in", folder));
  LEARNDOCK_CHECK(learnwares::EntryFile::write(next, source, entries));
  LEARNDOCK_CHECK(io::rename_file(next, file));
  return learnwares::EntryFile::open(file, threads);
}

void map_entries(const std::shared_ptr<const learnwares::EntryFile>& file,
                 const specification::SpaceKernels& kernels, Entries& entries) {
  const Entries mapped = learnwares::EntryFile::entries(file, nullptr, kernels);
  auto next = mapped.begin();
  for (auto& entry : entries) {
    while (next != mapped.end() && (*next)->sequence() < entry->sequence()) ++next;
    if (next == mapped.end()) break;
    if ((*next)->sequence() == entry->sequence() && entry->specification() == nullptr) entry = *next;
  }
  give_back_memory();
}

Result<std::vector<DamagedRecord>> take_missing_sets(const catalog::Catalog& catalog,
                                                     const LoadOptions& options, Entries& entries) {
  return MissingSets(catalog, options, entries).take_all();
}

}  // namespace learndock::dock
