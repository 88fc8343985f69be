#include "archive/path_rules.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace learndock::archive {
namespace {

constexpr std::string_view kRename = "rename the file and pack again";

Failure refuse(ErrorCode code, std::string message, std::string_view path) {
  return fail(code, std::move(message), printable(path), std::string(kRename));
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_absolute(std::string_view path) {
  const bool drive = path.size() >= 2 && is_letter(path[0]) && path[1] == ':';
  return drive || path.starts_with('/') || path.starts_with("\\");
}

/// CON, NUL, COM1, ... with any extension open a device on Windows, whatever the folder.
bool is_windows_device(std::string_view component) {
  std::string stem(component.substr(0, component.find('.')));
  while (stem.ends_with(' ')) stem.pop_back();
  std::transform(stem.begin(), stem.end(), stem.begin(), upper);
  constexpr std::array<std::string_view, 6> kNames = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
  if (std::find(kNames.begin(), kNames.end(), stem) != kNames.end()) return true;
  return stem.size() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")) && stem[3] >= '0' &&
         stem[3] <= '9';
}

/// Whether a character is a mark that follows its letter. In composed form (NFC) common scripts need none.
/// Refusing marks keeps out two spellings of one visible name without carrying Unicode's tables.
bool is_combining(char32_t point) {
  return (point >= 0x0300 && point <= 0x036f) || (point >= 0x1100 && point <= 0x11ff) ||
         (point >= 0x1ab0 && point <= 0x1aff) || (point >= 0x1dc0 && point <= 0x1dff) ||
         (point >= 0x20d0 && point <= 0x20ff) || point == 0x3099 || point == 0x309a;
}

Result<void> check_characters(std::string_view path) {
  const auto points = decode_utf8(path);
  if (!points) return refuse(ErrorCode::zip_path_invalid, "the name is not valid UTF-8", path);
  for (const char32_t point : *points) {
    if (is_control(point))
      return refuse(
          ErrorCode::zip_path_invalid,
          fmt::format("the name holds the control character U+{:04X}", static_cast<unsigned>(point)), path);
    if (is_deceptive(point))
      return refuse(
          ErrorCode::zip_path_invalid,
          fmt::format("the name holds the invisible character U+{:04X}", static_cast<unsigned>(point)), path);
    if (is_combining(point))
      return refuse(ErrorCode::zip_path_invalid,
                    fmt::format("the name is not in composed form (NFC): it holds the mark U+{:04X}",
                                static_cast<unsigned>(point)),
                    path);
  }
  return {};
}

Result<void> check_component(std::string_view component, std::string_view path) {
  constexpr std::string_view kForbidden = "\\:*?\"<>|";
  if (component.empty())
    return refuse(ErrorCode::zip_path_invalid, "the name holds an empty part (\"//\" or only \"/\")", path);
  if (component == ".") return refuse(ErrorCode::zip_path_invalid, "the name holds the part \".\"", path);
  if (const auto at = component.find_first_of(kForbidden); at != std::string_view::npos)
    return refuse(ErrorCode::zip_path_invalid,
                  fmt::format("the name holds '{}', which not every system can write", component[at]), path);
  if (component.ends_with('.') || component.ends_with(' '))
    return refuse(ErrorCode::zip_path_invalid, "a part of the name ends in a dot or a space", path);
  if (is_windows_device(component))
    return refuse(ErrorCode::zip_path_invalid, fmt::format("\"{}\" is a device name on Windows", component),
                  path);
  return {};
}

/// Whether a part is "..", with '\' counted as a separator as some systems do.
bool climbs(std::string_view path) {
  while (true) {
    const auto end = path.find_first_of("/\\");
    if (path.substr(0, end) == "..") return true;
    if (end == std::string_view::npos) return false;
    path.remove_prefix(end + 1);
  }
}

char32_t fold(char32_t point) {
  const auto in = [point](char32_t first, char32_t last) { return point >= first && point <= last; };
  if (in('A', 'Z') || (in(0xc0, 0xde) && point != 0xd7) || in(0x391, 0x3a9) || in(0x410, 0x42f))
    return point + 32;
  if (in(0x400, 0x40f)) return point + 80;
  if (in(0xff21, 0xff3a)) return point + 32;
  // Upper and lower case alternate; upper is even below U+0138 and from U+014A, odd between.
  if (in(0x100, 0x137) || in(0x14a, 0x177) || in(0x460, 0x481) || in(0x48a, 0x4bf) || in(0x4d0, 0x52f))
    return point | 1;
  if (in(0x139, 0x148) || in(0x179, 0x17e)) return point % 2 == 1 ? point + 1 : point;
  if (point == 0x178) return 0xff;
  if (point == 0x3c2) return 0x3c3;
  return point;
}

}  // namespace

Result<void> check_path(std::string_view path, const PathLimits& limits) {
  if (path.empty()) return refuse(ErrorCode::zip_path_invalid, "an entry has no name", path);
  if (path.size() > limits.max_bytes)
    return refuse(ErrorCode::zip_path_length,
                  fmt::format("the name has {} bytes, the limit is {}", path.size(), limits.max_bytes), path);
  LEARNDOCK_CHECK(check_characters(path));
  if (is_absolute(path))
    return refuse(ErrorCode::zip_path_absolute,
                  "the name is an absolute path; paths inside a package are relative", path);
  if (climbs(path))
    return refuse(ErrorCode::zip_path_traversal, "the name leads out of the package (\"..\")", path);
  std::string_view rest = path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
  for (std::size_t depth = 1;; ++depth) {
    if (depth > limits.max_depth)
      return refuse(ErrorCode::zip_path_length,
                    fmt::format("the name has more than {} nested parts", limits.max_depth), path);
    const auto slash = rest.find('/');
    LEARNDOCK_CHECK(check_component(rest.substr(0, slash), path));
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

std::string fold_case(std::string_view path) {
  std::string folded;
  folded.reserve(path.size());
  while (!path.empty()) {
    const auto point = take_code_point(path);
    if (!point) break;  // cannot be: the path has passed check_path
    append_utf8(folded, fold(*point));
  }
  return folded;
}

Result<void> PathSet::add_parent(std::string_view directory) {
  const auto [found, fresh] =
      by_folded_.try_emplace(fold_case(directory), Use{std::string(directory), false, false});
  const Use& use = found->second;
  if (fresh) return {};
  if (use.file)
    return refuse(ErrorCode::zip_duplicate, "this name is both a file and a directory", directory);
  if (use.path != directory)
    return refuse(ErrorCode::zip_duplicate,
                  fmt::format("differs from \"{}\" only in case; some systems take both for one", use.path),
                  directory);
  return {};
}

Result<void> PathSet::add(std::string_view path) {
  const bool file = !path.ends_with('/');
  if (!file) path.remove_suffix(1);
  for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1))
    LEARNDOCK_CHECK(add_parent(path.substr(0, slash)));
  const auto [found, fresh] = by_folded_.try_emplace(fold_case(path), Use{std::string(path), file, true});
  if (fresh) return {};
  Use& use = found->second;
  if (use.path != path)
    return refuse(ErrorCode::zip_duplicate,
                  fmt::format("differs from \"{}\" only in case; some systems take both for one", use.path),
                  path);
  if (use.file != file)
    return refuse(ErrorCode::zip_duplicate, "this name is both a file and a directory", path);
  if (use.explicit_entry) return refuse(ErrorCode::zip_duplicate, "two entries have this name", path);
  use.explicit_entry = true;
  return {};
}

}  // namespace learndock::archive
