#include "server/exchange.hpp"

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "http/http_fields.hpp"
#include "http/uri.hpp"
#include "server/guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <new>
#include <thread>

namespace learndock::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSmallAnswerBytes = std::size_t{64} << 10;
constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
/// Used in logs and metrics only: no client is there to be answered.
constexpr int kClientGone = 499;

/// Escapes a client's text, so that it cannot end a quoted field or a line of the log.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

/// A caller's own id is kept when it is harmless in logs and headers.
std::string request_id(const http::RequestHead* head) {
  constexpr std::size_t kMaxBytes = 64;
  const auto given = head == nullptr ? std::nullopt : head->field("x-request-id");
  const auto harmless = [](char c) {
    return is_digit(c) || is_letter(c) || c == '-' || c == '_' || c == '.';
  };
  if (!given || given->empty() || given->size() > kMaxBytes) return next_request_id();
  return std::all_of(given->begin(), given->end(), harmless) ? std::string(*given) : next_request_id();
}

/// Turns a handler's bugs and exhausted memory into a 500, so that they do not end the server.
Result<Response> call_handler(const Route& route, const Context& context, const Request& request) {
  try {
    return route.handler(context, request);
  } catch (const std::exception& exception) {
    log(LogLevel::error,
        fmt::format("id={} handler of {} threw: {}", request.id, route.pattern, exception.what()));
    return fail(ErrorCode::internal, "an internal error happened in the server", {},
                fmt::format("report it with the request id {}", request.id));
  }
}

Failure too_many_waiting() {
  return fail(ErrorCode::overloaded, "too many requests are waiting", {}, "try again in a second");
}

Failure waited_too_long(std::chrono::milliseconds patience) {
  return fail(ErrorCode::overloaded,
              fmt::format("no worker was free for this request within {} ms", patience.count()), {},
              "try again in a second");
}

/// The part of a server-side failure that a client may know: it does not say where the dock's files are.
Error for_the_client(Error error, const std::string& id) {
  if (http_status(error.code) >= 500 && !error.where.empty()) {
    log(LogLevel::error, fmt::format("id={} {}", id, escaped(describe(error))));
    error.where.clear();
  }
  return error;
}

}  // namespace

Exchange::Exchange(Session& session, Result<http::RequestHead> head)
    : session_(session),
      shared_(session.shared_),
      body_(session, request_),
      answer_share_(shared_.answer_bytes, session.address_key()) {
  request_.id = request_id(head ? &*head : nullptr);
  if (head) {
    request_.head = std::move(*head);
    request_.principal = principal_of(shared_.context.access, request_.head);
  } else {
    head_error_ = std::move(head).error();
  }
}

void Exchange::Turn::finish() {
  const auto set = [self = shared_from_this()] {
    self->finished = true;
    self->timer.cancel();
  };
  // This wake-up must not be lost: without it the connection would wait for ever.
  for (bool posted = false; !posted;) {
    try {
      asio::post(timer.get_executor(), set);
      posted = true;
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
}

/// Refuses everything that can be refused before the body is read.
Result<void> Exchange::admit() {
  if (head_error_) return Failure(*head_error_);
  LEARNDOCK_CHECK(check_host(shared_.context, request_.head));
  LEARNDOCK_TRY(request_.target, http::parse_target(request_.head.target));
  auto match = find_route(request_.head.method, request_.target.segments);
  if (!match) {
    if (!match.error().allow.empty()) response_.with("Allow", match.error().allow);
    return Failure(std::move(match).error().error);
  }
  route_ = match->route;
  request_.parameters = std::move(match->parameters);
  if (route_->writes) LEARNDOCK_CHECK(admit_write());
  request_.media = http::media_type(request_.head.field("content-type").value_or(""));
  LEARNDOCK_CHECK(check_body(shared_.options.limits, *route_, request_.head));
  // This comes before the client is told to go on: a package that cannot be stored need not be sent.
  if (route_->body == BodyKind::package)
    return shared_.context.dock.room_for(request_.head.content_length.value_or(1));
  return {};
}

Result<void> Exchange::admit_write() {
  auto admitted = check_write(shared_.context, request_.head, request_.principal, session_.peer_);
  if (!admitted && admitted.error().code == ErrorCode::throttled)
    response_.with("Retry-After", std::to_string(shared_.context.access.pause().count()));
  return admitted;
}

asio::awaitable<bool> Exchange::run() {
  auto admitted = admit();
  body_unread_ = head_error_.has_value() || request_.head.has_body();
  if (admitted && route_->body != BodyKind::none) admitted = co_await body_.read(*route_);
  if (body_.lost()) co_return false;
  body_unread_ = body_unread_ && !body_.complete();
  request_.arrived = Clock::now();
  if (admitted)
    co_await answer();
  else
    refuse(admitted.error());
  if (lost_) {
    record(false);
    co_return false;
  }
  body_.release();
  const bool close =
      body_unread_ || !request_.head.keep_alive || session_.finish_ || session_.shared_.context.stopping;
  const bool delivered = co_await send(close);
  record(delivered);
  if (delivered && body_unread_) co_await session_.linger();
  co_return delivered && !close;
}

asio::awaitable<void> Exchange::answer() {
  Result<Response> result = too_many_waiting();
  if (route_->work == Work::quick) {
    result = call_handler(*route_, shared_.context, request_);
  } else if (route_->work == Work::probe) {
    if (Share job_share(shared_.probe_jobs, session_.address_key()); job_share.take(1)) {
      std::function<void()> job = [&] { result = call_handler(*route_, shared_.context, request_); };
      co_await run_on(shared_.probes, std::move(job));
    }
  } else {
    co_await work(shared_.lane(route_->work), result);
    if (lost_) co_return;  // its status for the log is set
  }
  if (result && !answer_share_.take(result->body.size()))
    result = fail(ErrorCode::overloaded, "too many large answers are being read at once", {},
                  "try again in a second");
  if (result)
    response_ = std::move(*result);
  else
    refuse(result.error());
}

/// Runs the handler in the lane of its kind, unless the client closes the connection, or the lane's patience
/// ends, before its turn comes.
asio::awaitable<void> Exchange::work(Lane& lane, Result<Response>& result) {
  Metrics& metrics = shared_.context.metrics;
  const auto turn = std::make_shared<Turn>(session_.executor());
  metrics.handler_waits();
  const auto ticket = lane.enter(
      session_.address_key(),
      [&] {
        metrics.handler_starts();
        result = call_handler(*route_, shared_.context, request_);
        metrics.handler_ends();
      },
      [turn] { turn->finish(); });
  if (ticket) {
    session_.watch_for_close([turn] {
      turn->gone = true;
      turn->timer.cancel();
    });
    if (co_await wait(lane, ticket, *turn)) {
      session_.stop_watching();
      co_return;
    }
    session_.stop_watching();
    if (!turn->gone) result = waited_too_long(lane.limits().patience);
  }
  metrics.handler_starts();  // it waits no longer, and was never run
  metrics.handler_ends();
  if (!turn->gone) co_return;
  lost_ = true;
  response_.status = kClientGone;
}

/// Returns whether the handler ran. The handler is never left running, since it uses this request's objects.
asio::awaitable<bool> Exchange::wait(Lane& lane, std::shared_ptr<Lane::Ticket> ticket, Turn& turn) {
  turn.timer.expires_at(request_.arrived + lane.limits().patience);
  bool given_up = false;
  while (!turn.finished) {
    error_code woken;
    co_await turn.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (turn.finished || given_up) continue;
    if (lane.withdraw(ticket)) co_return false;
    given_up = true;  // it runs by now, so all that is left is its end
    turn.timer.expires_at(Clock::time_point::max());
  }
  co_return true;
}

void Exchange::refuse(const Error& error) {
  auto kept = std::move(response_.fields);  // Allow
  const std::string_view path = request_.target.path;
  response_ = problem_response(for_the_client(error, request_.id), path, request_.id);
  for (auto& field : kept) response_.fields.push_back(std::move(field));
}

asio::awaitable<bool> Exchange::send(bool close) {
  std::string head = head_text(response_, request_.id, close);
  const bool bodyless = request_.head.method == "HEAD" || response_.status == 204 || response_.status == 304;
  std::string_view body = bodyless ? std::string_view() : response_.text();
  if (body.size() <= kSmallAnswerBytes) {
    head += body;  // one packet for the many small answers
    body = {};
  }
  sent_ = bodyless ? 0 : response_.content_length();
  if (co_await session_.write(head)) co_return false;
  if (!body.empty() && co_await session_.write(body)) co_return false;
  if (bodyless || !response_.slice) co_return true;
  co_return co_await send_slice(*response_.slice);
}

asio::awaitable<bool> Exchange::send_slice(const FileSlice& slice) {
  std::string chunk;
  io::Sha256 digest;
  for (std::uint64_t done = 0; done < slice.length;) {
    chunk.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, slice.length - done)));
    Result<void> read;
    std::function<void()> job = [&] {
      read = slice.file->read_at(slice.first + done, chunk.data(), chunk.size());
      if (read && !slice.sha256.empty()) digest.update(chunk);
    };
    co_await run_on(shared_.files, std::move(job));
    if (!read) {
      // The header is out: all that is left is to break off, so that the client sees a short body.
      log(LogLevel::error, fmt::format("id={} {}", request_.id, describe(read.error())));
      co_return false;
    }
    const bool last = done + chunk.size() == slice.length;
    if (last && !slice.sha256.empty() && digest.finish() != slice.sha256) {
      // Without its last piece the client cannot take the package for whole.
      shared_.context.metrics.package_damaged();
      log(LogLevel::error, fmt::format("id={} the package of learnware {} is damaged: its SHA-256 is not {}",
                                       request_.id, http::percent_encode(slice.learnware), slice.sha256));
      co_return false;
    }
    if (co_await session_.write(chunk)) co_return false;
    done += chunk.size();
  }
  co_return true;
}

void Exchange::record(bool delivered) const {
  const std::chrono::duration<double> elapsed = Clock::now() - begin_;
  const std::string_view route = route_ == nullptr ? "unmatched" : route_->pattern;
  const bool writes = route_ != nullptr && route_->writes;
  shared_.context.metrics.request(route, request_.head.method, response_.status, elapsed);
  // The query is left out: it may hold what a user typed. A method is a token, so it needs no escapes.
  log(LogLevel::info,
      fmt::format("http id={} peer={} method={} path=\"{}\" status={} bytes={} ms={:.2f}{}{}{}", request_.id,
                  session_.peer_, request_.head.method, escaped(request_.target.path), response_.status,
                  sent_, elapsed.count() * 1000, writes ? " who=" : "", writes ? request_.principal.name : "",
                  delivered ? "" : " cut=true"));
}

}  // namespace learndock::server
