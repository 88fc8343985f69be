#include "package/requirements.hpp"

#include "base/utf8.hpp"
#include "package/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace learndock::package {
namespace {

/// The most warnings of one file; more would tell no more.
constexpr std::size_t kMaxWarnings = 20;
constexpr std::size_t kMaxShown = 160;
constexpr const char* kNotPlain = "the file is not plain UTF-8";

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Bytes of the line break that `text` begins with; 0 for none. pip splits where Python's splitlines does, so
/// that a line may end where an editor shows none.
std::size_t line_break(std::string_view text) {
  constexpr std::array<std::string_view, 4> kWide = {"\r\n", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  for (const std::string_view wide : kWide)
    if (text.starts_with(wide)) return wide.size();
  const char c = text.front();
  return (c >= '\n' && c <= '\r') || (c >= '\x1c' && c <= '\x1e') ? 1 : 0;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = line_break(text.substr(at));
    if (bytes == 0) {
      ++at;
      continue;
    }
    lines.push_back(text.substr(begin, at - begin));
    begin = at += bytes;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

bool is_comment(std::string_view line) { return trim(line).starts_with('#'); }

/// A '#' begins a comment at the start of a line or after a blank.
std::string_view without_comment(std::string_view line) {
  for (std::size_t at = 0; at < line.size(); ++at)
    if (line[at] == '#' && (at == 0 || is_blank(line[at - 1]))) return trim(line.substr(0, at));
  return trim(line);
}

bool has_comment(std::string_view line) { return without_comment(line).size() != trim(line).size(); }

/// Whether a requirement is a name with extras, versions and a marker, which pip looks up in the index that
/// the user chose.
bool is_plain_requirement(std::string_view text) {
  text = trim(text.substr(0, text.find(';')));
  std::size_t end = 0;
  while (end < text.size() &&
         (is_letter_or_digit(text[end]) || text[end] == '-' || text[end] == '_' || text[end] == '.'))
    ++end;
  if (end == 0 || !is_letter_or_digit(text.front()) || !is_letter_or_digit(text[end - 1])) return false;
  // pip takes a name that ends like an archive's for a file.
  constexpr std::array<std::string_view, 9> kArchives = {".whl", ".zip", ".tar", ".tgz", ".tbz",
                                                         ".txz", ".tlz", ".gz",  ".bz2"};
  constexpr std::array<std::string_view, 3> kMoreArchives = {".xz", ".lz", ".lzma"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto ends = [&](std::string_view ending) { return lower.ends_with(ending); };
  if (std::any_of(kArchives.begin(), kArchives.end(), ends) ||
      std::any_of(kMoreArchives.begin(), kMoreArchives.end(), ends))
    return false;
  constexpr std::string_view kVersionMarks = " \t.,<>=!~()[]*+-_";
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(end), text.end(), [&](char c) {
    return is_letter_or_digit(c) || kVersionMarks.find(c) != std::string_view::npos;
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
                  std::all_of(word.begin() + static_cast<std::ptrdiff_t>(begin.size()), word.end(),
                              [](char c) {
                                return is_letter_or_digit(c) || c == ':' || c == ',' || c == '-' ||
                                       c == '_' || c == '.';
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

/// pip decodes by a byte order mark or a coding line; another encoding would hide what it reads from these
/// rules.
bool is_plain_utf8(std::string_view text) {
  if (!decode_utf8(text) || text.find('\0') != std::string_view::npos) return false;
  const std::vector<std::string_view> lines = split_lines(text.substr(0, 4096));
  const auto names_another = [](std::string_view line) {
    const std::size_t word = std::min(line.find("coding:"), line.find("coding="));
    if (word == std::string_view::npos) return false;
    const std::string_view value = trim(line.substr(word + 7));
    return !value.starts_with("utf-8") && !value.starts_with("UTF-8") && !value.starts_with("ascii");
  };
  return std::none_of(lines.begin(), lines.begin() + std::min<std::ptrdiff_t>(2, std::ssize(lines)),
                      names_another);
}

/// Lines `first` to `last` are one for pip.
struct WholeLine {
  std::size_t first = 0;
  std::size_t last = 0;
  std::string text;
};

std::vector<WholeLine> whole_lines(const std::vector<std::string_view>& lines) {
  std::vector<WholeLine> whole;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    WholeLine one{i, i, std::string(lines[i])};
    // For pip a continued comment goes on in the next line, for other installers it ends. So that line is
    // checked too.
    while (one.text.ends_with('\\') && !has_comment(lines[one.last]) && one.last + 1 < lines.size()) {
      one.text.pop_back();
      const std::string_view next = lines[++one.last];
      if (is_comment(next)) one.text += ' ';
      one.text += next;
    }
    if (one.text.ends_with('\\')) one.text.pop_back();
    i = one.last;
    whole.push_back(std::move(one));
  }
  return whole;
}

struct Finding {
  WholeLine line;
  std::string what;
};

std::vector<Finding> find_foreign(std::string_view text) {
  std::vector<Finding> found;
  const std::vector<std::string_view> lines = split_lines(text);
  if (!is_plain_utf8(text)) {
    if (lines.empty()) return found;
    Finding all;
    all.line.last = lines.size() - 1;
    all.what = kNotPlain;
    found.push_back(std::move(all));
    return found;
  }
  for (WholeLine& line : whole_lines(lines)) {
    // The mark at the beginning of a file is no part of its first line.
    std::string_view content = line.text;
    if (line.first == 0 && content.starts_with("\xef\xbb\xbf")) content.remove_prefix(3);
    content = without_comment(content);
    if (content.empty() || is_plain(content)) continue;
    std::string what = printable(content, kMaxShown);
    found.push_back({std::move(line), std::move(what)});
  }
  return found;
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
    for (const Finding& finding : find_foreign(line.is_string() ? line.get<std::string>() : to_text(line)))
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

std::vector<ForeignLine> foreign_lines(std::string_view requirements) {
  std::vector<ForeignLine> lines;
  for (Finding& finding : find_foreign(requirements))
    lines.push_back({finding.line.first + 1, std::move(finding.what)});
  return lines;
}

std::string without_foreign_lines(std::string_view requirements) {
  const std::vector<Finding> found = find_foreign(requirements);
  if (found.empty()) return std::string(requirements);
  const std::vector<std::string_view> lines = split_lines(requirements);
  std::string out;
  // After the lines in which a coding line counts.
  if (found.front().what == kNotPlain)
    out += fmt::format("# learndock: {}, so that installers may differ\n", kNotPlain);
  auto next = found.begin();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (next != found.end() && i == next->line.first)
      out +=
          "# learndock: the next line takes code from a place of the package's own choice; see "
          "--trust-sources\n";
    const bool foreign = next != found.end() && i >= next->line.first && i <= next->line.last;
    // Shown as text: nothing in a comment may end its line, nor go on in the next.
    if (foreign) {
      std::string comment = printable(lines[i], lines[i].size() * 4 + 1);
      while (comment.ends_with('\\')) comment.pop_back();
      out += fmt::format("# {}\n", comment);
    } else {
      out += fmt::format("{}\n", lines[i]);
    }
    if (next != found.end() && i == next->line.last) ++next;
  }
  return out;
}

std::vector<std::string> requirements_warnings(std::string_view requirements) {
  std::vector<std::string> warnings;
  const std::vector<ForeignLine> lines = foreign_lines(requirements);
  for (const ForeignLine& line : lines)
    add_warning(warnings,
                fmt::format("requirements.txt line {} takes code from a place of its own choice: {}",
                            line.line, line.what));
  close_warnings(warnings, lines.size(), "requirements.txt");
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
