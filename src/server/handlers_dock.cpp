#include "server/handlers_dock.hpp"

#include "learndock/base/json.hpp"

#include "base/log.hpp"
#include "base/number.hpp"
#include "http/http_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace learndock::server {
namespace {

constexpr std::uint64_t kDefaultPage = 50;
constexpr std::uint64_t kMaxPage = 200;
constexpr std::size_t kCursorDigits = 16;

/// Cursors are opaque to clients: they may come to mean something else.
std::string cursor_of(std::uint64_t after) { return fmt::format("s{:016x}", after); }

Result<std::uint64_t> position_of(const std::string& cursor) {
  const bool shaped = cursor.size() == 1 + kCursorDigits && cursor[0] == 's';
  const auto after =
      shaped ? whole_number<std::uint64_t>(std::string_view(cursor).substr(1), 16) : std::nullopt;
  if (!after)
    return fail(ErrorCode::invalid_argument, "this cursor was not given out by this dock", "cursor",
                "pass the \"next\" of the page before, or no cursor for the first page");
  return *after;
}

Result<LearnwareId> id_of(const Request& request) {
  LEARNDOCK_CHECK(request.target.query.only({}));
  return LearnwareId::create(request.parameters.at(0));
}

/// Errors about an upload name the staging file; its place on the server is none of the client's business.
Error without_path(Error error, const std::string& path) {
  for (std::string* text : {&error.where, &error.message, &error.fix})
    for (std::size_t at = 0; (at = text->find(path, at)) != std::string::npos;)
      text->replace(at, path.size(), "package.zip");
  return error;
}

/// A missing package that a record names is a loss of the dock, not a wrong id, unless the learnware was
/// removed a moment ago.
Failure no_package(const Context& context, const LearnwareId& id, Error error) {
  if (error.code != ErrorCode::not_found) return Failure(std::move(error));
  const auto record = context.dock.find(id);
  if (!record || record->package_digest.empty()) return Failure(record ? std::move(error) : record.error());
  return fail(ErrorCode::corrupt, fmt::format("the dock has lost the package of learnware {}", id.text()),
              std::move(error.where), "tell the dock's owner; sending the package again mends it");
}

/// The semantic specification that came beside an upload.
Result<std::optional<specification::SemanticSpecification>> semantic_of(const Request& request) {
  const auto field = request.head.field("learndock-semantic");
  if (!field) return std::nullopt;
  const auto text = http::bytes_of_sequence(*field);
  if (!text)
    return fail(ErrorCode::invalid_argument, "the header is not a byte sequence", "Learndock-Semantic",
                "write the JSON in base64 between two colons");
  auto semantic = specification::semantic_from_json_text(*text);
  if (!semantic) return pass_on(std::move(semantic).error(), "Learndock-Semantic");
  return std::optional(std::move(*semantic));
}

/// Compares the bytes with the digests that the client declared, in each field and each line of it.
Result<void> check_digests(const Request& request, const StagedFile& staged) {
  for (const auto& [name, value] : request.head.fields) {
    if (name != "content-digest" && name != "repr-digest") continue;
    LEARNDOCK_TRY(const std::vector<std::string> declared, http::digests_of_field(value, name));
    if (std::all_of(declared.begin(), declared.end(), [&](const auto& one) { return one == staged.sha256; }))
      continue;
    return fail(ErrorCode::digest_mismatch,
                fmt::format("the {} bytes received have another SHA-256 than {} says", staged.bytes, name),
                name, "send the file again; nothing was stored");
  }
  return {};
}

struct PackageFile {
  std::shared_ptr<const io::FileHandle> file;
  std::uint64_t bytes = 0;
  std::string sha256;
};

/// Opens the package once, so that the client gets all of it even when the learnware is removed meanwhile.
Result<PackageFile> open_package(const Context& context, const LearnwareId& id) {
  LEARNDOCK_TRY(const catalog::LearnwareRecord record, context.dock.find(id));
  const auto path = context.dock.package_path(id);
  if (!path) return no_package(context, id, path.error());
  auto file = io::FileHandle::open_for_reading(*path);
  if (!file) return no_package(context, id, std::move(file).error());
  PackageFile out;
  LEARNDOCK_TRY(out.bytes, file->size());
  if (out.bytes != record.package_bytes) {
    context.metrics.package_damaged();
    return fail(ErrorCode::corrupt,
                fmt::format("the package of learnware {} is damaged: it has {} bytes, its record says {}",
                            id.text(), out.bytes, record.package_bytes),
                path->string(), "tell the dock's owner; sending the package again mends it");
  }
  out.file = std::make_shared<const io::FileHandle>(std::move(*file));
  out.sha256 = record.package_digest;
  return out;
}

/// Whether Range counts: it does for GET, and with If-Range only when that names this very representation.
bool range_counts(const Request& request, const std::string& tag) {
  if (request.head.method != "GET") return false;
  const auto condition = request.head.field("if-range");
  return !condition || *condition == tag;
}

}  // namespace

Result<Response> list_learnwares(const Context& context, const Request& request) {
  const http::Query& query = request.target.query;
  LEARNDOCK_CHECK(query.only({"limit", "cursor"}));
  const auto limit = http::parse_number(query.get("limit").value_or(std::to_string(kDefaultPage)), kMaxPage);
  if (!limit || *limit == 0)
    return fail(ErrorCode::invalid_argument, fmt::format("limit is not a number from 1 to {}", kMaxPage),
                "limit");
  std::uint64_t after = 0;
  if (const auto cursor = query.get("cursor")) {
    LEARNDOCK_TRY(after, position_of(*cursor));
  }
  LEARNDOCK_TRY(const catalog::RecordPage page, context.dock.list(after, static_cast<std::size_t>(*limit)));
  Json learnwares = Json::array();
  for (const catalog::LearnwareRecord& record : page.records) learnwares.push_back(dock::to_json(record));
  Json json{{"learnwares", std::move(learnwares)}, {"next", nullptr}};
  if (page.next) json["next"] = cursor_of(*page.next);
  return json_response(200, json);
}

Result<Response> show_learnware(const Context& context, const Request& request) {
  LEARNDOCK_TRY(const LearnwareId id, id_of(request));
  LEARNDOCK_TRY(const catalog::LearnwareRecord record, context.dock.find(id));
  return json_response(200, dock::to_json(record));
}

Result<Response> upload(const Context& context, const Request& request) {
  LEARNDOCK_CHECK(request.target.query.only({}));
  const StagedFile& staged = *request.staged;
  if (auto same = check_digests(request, staged); !same) {
    context.metrics.upload_refused(same.error().code);
    return Failure(std::move(same).error());
  }
  LEARNDOCK_TRY(const std::optional<specification::SemanticSpecification> semantic, semantic_of(request));
  std::vector<std::string> warnings;
  auto record = context.dock.add_package(staged.path, semantic ? &*semantic : nullptr, &warnings);
  if (!record) {
    context.metrics.upload_refused(record.error().code);
    return Failure(without_path(std::move(record).error(), staged.path.string()));
  }
  context.metrics.upload_stored();
  log(LogLevel::info,
      fmt::format("stored learnware={} package={} who={} id={}", http::percent_encode(record->id.text()),
                  record->package_digest, request.principal.name, request.id));
  Json json = dock::to_json(*record);
  json["warnings"] = warnings;
  // The package is stored, whatever becomes of this look at its job.
  const auto job = context.dock.verification(record->id);
  json["verification"] = job ? dock::to_json(*job) : Json(nullptr);
  Response response = json_response(201, json);
  response.with("Location", "/v1/learnwares/" + http::percent_encode(record->id.text()));
  return response;
}

Result<Response> show_verification(const Context& context, const Request& request) {
  LEARNDOCK_TRY(const LearnwareId id, id_of(request));
  LEARNDOCK_TRY(const catalog::VerificationStatus found, context.dock.verification(id));
  Response response = json_response(200, dock::to_json(found));
  response.with("Cache-Control", "no-cache");
  return response;
}

Result<Response> verify_again(const Context& context, const Request& request) {
  LEARNDOCK_TRY(const LearnwareId id, id_of(request));
  LEARNDOCK_TRY(const catalog::VerificationStatus asked, context.dock.verify_again(id));
  log(LogLevel::info, fmt::format("verification asked learnware={} who={} id={}",
                                  http::percent_encode(id.text()), request.principal.name, request.id));
  return json_response(202, dock::to_json(asked));
}

Result<Response> remove_learnware(const Context& context, const Request& request) {
  LEARNDOCK_TRY(const LearnwareId id, id_of(request));
  std::optional<std::int64_t> kept_until;
  LEARNDOCK_TRY(const catalog::LearnwareRecord removed, context.dock.remove(id, &kept_until));
  log(LogLevel::info,
      fmt::format("deleted learnware={} package={} who={} id={}", http::percent_encode(id.text()),
                  removed.package_digest.empty() ? "none" : removed.package_digest, request.principal.name,
                  request.id));
  Response response;
  if (kept_until) response.with("Learndock-Kept-Until", dock::utc_text(*kept_until));
  response.status = 204;
  return response;
}

Result<Response> download(const Context& context, const Request& request) {
  LEARNDOCK_TRY(const LearnwareId id, id_of(request));
  LEARNDOCK_TRY(const PackageFile package, open_package(context, id));
  const std::string tag = fmt::format("\"{}\"", package.sha256);
  Response response;
  response.with("ETag", tag).with("Cache-Control", "no-cache");
  if (const auto known = request.head.field("if-none-match"); known && http::names_entity_tag(*known, tag)) {
    response.status = 304;
    return response;
  }
  response.with("Content-Type", "application/zip")
      .with("Content-Disposition", http::attachment(http::file_name_of(id.text()) + ".zip"))
      .with("Repr-Digest", http::digest_field(package.sha256))
      .with("Accept-Ranges", "bytes");
  response.slice = FileSlice{package.file, 0, package.bytes, package.sha256, id.text()};
  const auto range = request.head.field("range");
  if (!range || !range_counts(request, tag)) return response;
  auto part = http::parse_range(*range, package.bytes);
  if (!part) {
    Response refusal = problem_response(part.error(), request.target.path, request.id);
    refusal.with("Content-Range", fmt::format("bytes */{}", package.bytes));
    return refusal;
  }
  if (!*part) return response;
  response.status = 206;
  const bool whole = (*part)->length == package.bytes;
  response.slice = FileSlice{package.file, (*part)->first, (*part)->length,
                             whole ? package.sha256 : std::string(), id.text()};
  response.with("Content-Range", fmt::format("bytes {}-{}/{}", (*part)->first,
                                             (*part)->first + (*part)->length - 1, package.bytes));
  return response;
}

Result<Response> use_script(const Context& context, const Request& request) {
  LEARNDOCK_TRY(const LearnwareId id, id_of(request));
  const auto entry = context.dock.model_entry(id);
  if (!entry) return no_package(context, id, entry.error());
  Response response;
  response.body = dock::use_script(*entry, id.text(), http::file_name_of(id.text()) + ".zip");
  response.with("Content-Type", "text/x-python; charset=utf-8")
      .with("Content-Disposition", http::attachment("use.py"))
      .with("Cache-Control", "no-cache");
  return response;
}

}  // namespace learndock::server
