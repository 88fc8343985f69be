#include "cli/secret_file.hpp"

#include "io/file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace learndock::cli {
namespace {

constexpr std::size_t kMaxSecretBytes = std::size_t{16} << 10;

/// A file descriptor that the destructor closes.
struct Descriptor {
  int number;
  explicit Descriptor(int opened) : number(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

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
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number < 0) return Failure(io::system_error(errno, "open", path));
  struct stat info {};
  if (::fstat(file.number, &info) != 0) return Failure(io::system_error(errno, "inspect", path));
  LEARNDOCK_CHECK(check_rights(info, path));
  std::string secret(kMaxSecretBytes, '\0');
  std::size_t bytes = 0;
  while (bytes < secret.size()) {
    const ssize_t got = ::read(file.number, secret.data() + bytes, secret.size() - bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure(io::system_error(errno, "read", path));
    if (got == 0) break;
    bytes += static_cast<std::size_t>(got);
  }
  if (bytes == secret.size())
    return fail(ErrorCode::too_large, "the file is too long for a token", path.string());
  secret.resize(bytes);
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  if (!secret.empty()) return secret;
  return fail(ErrorCode::invalid_argument, "the file is empty: it should hold a token", path.string(),
              "write one into it: openssl rand -hex 16");
}

}  // namespace learndock::cli
