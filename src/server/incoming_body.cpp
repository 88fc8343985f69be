#include "server/incoming_body.hpp"

#include "http/body_reader.hpp"
#include "server/guard.hpp"

#include <fmt/format.h>

namespace learndock::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kSmallBodyBytes = std::uint64_t{1} << 20;
constexpr std::chrono::milliseconds kUploadPause{50};

http::BodyReader reader_of(const http::HttpLimits& limits, const Route& route,
                           const http::RequestHead& head) {
  return http::BodyReader::of_head(
      head, {body_limit(limits, route.body), limits.max_header_bytes, limits.max_header_fields});
}

}  // namespace

IncomingBody::IncomingBody(Session& session, Request& request)
    : session_(session),
      shared_(session.shared_),
      request_(request),
      body_share_(shared_.body_bytes, session.address_key()),
      small_body_share_(shared_.small_body_bytes, session.address_key()),
      upload_share_(shared_.uploads, session.address_key()) {}

asio::awaitable<Result<void>> IncomingBody::read(const Route& route) {
  if (route.body == BodyKind::package) {
    auto staged = co_await stage();
    if (!staged) co_return staged;
  }
  if (request_.head.expects_continue && request_.head.has_body()) {
    if (co_await session_.write("HTTP/1.1 100 Continue\r\n\r\n")) {
      lost_ = true;
      co_return Result<void>{};
    }
  }
  session_.sending_since_ = Clock::now().time_since_epoch().count();
  auto read = co_await take_out(route);
  session_.sending_since_ = 0;
  complete_ = read && !lost_;
  if (complete_ && staging_) read = co_await finish_staging();
  co_return read;
}

void IncomingBody::release() {
  staging_.reset();
  request_.staged.reset();
  upload_share_.give_back();
  request_.body = {};
  body_share_.give_back();
  small_body_share_.give_back();
}

asio::awaitable<Result<void>> IncomingBody::take_out(const Route& route) {
  const http::HttpLimits& limits = shared_.options.limits;
  http::BodyReader reader = reader_of(limits, route, request_.head);
  http::BodyPace pace(limits, route.body == BodyKind::package);
  std::string content;
  while (!reader.done()) {
    if (session_.buffer_.size() == 0) {
      auto arrived = co_await more(pace);
      if (!arrived || lost_) co_return arrived;
    }
    const std::string_view received(static_cast<const char*>(session_.buffer_.data().data()),
                                    session_.buffer_.size());
    content.clear();
    const auto used = reader.take(received, content);
    if (!used) co_return Failure(used.error());
    session_.buffer_.consume(*used);
    auto kept = co_await keep(content);
    if (!kept) co_return kept;
  }
  co_return Result<void>{};
}

/// Waits for bytes of the body, as long as they come fast enough.
asio::awaitable<Result<void>> IncomingBody::more(http::BodyPace& pace) {
  const auto begin = Clock::now();
  error_code error;
  session_.arm(shared_.options.limits.body_grace);
  const std::size_t got = co_await session_.read_more(error);
  session_.disarm();
  if (session_.timed_out_) co_return fail(ErrorCode::http_slow, "the body stopped arriving");
  if (error) {
    lost_ = true;
    co_return Result<void>{};
  }
  co_return pace.add(Clock::now() - begin, got);
}

/// Puts a piece of the body where the route wants it.
asio::awaitable<Result<void>> IncomingBody::keep(std::string_view bytes) {
  if (bytes.empty()) co_return Result<void>{};
  if (!staging_) {
    if (!take_memory(bytes.size()))
      co_return fail(ErrorCode::overloaded, "too many large requests are arriving at once", {},
                     "try again in a second");
    request_.body += bytes;
    co_return Result<void>{};
  }
  Result<void> written;
  std::function<void()> job = [&] {
    staging_digest_.update(bytes);
    written = request_.staged->space.take(bytes.size());
    if (!written) return;
    written = staging_->append(bytes);
    request_.staged->space.written();
  };
  co_await run_on(shared_.files, std::move(job));
  request_.staged->bytes += bytes.size();
  co_return written;
}

/// Large bodies never take the memory that is kept for small ones, so a search gets through beside them.
bool IncomingBody::take_memory(std::size_t bytes) {
  if (body_share_.take(bytes)) return true;
  const std::uint64_t length = request_.head.content_length.value_or(request_.body.size() + bytes);
  return length <= kSmallBodyBytes && small_body_share_.take(bytes);
}

/// Uploads beyond an address's share wait a moment before their bodies are read: one that ends makes room.
asio::awaitable<bool> IncomingBody::await_upload_place() {
  const auto end = Clock::now() + shared_.options.upload_wait;
  asio::steady_timer pause(session_.executor());
  while (!upload_share_.take(1)) {
    if (Clock::now() >= end || session_.finish_) co_return false;
    error_code ignored;  // no one cancels this pause
    pause.expires_after(kUploadPause);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return true;
}

asio::awaitable<Result<void>> IncomingBody::stage() {
  if (!co_await await_upload_place())
    co_return fail(ErrorCode::overloaded, "too many uploads are running", {}, "try again in a second");
  const auto path =
      shared_.context.dock.staging_directory() / fmt::format("upload-{}.zip", next_request_id());
  Result<io::FileHandle> file = fail(ErrorCode::internal, "not opened");
  std::function<void()> job = [&] {
    if (auto created = io::FileHandle::create(path))
      staging_.emplace(std::move(*created));
    else
      file = Failure(std::move(created).error());
  };
  co_await run_on(shared_.files, std::move(job));
  if (!staging_) {
    Error error = std::move(file).error();
    if (error.code == ErrorCode::not_found)
      error.code = ErrorCode::io;  // the dock's own folder, not the client's fault
    co_return Failure(std::move(error));
  }
  request_.staged = std::make_shared<StagedFile>(shared_.context.dock.hold_space());
  request_.staged->path = path;
  co_return Result<void>{};
}

asio::awaitable<Result<void>> IncomingBody::finish_staging() {
  Result<void> closed;
  std::function<void()> job = [&] { closed = staging_->finish(); };
  co_await run_on(shared_.files, std::move(job));
  request_.staged->sha256 = staging_digest_.finish();
  co_return closed;
}

}  // namespace learndock::server
