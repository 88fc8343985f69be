#include "blobs/local_blob_store.hpp"

#include "base/ascii.hpp"
#include "io/descriptor.hpp"
#include "io/digest.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"
#include "io/temporary_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace learndock::blobs {
namespace {

constexpr std::size_t kDigestDigits = 64;
constexpr std::size_t kFolderDigits = 2;
constexpr std::string_view kTemporaryFolder = "tmp";

Failure failed(int error_number, std::string_view doing, const std::filesystem::path& path) {
  return Failure(io::system_error(error_number, doing, path));
}

/// Reads a file to its end and returns the digest of exactly the bytes given to `keep`.
template <class Keep>
Result<std::string> digest_of(const io::Descriptor& file, const std::filesystem::path& path,
                              const Keep& keep) {
  io::Sha256 hash;
  LEARNDOCK_CHECK(io::read_to_end(file.get(), path, [&](std::string_view piece) -> Result<void> {
    hash.update(piece);
    return keep(piece);
  }));
  return hash.finish();
}

class LocalBlobStore final : public BlobStore {
 public:
  explicit LocalBlobStore(std::filesystem::path root) : root_(std::move(root)) {}

  Result<void> prepare() const {
    LEARNDOCK_CHECK(io::create_private_folder(root_));
    LEARNDOCK_CHECK(io::create_private_folder(temporaries()));
    std::error_code error;
    std::filesystem::directory_iterator item(temporaries(), error);
    for (; !error && item != std::filesystem::directory_iterator(); item.increment(error))
      LEARNDOCK_CHECK(io::TemporaryFile::remove_leftover(item->path()));
    if (error) return failed(error.value(), "list", temporaries());
    return {};
  }

  [[nodiscard]] Result<std::string> put(const std::filesystem::path& file) override {
    LEARNDOCK_TRY(io::TemporaryFile temporary, io::TemporaryFile::locked_in(temporaries()));
    LEARNDOCK_TRY(const io::Descriptor source, io::open_for_reading(file, O_NONBLOCK));
    LEARNDOCK_TRY(std::string digest,
                  digest_of(source, file, [&](std::string_view piece) { return temporary.append(piece); }));
    const std::filesystem::path target = place_of(digest);
    LEARNDOCK_CHECK(io::create_private_folder(target.parent_path()));
    // This also replaces an equal blob: if its bytes were damaged, they are whole again.
    LEARNDOCK_CHECK(temporary.sync());
    LEARNDOCK_CHECK(temporary.become(target));
    LEARNDOCK_CHECK(sync_place(target));
    return digest;
  }

  [[nodiscard]] Result<std::string> adopt(const std::filesystem::path& file) override {
    LEARNDOCK_TRY(const io::Descriptor source, io::open_for_reading(file, O_NONBLOCK));
    LEARNDOCK_TRY(std::string digest,
                  digest_of(source, file, [](std::string_view) -> Result<void> { return {}; }));
    if (io::disk::set_mode(source.get(), io::kOwnerFile) != 0) return failed(errno, "flush", file);
    LEARNDOCK_CHECK(io::sync_file(source.get(), file));
    const std::filesystem::path target = place_of(digest);
    LEARNDOCK_CHECK(io::create_private_folder(target.parent_path()));
    if (io::disk::rename(file, target) != 0) {
      if (errno != EXDEV) return failed(errno, "rename", target);
      LEARNDOCK_TRY(digest, put(file));  // the packages lie on a disk of their own
      io::disk::remove(file);            // the caller's file is a temporary
      return digest;
    }
    LEARNDOCK_CHECK(sync_place(target));
    return digest;
  }

  [[nodiscard]] Result<void> release(std::string_view digest, const std::filesystem::path& target) override {
    LEARNDOCK_CHECK(check_digest(digest));
    const std::filesystem::path path = place_of(digest);
    if (io::disk::rename(path, target) != 0) return failed(errno, "rename", path);
    LEARNDOCK_CHECK(io::sync_directory(target.parent_path()));
    return io::sync_directory(path.parent_path());
  }

  [[nodiscard]] Result<std::filesystem::path> path_of(std::string_view digest) const override {
    LEARNDOCK_CHECK(check_digest(digest));
    std::filesystem::path path = place_of(digest);
    if (::access(path.c_str(), R_OK) != 0) {
      if (errno != ENOENT) return failed(errno, "open", path);
      return fail(ErrorCode::not_found, "the store holds no package of this digest", std::string(digest));
    }
    return path;
  }

  [[nodiscard]] Result<void> remove(std::string_view digest) override {
    LEARNDOCK_CHECK(check_digest(digest));
    const std::filesystem::path path = place_of(digest);
    if (io::disk::remove(path) == 0) return io::sync_directory(path.parent_path());
    if (errno == ENOENT) return {};
    return failed(errno, "remove", path);
  }

  [[nodiscard]] Result<std::vector<std::string>> list() const override {
    std::vector<std::string> digests;
    std::error_code error;
    for (std::filesystem::directory_iterator folder(root_, error);
         !error && folder != std::filesystem::directory_iterator(); folder.increment(error)) {
      const std::string head = folder->path().filename().string();
      if (!is_lower_hex(head, kFolderDigits)) continue;
      std::filesystem::directory_iterator item(folder->path(), error);
      for (; !error && item != std::filesystem::directory_iterator(); item.increment(error)) {
        std::string digest = head + item->path().filename().string();
        if (is_lower_hex(digest, kDigestDigits)) digests.push_back(std::move(digest));
      }
      if (error) break;
    }
    if (error) return failed(error.value(), "list", root_);
    std::sort(digests.begin(), digests.end());
    return digests;
  }

 private:
  [[nodiscard]] Result<void> sync_place(const std::filesystem::path& blob) const {
    LEARNDOCK_CHECK(io::sync_directory(blob.parent_path()));
    return io::sync_directory(root_);
  }
  [[nodiscard]] std::filesystem::path temporaries() const { return root_ / kTemporaryFolder; }
  [[nodiscard]] std::filesystem::path place_of(std::string_view digest) const {
    return root_ / digest.substr(0, kFolderDigits) / digest.substr(kFolderDigits);
  }
  static Result<void> check_digest(std::string_view digest) {
    if (is_lower_hex(digest, kDigestDigits)) return {};
    return fail(ErrorCode::invalid_argument,
                fmt::format("a package digest is {} lower-case hexadecimal digits", kDigestDigits));
  }

  std::filesystem::path root_;
};

}  // namespace

Result<std::unique_ptr<BlobStore>> open_local_blob_store(const std::filesystem::path& directory) {
  auto store = std::make_unique<LocalBlobStore>(directory);
  LEARNDOCK_CHECK(store->prepare());
  return std::unique_ptr<BlobStore>(std::move(store));
}

std::unique_ptr<BlobStore> read_local_blob_store(const std::filesystem::path& directory) {
  return std::make_unique<LocalBlobStore>(directory);
}

}  // namespace learndock::blobs
