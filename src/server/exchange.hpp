#pragma once

#include "http/body_pace.hpp"
#include "http/body_reader.hpp"
#include "io/digest.hpp"
#include "server/shared.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace learndock::server {

/// An id that no other request of this process has, nor likely one of another process.
[[nodiscard]] std::string next_request_id();

/// One request and its answer.
class Exchange {
 public:
  /// A head that could not be read is answered with its error.
  Exchange(Session& session, Result<http::RequestHead> head);

  /// Whether the connection can carry another request.
  asio::awaitable<bool> run(std::size_t head_bytes);

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
  asio::awaitable<Result<void>> read_body(std::size_t head_bytes);
  asio::awaitable<Result<void>> read_framed();
  asio::awaitable<Result<void>> more_body(http::BodyPace& pace);
  asio::awaitable<Result<void>> keep(std::string_view bytes);
  [[nodiscard]] bool take_memory(std::size_t bytes);
  asio::awaitable<bool> await_upload_place();
  asio::awaitable<Result<void>> stage();
  asio::awaitable<Result<void>> finish_staging();
  asio::awaitable<void> answer();
  asio::awaitable<void> work(Lane& lane, Result<Response>& result);
  asio::awaitable<bool> wait(Lane& lane, std::shared_ptr<Lane::Ticket> ticket, Turn& turn);
  void refuse(const Error& error);
  asio::awaitable<bool> send(bool close);
  asio::awaitable<bool> send_slice(const FileSlice& slice);
  void record(bool delivered) const;

  Session& session_;
  Shared& shared_;
  Share body_share_;
  Share small_body_share_;
  Share upload_share_;
  Share answer_share_;
  Request request_;
  Response response_;
  std::optional<Error> head_error_;
  const Route* route_ = nullptr;
  std::optional<io::FileHandle> staging_;
  io::Sha256 staging_digest_;
  bool lost_ = false;         ///< the client has gone
  bool body_unread_ = false;  ///< bytes of this request may still be on the way
  std::uint64_t sent_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace learndock::server
