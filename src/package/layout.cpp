#include "package/layout.hpp"

#include "archive/path_rules.hpp"
#include "text/unicode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace learndock::package {
namespace {

constexpr std::string_view kDockPrefix = ".learndock";

/// Files that operating systems and Python leave behind; they are never part of a learnware.
bool is_ignored_part(std::string_view part) {
  return part == "__MACOSX" || part == "__pycache__" || part == ".DS_Store" || part == "Thumbs.db" ||
         part == "desktop.ini" || part.starts_with("._") || part.ends_with(".pyc");
}

bool is_ignored(std::string_view path) {
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (is_ignored_part(path.substr(0, slash))) return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
  return false;
}

/// The folder (with '/') that holds everything, or "" when files lie at the top.
Result<std::string> find_root(const std::vector<const ContentEntry*>& entries) {
  std::set<std::string> tops;
  for (const ContentEntry* entry : entries) {
    const auto slash = entry->name.find('/');
    if (slash == std::string::npos) return std::string();
    tops.insert(entry->name.substr(0, slash + 1));
  }
  if (tops.size() == 1) return *tops.begin();
  return fail(ErrorCode::package_roots,
              fmt::format("the package has no file at its top but {} folders there ({}, {}{})", tops.size(),
                          *tops.begin(), *std::next(tops.begin()), tops.size() > 2 ? ", ..." : ""),
              {}, "put learnware.yaml and its files at the top, or all of them into one folder");
}

/// Refuses names that the dock writes itself, now or later: they may not come with another meaning.
Result<void> check_reserved(const std::string& name, const std::string& shown) {
  const std::string_view top = std::string_view(name).substr(0, name.find('/'));
  const std::string top_folded = text::fold_name(top);
  if (top_folded == kSemanticFile && name != kSemanticFile)
    return fail(ErrorCode::package_reserved_name,
                fmt::format("the name is reserved for the file {}", kSemanticFile), shown, "rename it");
  if (top_folded.starts_with(kDockPrefix))
    return fail(ErrorCode::package_reserved_name,
                fmt::format("names that begin with {} are reserved", kDockPrefix), shown, "rename it");
  return {};
}

}  // namespace

Result<Layout> find_layout(const std::vector<ContentEntry>& entries) {
  Layout layout;
  std::vector<const ContentEntry*> kept;
  std::size_t ignored = 0;
  std::string first_ignored;
  for (const ContentEntry& entry : entries) {
    if (entry.name == archive::kTopFolder) continue;
    if (!is_ignored(entry.name))
      kept.push_back(&entry);
    else if (ignored++ == 0)
      first_ignored = entry.name;
  }
  if (kept.empty())
    return fail(ErrorCode::package_missing_file, "the package holds no file of a learnware",
                "learnware.yaml");
  if (ignored > 0)
    layout.warnings.push_back(fmt::format(
        "{} files left by the system or by Python are ignored, for example {}", ignored, first_ignored));
  LEARNDOCK_TRY(const std::string root, find_root(kept));
  if (!root.empty())
    layout.warnings.push_back(fmt::format("everything lies in the folder {}; it is taken off", root));
  for (const ContentEntry* entry : kept) {
    const std::string name = entry->name.substr(root.size());
    if (name.empty()) continue;  // the root folder itself
    LEARNDOCK_CHECK(check_reserved(name, entry->name));
    if (!entry->directory()) layout.files.emplace(name, static_cast<std::size_t>(entry - entries.data()));
  }
  return layout;
}

std::string near_miss(const Layout& layout, const std::string& name) {
  const std::string wanted = text::fold_name(name);
  for (const auto& [file, index] : layout.files) {
    const std::string there = text::fold_name(file);
    if (there == wanted || there.ends_with("/" + wanted)) return file;
    if (wanted.ends_with(".yaml") && there == wanted.substr(0, wanted.size() - 4) + "yml") return file;
  }
  return {};
}

Result<std::size_t> require_file(const Layout& layout, const std::string& name, std::string_view role) {
  if (const auto found = layout.files.find(name); found != layout.files.end()) return found->second;
  const std::string similar = near_miss(layout, name);
  const std::string add = name == "learnware.yaml" ? "add learnware.yaml at the top of the package"
                                                   : fmt::format("add {} beside learnware.yaml", name);
  return fail(ErrorCode::package_missing_file, fmt::format("the package lacks {} ({})", name, role), name,
              similar.empty() ? add
                              : fmt::format("the package has \"{}\"; name and place must be exactly \"{}\"",
                                            similar, name));
}

}  // namespace learndock::package
