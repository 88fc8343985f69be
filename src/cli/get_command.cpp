// `get`: a package and what is needed to use it. All that can be refused is refused before anything is
// written.
#include "learndock/base/file.hpp"
#include "learndock/market/market.hpp"
#include "learndock/package/package.hpp"
#include "learndock/service/client.hpp"

#include "cli/command.hpp"
#include "package/manifest.hpp"
#include "service/file_handle.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <optional>
#include <unistd.h>

namespace learndock::cli {
namespace {

namespace fs = std::filesystem;

/// How the files written beside a package begin; any other file of their name is never overwritten.
constexpr std::string_view kScriptMark = "Runs one learnware's model";
constexpr std::string_view kRequirementsMark = "written by learndock get";
constexpr std::size_t kMaxCompanionBytes = std::size_t{1} << 20;

/// A package on its way; what is left of it at the end of its life is removed, and so is a folder made for
/// it.
class Incoming {
 public:
  static Result<Incoming> create(const fs::path& zip) {
    Incoming incoming;
    incoming.part_ = zip;
    incoming.part_ += fmt::format(".{}.get", ::getpid());
    const fs::path folder = zip.has_parent_path() ? zip.parent_path() : fs::path(".");
    std::error_code error;
    if (!fs::exists(folder, error)) incoming.made_ = folder;
    fs::create_directories(folder, error);
    if (error) return Failure(system_error(error.value(), "create the folder of", zip));
    return incoming;
  }
  Incoming(Incoming&& other) noexcept = default;
  Incoming& operator=(Incoming&&) = delete;
  ~Incoming() {
    std::error_code ignored;  // best effort; the folder stays when it holds anything
    if (!part_.empty()) fs::remove(part_, ignored);
    if (!made_.empty()) fs::remove(made_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return part_; }
  Result<void> become(const fs::path& zip) {
    if (::rename(part_.c_str(), zip.c_str()) != 0) return Failure(system_error(errno, "rename", zip));
    part_.clear();
    made_.clear();
    return sync_directory(zip.has_parent_path() ? zip.parent_path() : fs::path("."));
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
  auto old = read_file(path, kMaxCompanionBytes);
  if (!old && old.error().code == ErrorCode::too_large) return false;
  if (!old) return Failure(std::move(old).error());
  const bool ours =
      old->find(kScriptMark) != std::string::npos || old->find(kRequirementsMark) != std::string::npos;
  return ours && old->find(package_name) != std::string::npos;
}

/// `name` beside the package, or, when a file of the user's or another package's has that name, one that
/// begins with the package's: "learnware-use.py".
Result<fs::path> companion_of(const fs::path& zip, const std::string& name) {
  const fs::path usual = zip.parent_path() / name;
  LEARNDOCK_TRY(const bool usual_is_free, is_free(usual, zip.filename().string()));
  if (usual_is_free) return usual;
  const fs::path own = zip.parent_path() / fmt::format("{}-{}", zip.stem().string(), name);
  LEARNDOCK_TRY(const bool own_is_free, is_free(own, ""));
  if (own_is_free) return own;
  return fail(ErrorCode::conflict, "a file of that name is already there and is not ours", own.string(),
              "fetch into another folder, or choose another name for the package");
}

Result<void> copy_streamed(const fs::path& from, const fs::path& to) {
  constexpr std::uint64_t kChunkBytes = std::uint64_t{1} << 20;
  LEARNDOCK_TRY(const service::FileHandle source, service::FileHandle::open_for_reading(from));
  LEARNDOCK_TRY(const std::uint64_t size, source.size());
  LEARNDOCK_TRY(service::FileHandle target, service::FileHandle::create(to));
  std::string chunk;
  for (std::uint64_t done = 0; done < size; done += chunk.size()) {
    chunk.resize(static_cast<std::size_t>(std::min(kChunkBytes, size - done)));
    LEARNDOCK_CHECK(source.read_at(done, chunk.data(), chunk.size()));
    LEARNDOCK_CHECK(target.append(chunk));
  }
  return target.finish();
}

Result<void> fetch(const DockChoice& dock, const LearnwareId& id, const fs::path& to) {
  if (!dock.server.empty()) {
    LEARNDOCK_TRY(const service::Client client, service::Client::create(dock.server, {.token = dock.token}));
    LEARNDOCK_CHECK(client.download(id, to));
    return {};
  }
  LEARNDOCK_TRY(const auto market, market::Market::open(dock.directory));
  LEARNDOCK_TRY(const fs::path package, market->package_path(id));
  return copy_streamed(package, to);
}

struct Companions {
  std::string script;
  std::optional<std::string> requirements;
};

Result<Companions> companions_of(const fs::path& package, const LearnwareId& id,
                                 const std::string& zip_name) {
  const package::PackageLimits limits;
  LEARNDOCK_TRY(const std::string yaml,
                package::read_entry(package, "learnware.yaml", limits.max_yaml_bytes));
  LEARNDOCK_TRY(const package::Manifest manifest, package::read_manifest(yaml, limits));
  Companions out;
  out.script = market::use_script(manifest.model, id.text(), zip_name);
  auto text = package::read_entry(package, "requirements.txt", kMaxCompanionBytes - 1024);
  if (text)
    out.requirements = fmt::format("# of the package {}, {}\n{}", zip_name, kRequirementsMark, *text);
  else if (text.error().code != ErrorCode::not_found)
    return Failure(std::move(text).error());
  return out;
}

Result<void> get(const DockChoice& dock, const std::string& id_text, const std::string& out,
                 const OutputOptions& output) {
  LEARNDOCK_CHECK(check(dock));
  LEARNDOCK_TRY(const LearnwareId id, LearnwareId::create(id_text));
  const fs::path zip(out);
  std::error_code ignored;  // what cannot be looked at is reported when it is written to
  if (!zip.has_filename() || fs::is_directory(zip, ignored))
    return fail(ErrorCode::usage, "--out is a folder, not a file", out,
                fmt::format("name the zip file: --out {}", (zip / (id.text() + ".zip")).string()));
  LEARNDOCK_TRY(const fs::path script_path, companion_of(zip, "use.py"));
  LEARNDOCK_TRY(const fs::path requirements_path, companion_of(zip, "requirements.txt"));
  LEARNDOCK_TRY(Incoming incoming, Incoming::create(zip));
  LEARNDOCK_CHECK(fetch(dock, id, incoming.path()));
  LEARNDOCK_TRY(const Companions companions, companions_of(incoming.path(), id, zip.filename().string()));
  LEARNDOCK_CHECK(write_file_atomically(script_path, companions.script));
  if (companions.requirements)
    LEARNDOCK_CHECK(write_file_atomically(requirements_path, *companions.requirements));
  LEARNDOCK_CHECK(incoming.become(zip));
  if (output.json)
    print_json(
        {{"id", id.text()},
         {"package", zip.string()},
         {"use", script_path.string()},
         {"requirements", companions.requirements ? Json(requirements_path.string()) : Json(nullptr)}});
  else
    print_line(fmt::format("wrote {} and {}", zip.string(), script_path.string()));
  return {};
}

}  // namespace

void add_get_command(CLI::App& app, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  auto dock = std::make_shared<DockChoice>();
  auto id = std::make_shared<std::string>(), out = std::make_shared<std::string>();
  CLI::App* command =
      add_command(app, invocation, "get", "Fetch a package, with a use.py to run it and its requirements",
                  "learndock get 00000001 --server http://127.0.0.1:8080 --out try/learnware.zip",
                  [=, &output] { return get(*dock, *id, *out, output); });
  add_dock_choice(*command, *dock);
  command->add_option("id", *id, "The learnware's id")->required();
  command->add_option("--out", *out, "Zip file to write")->required();
}

}  // namespace learndock::cli
