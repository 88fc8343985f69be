#pragma once

#include "learndock/base/result.hpp"
#include "learndock/client/client.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace learndock::client {

/// A request as a client sends it.
struct Outgoing {
  std::string method = "GET";
  std::string path;  ///< with query
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::optional<std::filesystem::path> file;  ///< body from a file, sent after the server agreed to take it
  std::optional<std::filesystem::path> save_to;  ///< where the body of a 200 goes; a new file
};

/// An answer of status below 300. Failures are Errors already.
struct Incoming {
  int status = 0;
  std::string body;
  std::string repr_digest;  ///< the Repr-Digest field, or ""
  std::uint64_t saved = 0;  ///< bytes in `save_to`
  std::string saved_sha256;
};

struct ServerAddress {
  std::string host;
  std::string port;
  std::string authority;  ///< for Host and messages
};

/// One connection, one request, one answer.
[[nodiscard]] Result<Incoming> call_server(const ServerAddress& address, const ClientOptions& options,
                                           const Outgoing& outgoing);

}  // namespace learndock::client
