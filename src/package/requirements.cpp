#include "package/requirements.hpp"

#include "learndock/base/json.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "package/requirement_lines.hpp"
#include "package/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

namespace learndock::package {
namespace {

/// The most warnings of one file; more would tell no more.
constexpr std::size_t kMaxWarnings = 20;
constexpr std::size_t kMaxShown = 160;
/// The most lists that are looked through, the first and those that `-r` and `-c` name.
constexpr std::size_t kMaxFiles = 16;
constexpr const char* kFile = "requirements.txt";
constexpr const char* kCodingLine = "# -*- coding: utf-8 -*-\n";

bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }

/// pip takes a name that ends like an archive's for a file.
bool is_archive(std::string_view name) {
  constexpr std::array<std::string_view, 12> kEndings = {".whl", ".zip", ".tar", ".tgz", ".tbz", ".txz",
                                                         ".tlz", ".gz",  ".bz2", ".xz",  ".lz",  ".lzma"};
  const std::string name_lower = lower(name);
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return name_lower.ends_with(ending); });
}

/// Whether a requirement is a name with extras, versions and a marker, which pip looks up in the index that
/// the user chose.
bool is_plain_requirement(std::string_view text) {
  text = trim(text.substr(0, text.find(';')));
  std::size_t end = 0;
  while (end < text.size() &&
         (is_alphanumeric(text[end]) || text[end] == '-' || text[end] == '_' || text[end] == '.'))
    ++end;
  if (end == 0 || !is_alphanumeric(text.front()) || !is_alphanumeric(text[end - 1])) return false;
  if (is_archive(text)) return false;
  constexpr std::string_view kVersionMarks = " \t.,<>=!~()[]*+-_";
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(end), text.end(), [&](char c) {
    return is_alphanumeric(c) || kVersionMarks.find(c) != std::string_view::npos;
  });
}

/// Options that only narrow what is installed. Every other option is taken for one that names a place,
/// abbreviations too.
bool is_harmless_option(std::string_view word) {
  constexpr std::array<std::string_view, 3> kAlone = {"--pre", "--prefer-binary", "--require-hashes"};
  constexpr std::array<std::string_view, 3> kWithValue = {"--no-binary=", "--only-binary=", "--hash="};
  return std::find(kAlone.begin(), kAlone.end(), word) != kAlone.end() ||
         std::any_of(kWithValue.begin(), kWithValue.end(), [&](std::string_view begin) {
           return word.starts_with(begin) &&
                  std::all_of(
                      word.begin() + static_cast<std::ptrdiff_t>(begin.size()), word.end(), [](char c) {
                        return is_alphanumeric(c) || c == ':' || c == ',' || c == '-' || c == '_' || c == '.';
                      });
         });
}

/// Whether a whole line, its comment taken off, only asks for packages by their names.
bool is_plain(std::string_view line) {
  std::size_t options = line.starts_with('-') ? 0 : line.find(" -");
  options = std::min({options, line.find("\t-"), line.size()});
  const std::string_view requirement = trim(line.substr(0, options));
  if (!requirement.empty() && !is_plain_requirement(requirement)) return false;
  for (std::string_view rest = trim(line.substr(options)); !rest.empty(); rest = trim(rest)) {
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    std::string word(rest.substr(0, end));
    rest.remove_prefix(end);
    // "--no-binary :all:" has its value behind a blank.
    if (word == "--no-binary" || word == "--only-binary" || word == "--hash") {
      rest = trim(rest);
      const std::size_t value = std::min(rest.find_first_of(" \t"), rest.size());
      word += fmt::format("={}", rest.substr(0, value));
      rest.remove_prefix(value);
    }
    if (!is_harmless_option(word)) return false;
  }
  return true;
}

/// The list that a line of only "-r FILE" or "-c FILE" names, in any of pip's spellings; "" for other lines.
std::string_view other_list(std::string_view content) {
  for (const std::string_view option : {"--requirement", "--constraint", "-r", "-c"}) {
    if (!content.starts_with(option)) continue;
    std::string_view name = content.substr(option.size());
    if (option.starts_with("--") && !name.starts_with('=') && !name.starts_with(' ')) return {};
    if (name.starts_with('=')) name.remove_prefix(1);
    name = trim(name);
    return name.find_first_of(" \t:$\\\"'") == std::string_view::npos ? name : std::string_view();
  }
  return {};
}

/// Whether a line is only a path of the machine on which pip runs, or "-e" with one.
bool is_local_path(std::string_view content) {
  for (const std::string_view option : {"--editable", "-e"})
    if (content.starts_with(option)) {
      content = trim(content.substr(option.size()));
      break;
    }
  if (content.empty() || content.starts_with('-')) return false;
  if (content.find_first_of(" \t:@$\"'") != std::string_view::npos) return false;
  return content.starts_with('.') || content.find('/') != std::string_view::npos || is_archive(content);
}

struct Finding {
  WholeLine line;
  LineFault fault = LineFault::elsewhere;
  std::string what;
  std::string list;  ///< of a line that only names another list: its path as written
};

/// Of a list that has been decoded.
std::vector<Finding> findings_of(std::string_view text) {
  std::vector<Finding> found;
  for (WholeLine& line : whole_lines(split_lines(text))) {
    const std::string_view content = without_comment(line.text);
    if (content.empty() || is_plain(content)) continue;
    Finding finding;
    finding.what = printable(content, kMaxShown);
    finding.list = other_list(content);
    if (!finding.list.empty())
      finding.fault = LineFault::other_file;
    else if (is_local_path(content))
      finding.fault = LineFault::local_path;
    finding.line = std::move(line);
    found.push_back(std::move(finding));
  }
  return found;
}

/// Looks through one list and those that it names.
class ForeignSearch {
 public:
  explicit ForeignSearch(const FileReader& files) : files_(files) {}

  void look_at(const std::string& file, std::string_view bytes) {
    seen_.insert(file);
    const RequirementText read = read_requirement_text(bytes);
    if (!read.doubt.empty() && !bytes.empty()) found_.push_back({file, 1, LineFault::encoding, read.doubt});
    for (Finding& finding : findings_of(read.text))
      if (const auto fault = follow(file, finding))
        found_.push_back({file, finding.line.first + 1, *fault, std::move(finding.what)});
  }
  std::vector<ForeignLine> take() { return std::move(found_); }

 private:
  /// What is the matter with a line; nothing where it only names another list of the package, the lines of
  /// which are looked at then.
  std::optional<LineFault> follow(const std::string& file, const Finding& finding) {
    if (finding.list.empty() || !files_) return finding.fault;
    const std::filesystem::path folder = std::filesystem::path(file).parent_path();
    const std::string path = (folder / finding.list).lexically_normal().generic_string();
    if (seen_.contains(path)) return std::nullopt;
    if (seen_.size() >= kMaxFiles) return LineFault::too_many_files;
    const Result<std::optional<std::string>> bytes = files_(path);
    if (!bytes) return LineFault::unreadable_file;
    if (!*bytes) return LineFault::other_file;
    look_at(path, **bytes);
    return std::nullopt;
  }

  const FileReader& files_;
  std::set<std::string> seen_;
  std::vector<ForeignLine> found_;
};

/// Takes the requirements of lists that were found to be plain.
class InstallableLines {
 public:
  explicit InstallableLines(const FileReader& files) : files_(files) {}

  void take(const std::string& file, std::string_view bytes, bool constraints) {
    if (!seen_.insert({file, constraints}).second) return;
    const RequirementText read = read_requirement_text(bytes);
    for (const WholeLine& line : whole_lines(split_lines(read.text))) {
      const std::string_view content = without_comment(line.text);
      if (content.empty()) continue;
      if (const std::string_view other = other_list(content); !other.empty())
        follow(file, other, constraints || content.starts_with("-c") || content.starts_with("--constraint"));
      else
        take_line(content, constraints);
    }
  }
  Installable result;

 private:
  void follow(const std::string& file, std::string_view name, bool constraints) {
    const std::filesystem::path folder = std::filesystem::path(file).parent_path();
    const std::string path = (folder / name).lexically_normal().generic_string();
    if (!files_) return;
    const auto bytes = files_(path);
    if (bytes && *bytes) take(path, **bytes, constraints);  // `installable` refuses lists that cannot be read
  }

  void take_line(std::string_view content, bool constraints) {
    std::size_t options = content.starts_with('-') ? 0 : content.find(" -");
    options = std::min({options, content.find("\t-"), content.size()});
    std::string requirement(trim(content.substr(0, options)));
    const std::string_view rest = trim(content.substr(options));
    if (rest.starts_with("--hash") && !requirement.empty())
      requirement += fmt::format(" {}", rest);
    else if (rest == "--pre")
      result.prereleases = true;
    else if (!rest.empty())
      result.left_out.push_back(printable(rest, kMaxShown));
    if (!requirement.empty())
      (constraints ? result.constraints : result.requirements).push_back(std::move(requirement));
  }

  const FileReader& files_;
  std::set<std::pair<std::string, bool>> seen_;
};

std::string warning_of(const ForeignLine& line) {
  if (line.fault == LineFault::encoding)
    return fmt::format("{} {}, so that installers may read other lines in it: save it as UTF-8", line.file,
                       line.what);
  constexpr std::array<std::string_view, 5> kWhat = {
      "takes code from a place of its own choice",
      "installs from a local path, which pip looks up where it runs", "reads a list that the package lacks",
      "reads a list that is damaged or too large, so its lines are not checked",
      "reads one list more than the 16 that are looked through: put them into fewer files"};
  return fmt::format("{} line {} {}: {}", line.file, line.line, kWhat[static_cast<std::size_t>(line.fault)],
                     line.what);
}

/// The lines as comments: nothing in a comment may end its line, nor go on in the next.
void append_as_comment(std::string& out, std::string_view line) {
  std::string comment = printable(line, line.size() * 4 + 1);
  while (comment.ends_with('\\')) comment.pop_back();
  out += fmt::format("# {}\n", comment);
}

/// A list that cannot be read, all of it as comments. The note comes where a coding line would count.
std::string all_as_comments(std::string_view bytes, std::string_view doubt) {
  std::string out =
      fmt::format("{}# learndock: the list {}, so that installers may differ\n", kCodingLine, doubt);
  for (const std::string_view line : split_lines(bytes)) append_as_comment(out, line);
  return out;
}

std::string with_comments(std::string_view text, const std::vector<Finding>& found) {
  std::string out;
  const std::vector<std::string_view> lines = split_lines(text);
  auto next = found.begin();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (next != found.end() && i == next->line.first)
      out += fmt::format("# learndock: the next line {}; see --trust-sources\n",
                         next->fault == LineFault::other_file
                             ? "reads another list of the package, which is not beside this one"
                             : "takes code from a place of the package's own choice");
    if (next != found.end() && i >= next->line.first)
      append_as_comment(out, lines[i]);
    else
      out += fmt::format("{}\n", lines[i]);
    if (next != found.end() && i == next->line.last) ++next;
  }
  return out;
}

void add_warning(std::vector<std::string>& warnings, std::string text) {
  if (warnings.size() < kMaxWarnings) warnings.push_back(std::move(text));
}

void close_warnings(std::vector<std::string>& warnings, std::size_t all, std::string_view file) {
  if (all > kMaxWarnings)
    warnings.push_back(fmt::format("{} has {} more entries of that kind", file, all - kMaxWarnings));
}

bool is_usual_channel(std::string_view channel) {
  constexpr std::array<std::string_view, 6> kUsual = {"defaults", "nodefaults", "conda-forge",
                                                      "main",     "r",          "anaconda"};
  return std::find(kUsual.begin(), kUsual.end(), channel) != kUsual.end();
}

/// Collects what an entry of `dependencies` asks for beyond a package of the usual channels.
void look_at_dependency(const Json& entry, std::vector<std::string>& odd) {
  if (entry.is_string()) {
    const auto text = entry.get<std::string>();
    const std::size_t channel = text.find("::");
    const bool foreign =
        text.find_first_of("/\\@[") != std::string::npos ||
        (channel != std::string::npos && !is_usual_channel(std::string_view(text).substr(0, channel)));
    if (foreign) odd.push_back(fmt::format("the package {}", printable(text, kMaxShown)));
    return;
  }
  const auto pip = entry.is_object() ? entry.find("pip") : entry.end();
  if (!entry.is_object() || pip == entry.end() || entry.size() != 1 || !pip->is_array()) {
    odd.emplace_back("an entry of dependencies that is neither a package nor a list for pip");
    return;
  }
  for (const Json& line : *pip)
    for (const Finding& finding : findings_of(line.is_string() ? line.get<std::string>() : to_text(line)))
      odd.push_back(fmt::format("pip's line {}", finding.what));
}

std::vector<std::string> odd_in_environment(const Json& root) {
  std::vector<std::string> odd;
  const auto list = [&](const char* key) {
    return root.contains(key) && root[key].is_array() ? root[key] : Json::array();
  };
  for (const Json& channel : list("channels")) {
    const std::string name = channel.is_string() ? channel.get<std::string>() : to_text(channel);
    if (!is_usual_channel(name)) odd.push_back(fmt::format("the channel {}", printable(name, kMaxShown)));
  }
  for (const Json& entry : list("dependencies")) look_at_dependency(entry, odd);
  // An installer reads its index from such variables, too.
  if (root.contains("variables") && !root["variables"].empty())
    odd.emplace_back("environment variables of its own");
  return odd;
}

}  // namespace

std::vector<ForeignLine> foreign_lines(std::string_view requirements, const FileReader& files) {
  ForeignSearch search(files);
  search.look_at(kFile, requirements);
  return search.take();
}

FilteredList without_foreign_lines(std::string_view requirements) {
  const RequirementText read = read_requirement_text(requirements);
  if (!read.readable) return {all_as_comments(requirements, read.doubt), 1};
  const std::vector<Finding> found = findings_of(read.text);
  std::string out = found.empty() ? read.text : with_comments(read.text, found);
  // In another encoding than before, a coding line of its own must not count.
  if (read.text != requirements) out.insert(0, kCodingLine);
  return {std::move(out), found.size()};
}

std::string requirements_in_utf8(std::string_view requirements) {
  RequirementText read = read_requirement_text(requirements);
  return read.readable ? std::move(read.text) : std::string(requirements);
}

Result<Installable> installable(std::string_view requirements, const FileReader& files) {
  if (const std::vector<ForeignLine> foreign = foreign_lines(requirements, files); !foreign.empty())
    return fail(ErrorCode::environment_failed, warning_of(foreign.front()), foreign.front().file,
                "ask for packages by their names; nothing else is installed for a package");
  InstallableLines lines(files);
  lines.take(kFile, requirements, false);
  return std::move(lines.result);
}

std::vector<std::string> requirements_warnings(std::string_view requirements, const FileReader& files) {
  std::vector<std::string> warnings;
  const std::vector<ForeignLine> lines = foreign_lines(requirements, files);
  for (const ForeignLine& line : lines) add_warning(warnings, warning_of(line));
  close_warnings(warnings, lines.size(), kFile);
  return warnings;
}

std::vector<std::string> environment_warnings(std::string_view yaml) {
  std::vector<std::string> warnings;
  const auto root = parse_yaml(yaml);
  if (!root || !root->is_object()) {
    warnings.emplace_back("environment.yaml cannot be read: look at it before you make an environment of it");
    return warnings;
  }
  const std::vector<std::string> odd = odd_in_environment(*root);
  for (const std::string& one : odd)
    add_warning(warnings, fmt::format("environment.yaml takes code from a place of its own choice: {}", one));
  close_warnings(warnings, odd.size(), "environment.yaml");
  return warnings;
}

}  // namespace learndock::package
