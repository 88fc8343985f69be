#pragma once

#include "learndock/base/digest.hpp"

#include "service/body_pace.hpp"
#include "service/body_reader.hpp"
#include "service/shared.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace learndock::service {

/// One request and its answer.
class Exchange {
 public:
  /// A head that could not be read is answered with its error.
  Exchange(Session& session, Result<RequestHead> head);

  /// Whether the connection can carry another request.
  asio::awaitable<bool> run(std::size_t head_bytes);

 private:
  Result<void> admit();
  Result<void> admit_write();
  asio::awaitable<Result<void>> read_body(std::size_t head_bytes);
  asio::awaitable<Result<void>> read_framed();
  asio::awaitable<Result<void>> more_body(BodyPace& pace);
  asio::awaitable<Result<void>> keep(std::string_view bytes);
  asio::awaitable<Result<void>> stage();
  asio::awaitable<Result<void>> finish_staging();
  asio::awaitable<void> answer();
  asio::awaitable<void> work(Result<Response>& result);
  void refuse(const Error& error);
  asio::awaitable<bool> send(bool close);
  asio::awaitable<bool> send_slice(const FileSlice& slice);
  void record(bool delivered) const;

  Session& session_;
  Shared& shared_;
  Share body_share_;
  Share upload_share_;
  Share answer_share_;
  Request request_;
  Response response_;
  std::optional<Error> head_error_;
  const Route* route_ = nullptr;
  std::optional<FileHandle> staging_;
  Sha256 staging_digest_;
  bool lost_ = false;         ///< the client has gone
  bool body_unread_ = false;  ///< bytes of this request may still be on the way
  std::uint64_t sent_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace learndock::service
