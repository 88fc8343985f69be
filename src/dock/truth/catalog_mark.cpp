#include "dock/truth/catalog_mark.hpp"

#include "blobs/local_blob_store.hpp"
#include "dock/truth/deleted.hpp"
#include "dock/truth/dock_folder.hpp"
#include "io/crc32c.hpp"
#include "io/descriptor.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_copy.hpp"
#include "io/file_rights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <set>
#include <span>
#include <string>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHead = "learndock catalogue mark 1\n";
constexpr std::size_t kNumbers = 4;
/// Unnamed packages that interrupted uploads may have left.
constexpr std::size_t kFewUnnamed = 3, kUnnamedShare = 10;
constexpr std::string_view kZipHead("PK\x03\x04", 4);

std::string text_of(const CatalogMark& mark) {
  std::string text = fmt::format("{}{:020} {:020} {:020} {:020}", kHead, mark.counters.version,
                                 mark.counters.last_sequence, mark.counters.next_id, mark.records);
  text += fmt::format(" {:08x}\n", io::crc32c(std::as_bytes(std::span(text))));
  return text;
}

std::string repair_fix(const fs::path& dock) {
  return fmt::format(
      "put the current catalog.sqlite back with its -wal file; or take in what the packages hold: learndock "
      "check "
      "{} --repair",
      dock.string());
}

Failure behind(const fs::path& dock, std::string message) {
  return fail(ErrorCode::catalog_behind, std::move(message), DockFolder(dock).catalogue().string(),
              repair_fix(dock));
}

/// Packages that no record and no interrupted deletion names. Another process may add and remove meanwhile.
Result<std::vector<fs::path>> unnamed_packages(const fs::path& dock, const catalog::Catalog& catalog) {
  const auto blobs = blobs::read_local_blob_store(DockFolder(dock).packages());
  LEARNDOCK_TRY(const auto digests, blobs->list());
  std::vector<fs::path> unnamed;
  std::optional<std::set<std::string>> unmoved;  // looked up when it matters
  for (const std::string& digest : digests) {
    LEARNDOCK_TRY(const bool named, catalog.has_package(digest));
    if (named) continue;
    if (!unmoved) unmoved = DeletedLearnwares(DockFolder(dock).deleted(), 0).unmoved_packages();
    const auto path = blobs->path_of(digest);
    if (path && !unmoved->contains(digest)) unnamed.push_back(*path);
  }
  return unnamed;
}

std::uint64_t few_beside(std::uint64_t records) {
  return std::max<std::uint64_t>(kFewUnnamed, records / kUnnamedShare);
}

/// Whether the file may be a learnware's package: a repair can take in no other.
bool is_whole_package(const fs::path& blob) {
  std::array<char, kZipHead.size()> head{};
  const auto file = io::open_for_reading(blob);
  const auto got = file ? io::read_at(file->get(), head, 0, blob) : 0;
  if (!got || std::string_view(head.data(), *got) != kZipHead) return false;
  const auto digest = io::digest_of_file(blob);
  return digest && *digest == blob.parent_path().filename().string() + blob.filename().string();
}

Result<void> compare_with_mark(const fs::path& dock, const catalog::Catalog& catalog,
                               const CatalogMark& mark) {
  LEARNDOCK_TRY(const catalog::Counters now, catalog.counters());
  if (now.version < mark.counters.version)
    return behind(
        dock,
        fmt::format("the catalogue is older than what this dock has acknowledged: it stands at change {}, "
                    "the dock at {}",
                    now.version, mark.counters.version));
  if (now.version > mark.counters.version) return {};
  LEARNDOCK_TRY(const auto live, catalog.sequences());
  LEARNDOCK_TRY(const std::uint64_t later, catalog.version());  // more when another process writes meanwhile
  if (now.version == later && live.size() != mark.records)
    return behind(dock, fmt::format("the catalogue has {} records where the dock has acknowledged {}",
                                    live.size(), mark.records));
  return {};
}

Failure many_unnamed(const fs::path& dock, std::uint64_t unnamed, std::uint64_t records) {
  return behind(
      dock, fmt::format("{} packages are named by none of the {} records: the catalogue seems to have lost "
                        "records",
                        unnamed, records));
}

/// Docks of earlier versions have no mark.
Result<void> compare_with_packages(const fs::path& dock, const catalog::Catalog& catalog) {
  LEARNDOCK_TRY(const std::uint64_t records, catalog.count());
  LEARNDOCK_TRY(const auto unnamed, unnamed_packages(dock, catalog));
  if (!unnamed.empty() && records == 0)
    return behind(
        dock, fmt::format("the catalogue has no records, but the dock holds {} packages", unnamed.size()));
  return unnamed.size() <= few_beside(records) ? Result<void>() : many_unnamed(dock, unnamed.size(), records);
}

/// Adds what to do to an error of reading the catalogue, which says what is wrong.
Result<void> with_fix(Result<void> result, const fs::path& dock) {
  if (result || result.error().code != ErrorCode::corrupt) return result;
  Error reason = std::move(result).error();
  reason.fix = repair_fix(dock);
  if (reason.where.empty()) reason.where = DockFolder(dock).catalogue().string();
  return Failure(std::move(reason));
}

}  // namespace

std::optional<CatalogMark> read_mark(const fs::path& dock) {
  const auto text = io::read_file(DockFolder(dock).mark(), 4096);
  if (!text || !text->starts_with(kHead)) return std::nullopt;
  std::array<std::uint64_t, kNumbers> numbers{};
  const char* at = text->data() + kHead.size();
  const char* const end = text->data() + text->size();
  for (std::uint64_t& number : numbers) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || next == end) return std::nullopt;
    at = next + 1;
  }
  // A mark that was made from damaged counters is not used.
  if (std::any_of(numbers.begin(), numbers.end(), [](auto one) { return one > catalog::kMostCounted; }))
    return std::nullopt;
  const CatalogMark mark{{numbers[0], numbers[1], numbers[2]}, numbers[3]};
  return text_of(mark) == *text ? std::optional(mark) : std::nullopt;
}

Result<void> write_mark(const fs::path& dock, const CatalogMark& mark) {
  const fs::path path = DockFolder(dock).mark();
  const io::Descriptor file(io::disk::open(path, O_WRONLY | O_CREAT, io::kOwnerFile));
  if (file.get() < 0) return Failure(io::system_error(errno, "open", path));
  return io::write_all(file.get(), text_of(mark), path);  // of constant length
}

Result<void> check_catalogue_is_current(const fs::path& dock) {
  const fs::path file = DockFolder(dock).catalogue();
  std::error_code error;
  const auto bytes = fs::file_size(file, error);
  if (error && error != std::errc::no_such_file_or_directory)
    return Failure(io::system_error(error.value(), "look at", file));
  if (error) return behind(dock, "the dock's catalogue is missing");
  if (bytes == 0) {
    LEARNDOCK_TRY(const auto packages, blobs::read_local_blob_store(DockFolder(dock).packages())->list());
    return behind(dock,
                  fmt::format("the catalogue is an empty file; the dock holds {} packages", packages.size()));
  }
  const auto catalog = catalog::read_sqlite_catalog(file, true);
  if (!catalog) return with_fix(Failure(catalog.error()), dock);
  const auto mark = read_mark(dock);
  return with_fix(mark ? compare_with_mark(dock, **catalog, *mark) : compare_with_packages(dock, **catalog),
                  dock);
}

Result<void> check_packages_are_named(const fs::path& dock) {
  LEARNDOCK_TRY(const auto catalog, catalog::read_sqlite_catalog(DockFolder(dock).catalogue(), true));
  LEARNDOCK_TRY(const std::uint64_t records, catalog->count());
  LEARNDOCK_TRY(const auto unnamed, unnamed_packages(dock, *catalog));
  if (unnamed.size() <= few_beside(records)) return {};
  std::uint64_t whole = 0;
  for (const fs::path& blob : unnamed)
    if (is_whole_package(blob) && ++whole > few_beside(records))
      return many_unnamed(dock, unnamed.size(), records);
  return {};
}

}  // namespace learndock::dock
