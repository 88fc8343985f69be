#pragma once

#include "learndock/base/ids.hpp"
#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"
#include "learndock/query/search.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace learndock::client {

struct ClientOptions {
  std::string token = {};  ///< sent as a bearer token when not empty
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds io_timeout{300'000};  ///< longest silence of the server
  std::size_t max_answer_bytes = std::size_t{64} << 20;
};

/// A blocking client of a dock's server, one connection per call. A refusal comes back as the Error that the
/// server sent: code, message, where and fix.
///
/// @errors  of every call: unavailable (no server listens, connection lost), timeout, corrupt (not an answer
///          of a dock), and whatever the server answers
class Client {
 public:
  /// @param url  "http://host:port"; a path after it is kept as prefix
  /// @errors invalid_argument (not a URL, user data in it), unsupported (https)
  [[nodiscard]] static Result<Client> create(const std::string& url, const ClientOptions& options = {});

  [[nodiscard]] Result<query::SearchAnswer> search(const query::SearchRequest& request) const;
  [[nodiscard]] Result<Json> show(const LearnwareId& id) const;
  /// One page: {"learnwares": [...], "next": cursor or null}.
  [[nodiscard]] Result<Json> list(std::size_t limit, const std::string& cursor = "") const;
  [[nodiscard]] Result<Json> status() const;
  /// Any GET that answers JSON; `path` begins with '/'.
  [[nodiscard]] Result<Json> get_json(const std::string& path) const;
  /// Writes the package beside `out`, compares its SHA-256 with the server's, renames it over `out`. Returns
  /// its size.
  /// @errors digest_mismatch, no_space, io
  [[nodiscard]] Result<std::uint64_t> download(const LearnwareId& id, const std::filesystem::path& out) const;
  /// The record of the new learnware, with `warnings`. The SHA-256 is sent with the package, so the server
  /// refuses a damaged upload.
  /// @param semantic  when given, replaces the package's own semantic specification
  /// @errors also too_large: a semantic specification that does not fit into a header; send a package that
  /// holds it
  [[nodiscard]] Result<Json> upload(const std::filesystem::path& zip,
                                    const specification::SemanticSpecification* semantic = nullptr) const;
  /// Where the verification of a learnware's package stands, and what it found.
  [[nodiscard]] Result<Json> verification(const LearnwareId& id) const;
  /// Asks for another verification. @return as above
  [[nodiscard]] Result<Json> verify_again(const LearnwareId& id) const;
  [[nodiscard]] Result<void> remove(const LearnwareId& id) const;
  /// The generated script that runs the package's model on a CSV.
  [[nodiscard]] Result<std::string> use_script(const LearnwareId& id) const;

 private:
  struct Address {
    std::string host;  ///< without brackets
    std::string port;
    std::string prefix;  ///< "" or "/path" without a final '/'
  };
  Client(Address address, ClientOptions options);
  [[nodiscard]] std::string path_of(const LearnwareId& id, const char* rest = "") const;

  friend class ClientCall;
  Address address_;
  ClientOptions options_;
};

}  // namespace learndock::client
