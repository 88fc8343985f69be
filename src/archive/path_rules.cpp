#include "archive/path_rules.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "text/unicode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace learndock::archive {
namespace {

constexpr std::string_view kRename = "rename the file and pack again";
constexpr std::string_view kLegacy =
    "the names were packed in an older encoding (such as GBK, Shift-JIS or a code page of DOS): pack with a "
    "program that writes names in UTF-8 (7-Zip with -mcu=on, Python's zipfile), or use names of plain "
    "letters";
constexpr std::string_view kBackslashes =
    "if it stands between folders, pack with the Explorer, 7-Zip or PowerShell 7 (Windows PowerShell 5 "
    "writes "
    "'\\' there); if it is part of a file's name, rename the file";
constexpr std::string_view kPackFiles = "pack the files by their names, not by way of \".\"";

Failure refuse(ErrorCode code, std::string message, std::string_view path, std::string_view fix = kRename) {
  return fail(code, std::move(message), printable(path), std::string(fix));
}
Failure invalid(std::string message, std::string_view path, std::string_view fix = kRename) {
  return refuse(ErrorCode::zip_path_invalid, std::move(message), path, fix);
}

bool is_absolute(std::string_view path) {
  const bool drive = path.size() >= 2 && is_letter(path[0]) && path[1] == ':';
  return drive || path.starts_with('/') || path.starts_with("\\");
}

/// CON, NUL, COM1, ... with any extension open a device on Windows, whatever the folder.
bool is_windows_device(std::string_view component) {
  std::string stem = lower(component.substr(0, component.find('.')));
  while (stem.ends_with(' ')) stem.pop_back();
  constexpr std::array<std::string_view, 6> kNames = {"con", "prn", "aux", "nul", "conin$", "conout$"};
  if (std::find(kNames.begin(), kNames.end(), stem) != kNames.end()) return true;
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && is_digit(stem[3]);
}

/// Marks and letters of Hangul that show nothing: a name with one looks like the name without.
bool is_filler(char32_t point) { return point == 0x034f || point == 0x115f || point == 0x1160; }

Result<void> check_characters(std::string_view path) {
  // As Unicode's stream-safe format has it: no language needs more.
  constexpr std::size_t kMostMarks = 30;
  std::size_t marks = 0;
  char32_t before = U'/';
  std::string_view rest = path;
  while (const auto taken = take_code_point(rest)) {
    const char32_t point = *taken;
    const auto number = static_cast<unsigned>(point);
    if (is_control(point))
      return invalid(fmt::format("the name holds the control character U+{:04X}", number), path);
    if (is_deceptive(point) || is_filler(point))
      return invalid(fmt::format("the name holds the invisible character U+{:04X}", number), path);
    const bool mark = text::is_mark(point);
    if (mark && (before == U'/' || before == U'\\'))
      return invalid(fmt::format("a part of the name begins with the mark U+{:04X}, which has no letter to "
                                 "be drawn on",
                                 number),
                     path);
    marks = mark ? marks + 1 : 0;
    if (marks > kMostMarks)
      return invalid(fmt::format("the name has more than {} marks on one letter", kMostMarks), path);
    before = point;
  }
  return {};
}

Result<void> check_component(std::string_view component, std::string_view path) {
  constexpr std::string_view kForbidden = "\\:*?\"<>|";
  if (component.empty()) return invalid("the name holds an empty part (\"//\" or only \"/\")", path);
  if (component == ".") return invalid("the name holds the part \".\"", path, kPackFiles);
  if (const auto at = component.find_first_of(kForbidden); at != std::string_view::npos)
    return invalid(fmt::format("the name holds '{}', which not every system can write", component[at]), path,
                   component[at] == '\\' ? kBackslashes : kRename);
  if (component.ends_with('.') || component.ends_with(' '))
    return invalid("a part of the name ends in a dot or a space", path);
  if (is_windows_device(component))
    return invalid(fmt::format("\"{}\" is a device name on Windows", component), path);
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

Result<void> check_components(std::string_view path, const PathLimits& limits) {
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

/// The rules of a name in its stored spelling. They come after every change to it.
Result<void> check_path(std::string_view path, const PathLimits& limits) {
  if (path.empty()) return invalid("an entry has no name", path);
  if (path.size() > limits.max_bytes)
    return refuse(ErrorCode::zip_path_length,
                  fmt::format("the name has {} bytes, the limit is {}", path.size(), limits.max_bytes), path);
  if (is_absolute(path))
    return refuse(ErrorCode::zip_path_absolute,
                  "the name is an absolute path; paths inside a package are relative", path);
  if (climbs(path))
    return refuse(ErrorCode::zip_path_traversal, "the name leads out of the package (\"..\")", path);
  return check_components(path, limits);
}

/// Composed letters. Every other rule comes after this, and sees what it gave.
Result<std::string> composed(std::string_view written, const PathLimits& limits) {
  constexpr std::size_t kMostGain = 4;  // decomposed Hangul has three times the bytes
  if (written.size() > kMostGain * limits.max_bytes)
    return refuse(ErrorCode::zip_path_length,
                  fmt::format("the name has {} bytes, the limit is {}", written.size(), limits.max_bytes),
                  written);
  auto path = text::to_nfc(written);
  if (!path) return invalid("the name is not valid UTF-8", written, kLegacy);
  return std::move(*path);
}

}  // namespace

Result<std::string> stored_path(std::string_view written, const PathLimits& limits, Backslash backslash) {
  LEARNDOCK_TRY(std::string path, composed(written, limits));
  LEARNDOCK_CHECK(check_characters(path));
  if (backslash == Backslash::separator) std::replace(path.begin(), path.end(), '\\', '/');
  while (path.starts_with(kTopFolder) && path.size() > kTopFolder.size()) path.erase(0, kTopFolder.size());
  if (path == kTopFolder) return path;
  LEARNDOCK_CHECK(check_path(path, limits));
  return path;
}

Result<void> PathSet::add_parent(std::string_view directory, std::string_view folded) {
  const auto [found, fresh] =
      by_folded_.try_emplace(std::string(folded), Use{std::string(directory), {}, false});
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

Result<void> PathSet::add_again(Use& use, std::string_view path, std::string_view written, bool file) {
  if (use.path != path)
    return refuse(ErrorCode::zip_duplicate,
                  fmt::format("differs from \"{}\" only in case; some systems take both for one", use.path),
                  path);
  if (use.file != file)
    return refuse(ErrorCode::zip_duplicate, "this name is both a file and a directory", path);
  if (use.written == written)
    return refuse(ErrorCode::zip_duplicate, "two entries have this name", path, "keep one of the two");
  if (!use.written.empty())
    return refuse(
        ErrorCode::zip_duplicate,
        "two entries have this name after normalisation: they differ only in how letters with marks "
        "are composed, or in '\\' and \"./\"",
        path, "keep one of the two, or rename one");
  use.written = written;
  return {};
}

Result<void> PathSet::add(std::string_view path, std::string_view written) {
  const bool file = !path.ends_with('/');
  if (!file) path.remove_suffix(1);
  const std::string folded = text::fold_name(path);
  // Folding changes, makes and takes off no '/', so the folded names of the parents end at those.
  for (auto slash = path.find('/'), there = folded.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1), there = folded.find('/', there + 1))
    LEARNDOCK_CHECK(add_parent(path.substr(0, slash), std::string_view(folded).substr(0, there)));
  const auto [found, fresh] =
      by_folded_.try_emplace(folded, Use{std::string(path), std::string(written), file});
  if (fresh) return {};
  return add_again(found->second, path, written, file);
}

}  // namespace learndock::archive
