#include "package/contents.hpp"

#include "archive/path_rules.hpp"
#include "archive/zip_reader.hpp"
#include "base/utf8.hpp"
#include "io/descriptor.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <tuple>

namespace learndock::package {
namespace {

class ZipContents final : public Contents {
 public:
  explicit ZipContents(archive::ZipArchive archive) : archive_(std::move(archive)) {
    for (const archive::ZipEntry& entry : archive_.entries()) entries_.push_back({entry.name, entry.bytes});
  }
  [[nodiscard]] const std::vector<ContentEntry>& entries() const override { return entries_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const override { return archive_.warnings(); }
  [[nodiscard]] std::optional<std::uint64_t> archive_bytes() const override { return archive_.bytes(); }
  [[nodiscard]] Result<void> read(std::size_t index, const archive::Sink& sink) const override {
    return archive_.extract(archive_.entries()[index], sink);
  }

 private:
  archive::ZipArchive archive_;
  std::vector<ContentEntry> entries_;
};

/// A file or folder below the submitted folder.
struct FolderEntry {
  ContentEntry content;
  std::string path;  ///< as the file system spells it
};

/// Collects a folder's files under the same rules and limits as an archive's.
class FolderLister {
 public:
  FolderLister(const std::filesystem::path& root, const archive::ArchiveLimits& limits)
      : root_(root), limits_(limits) {}

  Result<std::vector<FolderEntry>> list() {
    pending_.push_back("");
    while (!pending_.empty()) {
      const std::string directory = std::move(pending_.back());
      pending_.pop_back();
      LEARNDOCK_CHECK(list_one(directory));
    }
    // Directory order differs between machines; names do not.
    std::sort(entries_.begin(), entries_.end(), [](const FolderEntry& a, const FolderEntry& b) {
      return std::tie(a.content.name, a.path) < std::tie(b.content.name, b.path);
    });
    archive::PathSet names;
    for (const FolderEntry& one : entries_) LEARNDOCK_CHECK(names.add(one.content.name, one.path));
    return std::move(entries_);
  }

 private:
  Result<void> list_one(const std::string& directory) {
    std::error_code failed;
    std::filesystem::directory_iterator item(root_ / directory, failed);
    for (; !failed && item != std::filesystem::directory_iterator(); item.increment(failed))
      LEARNDOCK_CHECK(add(directory + item->path().filename().string()));
    if (failed) return Failure(io::system_error(failed.value(), "list", root_ / directory));
    return {};
  }

  Result<void> add(std::string name) {
    struct stat info {};
    const std::filesystem::path path = root_ / name;
    if (::lstat(path.c_str(), &info) != 0) return Failure(io::system_error(errno, "inspect", path));
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
      return fail(ErrorCode::zip_file_kind,
                  S_ISLNK(info.st_mode) ? "this is a symbolic link; packages hold only files and directories"
                                        : "this is neither a file nor a directory",
                  printable(name), "put a copy of the file in its place");
    if (S_ISDIR(info.st_mode)) name += '/';
    LEARNDOCK_TRY(std::string stored,
                  archive::stored_path(name, {limits_.max_path_bytes, limits_.max_path_depth}));
    if (entries_.size() >= limits_.max_entries)
      return fail(ErrorCode::zip_limit,
                  fmt::format("the folder has more than {} entries", limits_.max_entries));
    if (S_ISDIR(info.st_mode)) pending_.push_back(name);
    const std::uint64_t bytes = S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0;
    return add_sized({{std::move(stored), bytes}, std::move(name)});
  }

  Result<void> add_sized(FolderEntry entry) {
    const std::uint64_t bytes = entry.content.bytes;
    if (bytes > limits_.max_file_bytes)
      return fail(ErrorCode::zip_limit,
                  fmt::format("the file has {} bytes, the limit is {}", bytes, limits_.max_file_bytes),
                  entry.content.name);
    total_ += bytes;
    if (total_ > limits_.max_expanded_bytes)
      return fail(ErrorCode::zip_limit,
                  fmt::format("the folder has more than {} bytes", limits_.max_expanded_bytes));
    entries_.push_back(std::move(entry));
    return {};
  }

  const std::filesystem::path& root_;
  const archive::ArchiveLimits& limits_;
  std::vector<std::string> pending_;
  std::vector<FolderEntry> entries_;
  std::uint64_t total_ = 0;
};

class FolderContents final : public Contents {
 public:
  FolderContents(std::filesystem::path root, std::vector<FolderEntry> entries) : root_(std::move(root)) {
    for (FolderEntry& one : entries) {
      entries_.push_back(std::move(one.content));
      paths_.push_back(std::move(one.path));
    }
  }
  [[nodiscard]] const std::vector<ContentEntry>& entries() const override { return entries_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const override { return warnings_; }
  [[nodiscard]] std::optional<std::uint64_t> archive_bytes() const override { return std::nullopt; }

  [[nodiscard]] Result<void> read(std::size_t index, const archive::Sink& sink) const override {
    const ContentEntry& entry = entries_[index];
    const std::filesystem::path path = root_ / paths_[index];
    // O_NOFOLLOW: the file may have been replaced by a link since it was listed.
    LEARNDOCK_TRY(const io::Descriptor file, io::open_for_reading(path, O_NOFOLLOW | O_NONBLOCK));
    std::uint64_t done = 0;
    LEARNDOCK_CHECK(io::read_to_end(file.get(), entry.name, [&](std::string_view piece) -> Result<void> {
      done += piece.size();
      return done > entry.bytes ? changed(entry) : sink(piece);
    }));
    return done == entry.bytes ? Result<void>() : changed(entry);
  }

 private:
  static Result<void> changed(const ContentEntry& entry) {
    return fail(ErrorCode::io, "the file changed while it was read", entry.name);
  }

  std::filesystem::path root_;
  std::vector<ContentEntry> entries_;
  std::vector<std::string> paths_;  // of the entries
  std::vector<std::string> warnings_;
};

}  // namespace

Result<std::unique_ptr<Contents>> open_contents(const std::filesystem::path& zip_or_folder,
                                                const archive::ArchiveLimits& limits) {
  struct stat info {};
  if (::stat(zip_or_folder.c_str(), &info) != 0)
    return Failure(io::system_error(errno, "inspect", zip_or_folder));
  if (S_ISDIR(info.st_mode)) {
    LEARNDOCK_TRY(std::vector<FolderEntry> entries, FolderLister(zip_or_folder, limits).list());
    return std::make_unique<FolderContents>(zip_or_folder, std::move(entries));
  }
  LEARNDOCK_TRY(std::shared_ptr<const archive::ByteSource> source, archive::open_file_source(zip_or_folder));
  LEARNDOCK_TRY(archive::ZipArchive archive, archive::ZipArchive::open(std::move(source), limits));
  return std::make_unique<ZipContents>(std::move(archive));
}

}  // namespace learndock::package
