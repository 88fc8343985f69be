#include "learndock/client/client.hpp"

#include "learndock/base/json.hpp"

#include "client/client_call.hpp"
#include "http/http_fields.hpp"
#include "http/uri.hpp"
#include "io/digest.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_handle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <unistd.h>

namespace learndock::client {
namespace {

constexpr std::string_view kScheme = "http://";
/// Servers take 16 KiB of headers.
constexpr std::size_t kMaxSemanticField = std::size_t{12} << 10;

Failure bad_url(const std::string& url, std::string why) {
  return fail(ErrorCode::invalid_argument, std::move(why), url, "write it as http://127.0.0.1:8080");
}

Failure odd_answer(std::string_view what) {
  return fail(ErrorCode::corrupt, fmt::format("the server's answer is not {}", what), {},
              "check that the address is a learndock server's, of this version or a newer one");
}

bool harmless_token(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<std::string> sha256_of_file(const std::filesystem::path& path) {
  LEARNDOCK_TRY(const io::FileHandle file, io::FileHandle::open_for_reading(path));
  LEARNDOCK_TRY(const std::uint64_t size, file.size());
  io::Sha256 digest;
  std::string chunk;
  constexpr std::uint64_t kChunkBytes = std::uint64_t{1} << 20;
  for (std::uint64_t done = 0; done < size; done += chunk.size()) {
    chunk.resize(static_cast<std::size_t>(std::min(kChunkBytes, size - done)));
    LEARNDOCK_CHECK(file.read_at(done, chunk.data(), chunk.size()));
    digest.update(chunk);
  }
  return digest.finish();
}

/// A download in progress. The destructor removes the file if it is still there.
struct PartFile {
  std::filesystem::path path;
  ~PartFile() { io::disk::remove_any(path); }  // after a successful rename there is nothing to remove
};

/// Whether a server of an earlier version refused the names of the columns, which it does not know.
bool is_unknown_columns(const Error& error, const query::SearchRequest& request) {
  return !request.columns.empty() && error.code == ErrorCode::invalid_argument && error.where == "/columns";
}

}  // namespace

Result<Client> Client::create(const std::string& url, const ClientOptions& options) {
  if (url.starts_with("https://"))
    return fail(ErrorCode::unsupported, "this client does not speak https", url,
                "reach the server through a tunnel (ssh -L 8080:localhost:8080 HOST) or a local proxy, and "
                "use http://");
  if (!url.starts_with(kScheme)) return bad_url(url, "the server's address does not begin with http://");
  const std::string_view rest = std::string_view(url).substr(kScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  if (authority.find('@') != std::string_view::npos)
    return bad_url(url.substr(0, kScheme.size()) + "...",
                   "the address holds a user name or password; use a token instead");
  auto parsed = http::parse_authority(authority);
  if (!parsed) return bad_url(url, "the server's address is not http://HOST or http://HOST:PORT");
  std::string prefix(rest.substr(slash));
  while (prefix.ends_with('/')) prefix.pop_back();
  const auto plain = [](char c) { return c > 0x20 && c < 0x7f && c != '?' && c != '#'; };
  if (!std::all_of(prefix.begin(), prefix.end(), plain))
    return bad_url(url, "the server's address has a query or odd bytes");
  if (!harmless_token(options.token))
    return fail(ErrorCode::invalid_argument, "the token holds a space or a byte outside printable ASCII");
  Address address{std::move(parsed->host), parsed->port.empty() ? "80" : std::move(parsed->port),
                  std::move(prefix)};
  return Client(std::move(address), options);
}

Client::Client(Address address, ClientOptions options)
    : address_(std::move(address)), options_(std::move(options)) {}

/// Gives call_server what it needs of a Client.
class ClientCall {
 public:
  static Result<Incoming> run(const Client& client, Outgoing outgoing) {
    outgoing.path = client.address_.prefix + outgoing.path;
    const auto& address = client.address_;
    const std::string host =
        address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]";
    return call_server({address.host, address.port, fmt::format("{}:{}", host, address.port)},
                       client.options_, outgoing);
  }

  static Result<Json> run_for_json(const Client& client, Outgoing outgoing) {
    LEARNDOCK_TRY(const Incoming incoming, run(client, std::move(outgoing)));
    JsonLimits limits;
    limits.max_bytes = client.options_.max_answer_bytes;
    auto json = parse_json(incoming.body, limits);
    if (!json) return odd_answer("JSON");
    return json;
  }
};

std::string Client::path_of(const LearnwareId& id, const char* rest) const {
  return "/v1/learnwares/" + http::percent_encode(id.text()) + rest;
}

Result<query::SearchAnswer> Client::search(const query::SearchRequest& request) const {
  Outgoing outgoing;
  outgoing.method = "POST";
  outgoing.path = "/v1/search";
  outgoing.fields = {{"Content-Type", "application/json"}};
  outgoing.body = to_text(query::to_json(request));
  const auto json = ClientCall::run_for_json(*this, std::move(outgoing));
  if (!json && is_unknown_columns(json.error(), request)) {
    query::SearchRequest older = request;
    older.columns.clear();
    return search(older);
  }
  if (!json) return Failure(json.error());
  auto answer = query::answer_from_json(*json);
  if (!answer) return odd_answer(fmt::format("a search answer: {}", answer.error().message));
  return answer;
}

Result<Json> Client::get_json(const std::string& path) const {
  Outgoing outgoing;
  outgoing.path = path;
  return ClientCall::run_for_json(*this, std::move(outgoing));
}

Result<Json> Client::show(const LearnwareId& id) const { return get_json(path_of(id)); }
Result<Json> Client::status() const { return get_json("/v1/status"); }

Result<Json> Client::list(std::size_t limit, const std::string& cursor) const {
  std::string path = fmt::format("/v1/learnwares?limit={}", limit);
  if (!cursor.empty()) path += "&cursor=" + http::percent_encode(cursor);
  LEARNDOCK_TRY(Json page, get_json(path));
  if (!page.is_object() || !page.contains("learnwares") || !page["learnwares"].is_array() ||
      !page.contains("next"))
    return odd_answer("a list of learnwares");
  for (const Json& record : page["learnwares"])
    for (const char* key : {"id", "name", "status"})
      if (!record.is_object() || !record.contains(key) || !record[key].is_string())
        return odd_answer("a list of learnwares");
  return page;
}

Result<std::uint64_t> Client::download(const LearnwareId& id, const std::filesystem::path& out) const {
  PartFile part{out};
  part.path += fmt::format(".{}.part", ::getpid());
  Outgoing outgoing;
  outgoing.path = path_of(id, "/package");
  outgoing.save_to = part.path;
  LEARNDOCK_TRY(const Incoming incoming, ClientCall::run(*this, std::move(outgoing)));
  const auto declared = http::sha256_of_digest_field(incoming.repr_digest);
  if (!declared) return odd_answer("a package with its SHA-256");
  if (*declared != incoming.saved_sha256)
    return fail(ErrorCode::digest_mismatch,
                fmt::format("the package received has SHA-256 {}, the server says {}", incoming.saved_sha256,
                            *declared),
                {}, "download it again; nothing was written");
  LEARNDOCK_CHECK(io::rename_file(part.path, out));
  LEARNDOCK_CHECK(io::sync_folder_of(out));
  return incoming.saved;
}

Result<Json> Client::upload(const std::filesystem::path& zip,
                            const specification::SemanticSpecification* semantic) const {
  LEARNDOCK_TRY(const std::string sha256, sha256_of_file(zip));
  Outgoing outgoing;
  outgoing.method = "POST";
  outgoing.path = "/v1/learnwares";
  outgoing.fields = {{"Content-Type", "application/zip"}, {"Content-Digest", http::digest_field(sha256)}};
  if (semantic != nullptr) {
    std::string field = http::byte_sequence(to_text(specification::semantic_to_json(*semantic)));
    if (field.size() > kMaxSemanticField)
      return fail(ErrorCode::too_large, "the semantic specification is too long for a header");
    outgoing.fields.emplace_back("Learndock-Semantic", std::move(field));
  }
  outgoing.file = zip;
  return ClientCall::run_for_json(*this, std::move(outgoing));
}

Result<Json> Client::verification(const LearnwareId& id) const {
  Outgoing outgoing;
  outgoing.path = path_of(id, "/verification");
  return ClientCall::run_for_json(*this, std::move(outgoing));
}
Result<Json> Client::verify_again(const LearnwareId& id) const {
  Outgoing outgoing;
  outgoing.method = "POST";
  outgoing.path = path_of(id, "/verification");
  return ClientCall::run_for_json(*this, std::move(outgoing));
}
Result<void> Client::remove(const LearnwareId& id) const {
  Outgoing outgoing;
  outgoing.method = "DELETE";
  outgoing.path = path_of(id);
  LEARNDOCK_CHECK(ClientCall::run(*this, std::move(outgoing)));
  return {};
}

Result<std::string> Client::use_script(const LearnwareId& id) const {
  Outgoing outgoing;
  outgoing.path = path_of(id, "/use.py");
  LEARNDOCK_TRY(Incoming incoming, ClientCall::run(*this, std::move(outgoing)));
  return std::move(incoming.body);
}

}  // namespace learndock::client
