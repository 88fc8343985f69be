#pragma once

#include "http/body_pace.hpp"
#include "io/digest.hpp"
#include "server/session.hpp"

#include <optional>
#include <string_view>

namespace learndock::server {

/// The body of one request on its way in: out of its framing, fast enough, into memory or into a file, and no
/// more of either than the client's share. Used on the session's strand.
class IncomingBody {
 public:
  IncomingBody(Session& session, Request& request);

  /// Reads the body to where the route wants it. The head says how it is framed and is not read again.
  asio::awaitable<Result<void>> read(const Route& route);
  /// Gives the memory and the file back: a client that is slow to read its answer holds neither.
  void release();

  /// Whether the client has gone.
  [[nodiscard]] bool lost() const { return lost_; }
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  asio::awaitable<Result<void>> take_out(const Route& route);
  asio::awaitable<Result<void>> more(http::BodyPace& pace);
  asio::awaitable<Result<void>> keep(std::string_view bytes);
  [[nodiscard]] bool take_memory(std::size_t bytes);
  asio::awaitable<bool> await_upload_place();
  asio::awaitable<Result<void>> stage();
  asio::awaitable<Result<void>> finish_staging();

  Session& session_;
  Shared& shared_;
  Request& request_;
  Share body_share_;
  Share small_body_share_;
  Share upload_share_;
  std::optional<io::FileHandle> staging_;
  io::Sha256 staging_digest_;
  bool lost_ = false;
  bool complete_ = false;
};

}  // namespace learndock::server
