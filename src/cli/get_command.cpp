// The command `get`: fetches a package and writes what is needed to use it. All that can be refused is
// refused before anything is written.
#include "cli/get_command.hpp"

#include "learndock/base/json.hpp"
#include "learndock/client/client.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/package/package.hpp"

#include "base/utf8.hpp"
#include "io/digest.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_handle.hpp"
#include "io/file_rights.hpp"
#include "package/canonical_entry.hpp"
#include "package/manifest.hpp"
#include "package/requirements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unistd.h>
#include <vector>

namespace learndock::cli {
namespace {

namespace fs = std::filesystem;

/// How the files written beside a package begin; any other file of their name is never overwritten.
constexpr std::string_view kScriptMark = "Runs one learnware's model";
constexpr std::string_view kRequirementsMark = "written by learndock get";
constexpr std::size_t kMaxCompanionBytes = std::size_t{1} << 20;

/// A package being fetched. The destructor removes what is left of it, and a folder that was made for it.
class Incoming {
 public:
  static Result<Incoming> create(const fs::path& zip) {
    Incoming incoming;
    incoming.part_ = zip;
    incoming.part_ += fmt::format(".{}.get", ::getpid());
    const fs::path folder = zip.has_parent_path() ? zip.parent_path() : fs::path(".");
    std::error_code error;
    if (!fs::exists(folder, error)) incoming.made_ = folder;
    LEARNDOCK_CHECK(io::create_user_folder(folder));
    return incoming;
  }
  Incoming(Incoming&& other) noexcept = default;
  Incoming& operator=(Incoming&&) = delete;
  ~Incoming() {
    // This is best effort, and the folder stays when it is not empty.
    if (!part_.empty()) io::disk::remove_any(part_);
    if (!made_.empty()) io::disk::remove_any(made_);
  }
  [[nodiscard]] const fs::path& path() const { return part_; }
  Result<void> become(const fs::path& zip) {
    LEARNDOCK_CHECK(io::rename_file(part_, zip));
    part_.clear();
    made_.clear();
    return io::sync_folder_of(zip);
  }

 private:
  Incoming() = default;
  fs::path part_;
  fs::path made_;
};

/// Whether a companion may be written here: nothing is there, or a companion whose text holds `package_name`.
Result<bool> is_free(const fs::path& path, const std::string& package_name) {
  std::error_code error;
  if (!fs::exists(path, error)) return true;
  if (!fs::is_regular_file(path, error)) return false;
  auto old = io::read_file(path, kMaxCompanionBytes);
  if (!old && old.error().code == ErrorCode::too_large) return false;
  if (!old) return Failure(std::move(old).error());
  const bool ours =
      old->find(kScriptMark) != std::string::npos || old->find(kRequirementsMark) != std::string::npos;
  return ours && old->find(package_name) != std::string::npos;
}

/// The path of `name` beside the package. When a file of the user or of another package has that name, the
/// path begins with this package's name instead: "learnware-use.py".
Result<fs::path> companion_of(const fs::path& zip, const std::string& name) {
  const fs::path usual = zip.parent_path() / name;
  LEARNDOCK_TRY(const bool usual_is_free, is_free(usual, zip.filename().string()));
  if (usual_is_free) return usual;
  const fs::path own = zip.parent_path() / fmt::format("{}-{}", zip.stem().string(), name);
  LEARNDOCK_TRY(const bool own_is_free, is_free(own, ""));
  if (own_is_free) return own;
  return fail(ErrorCode::conflict, "a file of this name exists that learndock did not write for this package",
              own.string(), "fetch into another folder, or choose another name for the package");
}

/// Returns the SHA-256 of what was copied.
Result<std::string> copy_streamed(const fs::path& from, const fs::path& to) {
  constexpr std::uint64_t kChunkBytes = std::uint64_t{1} << 20;
  LEARNDOCK_TRY(const io::FileHandle source, io::FileHandle::open_for_reading(from));
  LEARNDOCK_TRY(const std::uint64_t size, source.size());
  LEARNDOCK_TRY(io::FileHandle target, io::FileHandle::create_for_user(to));
  io::Sha256 digest;
  std::string chunk;
  for (std::uint64_t done = 0; done < size; done += chunk.size()) {
    chunk.resize(static_cast<std::size_t>(std::min(kChunkBytes, size - done)));
    LEARNDOCK_CHECK(source.read_at(done, chunk.data(), chunk.size()));
    digest.update(chunk);
    LEARNDOCK_CHECK(target.append(chunk));
  }
  LEARNDOCK_CHECK(target.finish());
  return digest.finish();
}

Result<Json> fetch_from_folder(const DockChoice& dock, const LearnwareId& id, const fs::path& to) {
  LEARNDOCK_TRY(const auto opened, open_to_read(dock));
  LEARNDOCK_TRY(const catalog::LearnwareRecord record, opened->find(id));
  LEARNDOCK_TRY(const fs::path package, opened->package_path(id));
  LEARNDOCK_TRY(const std::string sha256, copy_streamed(package, to));
  if (sha256 == record.package_digest) return dock::to_json(record);
  return fail(ErrorCode::digest_mismatch,
              fmt::format("the package of learnware {} has SHA-256 {}, its record says {}", id.text(), sha256,
                          record.package_digest),
              package.string(), "the dock's copy is damaged: nothing was written; push the package again");
}

/// Fetches the package, checked against its SHA-256, and its record.
Result<Json> fetch(const DockChoice& dock, const LearnwareId& id, const fs::path& to) {
  if (dock.server.empty()) return fetch_from_folder(dock, id, to);
  LEARNDOCK_TRY(const client::Client client, client::Client::create(dock.server, {.token = dock.token}));
  LEARNDOCK_TRY(Json record, client.show(id));
  LEARNDOCK_CHECK(client.download(id, to));
  return record;
}

struct Companions {
  std::string script;
  std::optional<std::string> requirements;
  std::vector<std::string> warnings;  ///< warnings found in the package itself
  std::size_t commented_out = 0;      ///< lines of the requirements that were commented out
};

/// The list with a head that says where it is from. The coding line keeps pip from decoding the text in
/// another way.
/// @param files  for lists that this one names
void take_requirements(std::string_view bytes, const package::FileReader& files, const std::string& zip_name,
                       bool trust_sources, Companions& out) {
  out.warnings = package::requirements_warnings(bytes, files);
  const std::string head = fmt::format("# -*- coding: utf-8 -*-\n# of the package {}, {}\n",
                                       printable(zip_name), kRequirementsMark);
  if (trust_sources) {
    out.requirements = head + package::requirements_in_utf8(bytes);
    return;
  }
  const package::FilteredList list = package::without_foreign_lines(bytes);
  out.commented_out = list.commented_out;
  out.requirements = head + list.text;
}

Result<Companions> companions_of(const fs::path& package, const LearnwareId& id, const std::string& zip_name,
                                 bool trust_sources) {
  const archive::ArchiveLimits limits;
  LEARNDOCK_TRY(const package::CanonicalPackage opened, package::CanonicalPackage::open(package));
  LEARNDOCK_TRY(const std::string yaml, opened.read("learnware.yaml", limits.max_yaml_bytes));
  LEARNDOCK_TRY(const package::Manifest manifest, package::read_manifest(yaml, limits));
  Companions out;
  out.script = dock::use_script(manifest.model, id.text(), zip_name);
  const auto entry = [&](const std::string& name, std::size_t most) -> Result<std::optional<std::string>> {
    auto bytes = opened.read(name, most);
    if (!bytes && bytes.error().code == ErrorCode::not_found) return std::optional<std::string>();
    if (!bytes) return Failure(std::move(bytes).error());
    return std::optional(std::move(*bytes));
  };
  const package::FileReader file = [&](const std::string& name) {
    return entry(name, limits.max_yaml_bytes);
  };
  LEARNDOCK_TRY(const auto requirements, entry("requirements.txt", kMaxCompanionBytes - 1024));
  if (requirements) take_requirements(*requirements, file, zip_name, trust_sources, out);
  LEARNDOCK_TRY(const auto environment, file("environment.yaml"));
  if (environment)
    for (std::string& warning : package::environment_warnings(*environment))
      out.warnings.push_back(std::move(warning));
  return out;
}

/// The warnings of the record and those of the package itself, each once. Docks of older versions stored
/// none.
std::vector<std::string> all_warnings(const Json& record, std::vector<std::string> shown_by_package) {
  std::vector<std::string> warnings;
  if (record.is_object() && record.contains("warnings") && record["warnings"].is_array())
    for (const Json& warning : record["warnings"])
      if (warning.is_string()) warnings.push_back(warning.get<std::string>());
  for (std::string& warning : shown_by_package)
    if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
      warnings.push_back(std::move(warning));
  return warnings;
}

struct Choice {
  std::string id;
  std::string out;
  bool trust_sources = false;
};

void tell(const OutputOptions& output, const Companions& companions, const fs::path& requirements) {
  if (companions.commented_out > 0)
    note(output,
         fmt::format(
             "{} of {} commented out, because they take code from a place of the package's own choice; "
             "--trust-sources keeps them",
             companions.commented_out == 1 ? "1 line is"
                                           : fmt::format("{} lines are", companions.commented_out),
             requirements.string()));
}

Result<void> get(const DockChoice& dock, const Choice& choice, const OutputOptions& output) {
  LEARNDOCK_CHECK(check(dock));
  LEARNDOCK_TRY(const LearnwareId id, LearnwareId::create(choice.id));
  const fs::path zip(choice.out);
  std::error_code ignored;  // what cannot be looked at is reported when it is written to
  if (!zip.has_filename() || fs::is_directory(zip, ignored))
    return fail(ErrorCode::usage, "--out is a folder, not a file", choice.out,
                fmt::format("name the zip file: --out {}", (zip / (id.text() + ".zip")).string()));
  LEARNDOCK_TRY(const fs::path script_path, companion_of(zip, "use.py"));
  LEARNDOCK_TRY(const fs::path requirements_path, companion_of(zip, "requirements.txt"));
  LEARNDOCK_TRY(Incoming incoming, Incoming::create(zip));
  LEARNDOCK_TRY(const Json record, fetch(dock, id, incoming.path()));
  LEARNDOCK_TRY(const Companions companions,
                companions_of(incoming.path(), id, zip.filename().string(), choice.trust_sources));
  LEARNDOCK_CHECK(io::write_user_file(script_path, companions.script));
  if (companions.requirements)
    LEARNDOCK_CHECK(io::write_user_file(requirements_path, *companions.requirements));
  LEARNDOCK_CHECK(incoming.become(zip));
  const std::vector<std::string> warnings = warn(output, all_warnings(record, companions.warnings));
  tell(output, companions, requirements_path);
  if (output.json)
    print_json({{"id", id.text()},
                {"package", zip.string()},
                {"use", script_path.string()},
                {"requirements", companions.requirements ? Json(requirements_path.string()) : Json(nullptr)},
                {"commented_out", companions.commented_out},
                {"warnings", warnings}});
  else
    print_line(fmt::format("wrote {} and {}", zip.string(), script_path.string()));
  return {};
}

}  // namespace

void add_get_command(CLI::App& app, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  auto dock = std::make_shared<DockChoice>();
  auto choice = std::make_shared<Choice>();
  CLI::App* command =
      add_command(app, invocation, "get", "Fetch a package, with a use.py to run it and its requirements",
                  "learndock get 00000001 --server http://127.0.0.1:8080 --out try/learnware.zip",
                  [=, &output] { return get(*dock, *choice, output); });
  add_dock_choice(*command, *dock);
  command->add_option("id", choice->id, "The learnware's id")->required();
  command->add_option("--out", choice->out, "Zip file to write")->required();
  command->add_flag(
      "--trust-sources", choice->trust_sources,
      "Keep the lines of requirements.txt that take code from a place of the package's own choice; "
      "without it they are commented out");
}

}  // namespace learndock::cli
