#include "market/catalog_mark.hpp"

#include "learndock/base/crc32c.hpp"
#include "learndock/base/file.hpp"
#include "learndock/package/blob_store.hpp"

#include "base/descriptor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <span>
#include <string>
#include <unistd.h>

namespace learndock::market {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHead = "learndock catalogue mark 1\n";
constexpr std::size_t kNumbers = 4;
/// Without a mark: unnamed packages that interrupted uploads may have left.
constexpr std::size_t kFewUnnamed = 3, kUnnamedShare = 10;

std::string text_of(const CatalogMark& mark) {
  std::string text = fmt::format("{}{:020} {:020} {:020} {:020}", kHead, mark.counters.version,
                                 mark.counters.last_sequence, mark.counters.next_id, mark.records);
  text += fmt::format(" {:08x}\n", crc32c(std::as_bytes(std::span(text))));
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
  return fail(ErrorCode::catalog_behind, std::move(message), (dock / "catalog.sqlite").string(),
              repair_fix(dock));
}

Result<std::uint64_t> count_packages(const fs::path& dock, const catalog::Catalog* named_by) {
  LEARNDOCK_TRY(const auto digests, package::read_local_blob_store(dock / "packages")->list());
  std::uint64_t count = 0;
  for (const std::string& digest : digests) {
    bool named = false;
    if (named_by != nullptr) {
      LEARNDOCK_TRY(named, named_by->has_package(digest));
    }
    if (!named) ++count;
  }
  return count;
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
  LEARNDOCK_TRY(const auto live, catalog.sequences());
  if (now.version == mark.counters.version && live.size() != mark.records)
    return behind(dock, fmt::format("the catalogue has {} records where the dock has acknowledged {}",
                                    live.size(), mark.records));
  return {};
}

/// Docks of earlier versions have no mark.
Result<void> compare_with_packages(const fs::path& dock, const catalog::Catalog& catalog) {
  LEARNDOCK_TRY(const std::uint64_t records, catalog.count());
  LEARNDOCK_TRY(const std::uint64_t unnamed, count_packages(dock, &catalog));
  if (unnamed > 0 && records == 0)
    return behind(dock, fmt::format("the catalogue has no records, but the dock holds {} packages", unnamed));
  if (unnamed <= std::max<std::uint64_t>(kFewUnnamed, records / kUnnamedShare)) return {};
  return behind(
      dock, fmt::format("{} packages are named by none of the {} records: the catalogue seems to have lost "
                        "records",
                        unnamed, records));
}

}  // namespace

std::optional<CatalogMark> read_mark(const fs::path& dock) {
  const auto text = read_file(dock / kMarkFile, 4096);
  if (!text || !text->starts_with(kHead)) return std::nullopt;
  std::array<std::uint64_t, kNumbers> numbers{};
  const char* at = text->data() + kHead.size();
  const char* const end = text->data() + text->size();
  for (std::uint64_t& number : numbers) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || next == end) return std::nullopt;
    at = next + 1;
  }
  const CatalogMark mark{{numbers[0], numbers[1], numbers[2]}, numbers[3]};
  return text_of(mark) == *text ? std::optional(mark) : std::nullopt;
}

Result<void> write_mark(const fs::path& dock, const CatalogMark& mark) {
  const fs::path path = dock / kMarkFile;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (file.get() < 0) return Failure(system_error(errno, "open", path));
  return write_all(file.get(), text_of(mark), path);  // of constant length
}

Result<void> check_catalogue_is_current(const fs::path& dock) {
  const fs::path file = dock / "catalog.sqlite";
  std::error_code error;
  const auto bytes = fs::file_size(file, error);
  if (error && error != std::errc::no_such_file_or_directory)
    return Failure(system_error(error.value(), "look at", file));
  if (error) return behind(dock, "the dock's catalogue is missing");
  if (bytes == 0) {
    LEARNDOCK_TRY(const std::uint64_t packages, count_packages(dock, nullptr));
    return behind(dock, fmt::format("the catalogue is an empty file; the dock holds {} packages", packages));
  }
  auto catalog = catalog::read_sqlite_catalog(file, true);
  if (!catalog) {
    Error reason = std::move(catalog).error();
    if (reason.code == ErrorCode::corrupt) reason.fix = repair_fix(dock);
    return Failure(std::move(reason));
  }
  if (const auto mark = read_mark(dock)) return compare_with_mark(dock, **catalog, *mark);
  return compare_with_packages(dock, **catalog);
}

}  // namespace learndock::market
