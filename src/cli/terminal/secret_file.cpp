#include "cli/terminal/secret_file.hpp"

#include "io/descriptor.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <sys/stat.h>

namespace learndock::cli {
namespace {

constexpr std::size_t kMaxSecretBytes = std::size_t{16} << 10;

Result<void> check_rights(const struct stat& info, const std::filesystem::path& path) {
  const unsigned rights = info.st_mode & 07777u;
  if ((rights & 077u) == 0) return {};
  return fail(
      ErrorCode::forbidden,
      fmt::format("the file holds a token, and other users may open it (its rights are {:04o})", rights),
      path.string(), fmt::format("chmod 600 {}", path.string()));
}

}  // namespace

Result<void> check_private(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return Failure(io::system_error(errno, "inspect", path));
  return check_rights(info, path);
}

Result<std::string> read_secret(const std::filesystem::path& path) {
  // The rights are those of the open file, since another file could take the name meanwhile.
  LEARNDOCK_TRY(const io::Descriptor file, io::open_for_reading(path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return Failure(io::system_error(errno, "inspect", path));
  LEARNDOCK_CHECK(check_rights(info, path));
  std::string secret;
  LEARNDOCK_CHECK(io::read_to_end(file.get(), path, [&](std::string_view piece) -> Result<void> {
    secret.append(piece);
    if (secret.size() < kMaxSecretBytes) return {};
    return fail(ErrorCode::too_large, "the file is too long for a token", path.string());
  }));
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  if (!secret.empty()) return secret;
  return fail(ErrorCode::invalid_argument, "the file is empty: it should hold a token", path.string(),
              "write one into it: openssl rand -hex 16");
}

}  // namespace learndock::cli
