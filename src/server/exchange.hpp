#pragma once

#include "server/incoming_body.hpp"
#include "server/session.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace learndock::server {

/// One request and its answer.
class Exchange {
 public:
  /// A head that could not be read is answered with its error.
  Exchange(Session& session, Result<http::RequestHead> head);

  /// Whether the connection can carry another request.
  asio::awaitable<bool> run();

 private:
  /// A request's wait for a lane; the timer ends it. Used on the session's strand.
  struct Turn : std::enable_shared_from_this<Turn> {
    explicit Turn(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    bool finished = false;
    bool gone = false;
    /// May be called from any thread.
    void finish();
  };
  Result<void> admit();
  Result<void> admit_write();
  asio::awaitable<void> answer();
  asio::awaitable<void> work(Lane& lane, Result<Response>& result);
  asio::awaitable<bool> wait(Lane& lane, std::shared_ptr<Lane::Ticket> ticket, Turn& turn);
  void refuse(const Error& error);
  asio::awaitable<bool> send(bool close);
  asio::awaitable<bool> send_slice(const FileSlice& slice);
  void record(bool delivered) const;

  Session& session_;
  Shared& shared_;
  Request request_;
  IncomingBody body_;
  Share answer_share_;
  Response response_;
  std::optional<Error> head_error_;
  const Route* route_ = nullptr;
  bool lost_ = false;         ///< the client has gone
  bool body_unread_ = false;  ///< bytes of this request may still be on the way
  std::uint64_t sent_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace learndock::server
