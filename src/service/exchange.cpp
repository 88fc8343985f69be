// One request and its answer: takes the body out of its framing and hands the complete request to its
// handler.
#include "service/exchange.hpp"

#include "learndock/base/log.hpp"

#include "service/guard.hpp"
#include "service/http_fields.hpp"
#include "service/uri.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <random>

namespace learndock::service {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSmallAnswerBytes = std::size_t{64} << 10;
constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
/// In logs and metrics only: nobody is there to be answered.
constexpr int kClientGone = 499;

std::string next_request_id() {
  static const std::uint32_t process = std::random_device{}();
  static std::atomic<std::uint32_t> count{0};
  return fmt::format("{:08x}{:08x}", process, count.fetch_add(1));
}

/// A caller's own id is kept when it is harmless in logs and headers.
std::string request_id(const RequestHead* head) {
  constexpr std::size_t kMaxBytes = 64;
  const auto given = head == nullptr ? std::nullopt : head->field("x-request-id");
  const auto harmless = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
  };
  if (!given || given->empty() || given->size() > kMaxBytes) return next_request_id();
  return std::all_of(given->begin(), given->end(), harmless) ? std::string(*given) : next_request_id();
}

/// A handler's own bugs and exhausted memory become a 500, not the end of the server.
Result<Response> call_handler(const Route& route, const Context& context, const Request& request) {
  try {
    return route.handler(context, request);
  } catch (const std::exception& exception) {
    log(LogLevel::error,
        fmt::format("id={} handler of {} threw: {}", request.id, route.pattern, exception.what()));
    return fail(ErrorCode::internal, "the server met a fault of its own", {},
                fmt::format("report it with the request id {}", request.id));
  }
}

BodyReader body_reader(const HttpLimits& limits, const Route& route, const RequestHead& head) {
  const BodyReader::Limits bounds{body_limit(limits, route.body), limits.max_header_bytes,
                                  limits.max_header_fields};
  return head.chunked ? BodyReader::chunked(bounds)
                      : BodyReader::of_length(head.content_length.value_or(0), bounds);
}

/// What a client may know of a server-side failure: not where the dock's files are.
Error for_the_client(Error error, const std::string& id) {
  if (http_status(error.code) >= 500 && !error.where.empty()) {
    log(LogLevel::error, fmt::format("id={} {}", id, describe(error)));
    error.where.clear();
  }
  return error;
}

}  // namespace

Exchange::Exchange(Session& session, Result<RequestHead> head)
    : session_(session),
      shared_(session.shared_),
      body_share_(shared_.body_bytes),
      upload_share_(shared_.uploads),
      answer_share_(shared_.answer_bytes) {
  request_.id = request_id(head ? &*head : nullptr);
  if (head)
    request_.head = std::move(*head);
  else
    head_error_ = std::move(head).error();
}

/// Everything that can be refused before the body is read.
Result<void> Exchange::admit() {
  if (head_error_) return Failure(*head_error_);
  LEARNDOCK_CHECK(check_host(shared_.context, request_.head));
  LEARNDOCK_TRY(request_.target, parse_target(request_.head.target));
  auto match = find_route(request_.head.method, request_.target.segments);
  if (!match) {
    if (!match.error().allow.empty()) response_.with("Allow", match.error().allow);
    return Failure(std::move(match).error().error);
  }
  route_ = match->route;
  request_.parameters = std::move(match->parameters);
  if (route_->writes) LEARNDOCK_CHECK(admit_write());
  request_.media = media_type(request_.head.field("content-type").value_or(""));
  return check_body(shared_.options.limits, *route_, request_.head);
}

Result<void> Exchange::admit_write() {
  auto who = check_write(shared_.context, request_.head, session_.peer_);
  if (!who && who.error().code == ErrorCode::throttled)
    response_.with("Retry-After", std::to_string(shared_.context.access.pause().count()));
  if (!who) return Failure(std::move(who).error());
  request_.who = std::move(*who);
  return {};
}

asio::awaitable<bool> Exchange::run(std::size_t head_bytes) {
  auto admitted = admit();
  body_unread_ = head_error_.has_value() || request_.head.has_body();
  if (admitted && route_->body != BodyKind::none)
    admitted = co_await read_body(head_bytes);
  else if (admitted)
    session_.buffer_.consume(head_bytes);
  if (lost_) co_return false;
  request_.arrived = Clock::now();
  if (admitted)
    co_await answer();
  else
    refuse(admitted.error());
  if (lost_) {
    record(false);
    co_return false;
  }
  // The upload's file and the body are done with; a client that is slow to read its answer holds neither.
  staging_.reset();
  request_.staged.reset();
  request_.body = {};
  const bool close =
      body_unread_ || !request_.head.keep_alive || session_.finish_ || session_.shared_.context.stopping;
  const bool delivered = co_await send(close);
  record(delivered);
  if (delivered && body_unread_) co_await session_.linger();
  if (!admitted && !close) session_.buffer_.consume(head_bytes);
  co_return delivered && !close;
}

asio::awaitable<Result<void>> Exchange::read_body(std::size_t head_bytes) {
  if (request_.head.expects_continue && body_unread_) {
    if (co_await session_.write("HTTP/1.1 100 Continue\r\n\r\n")) {
      lost_ = true;
      co_return Result<void>{};
    }
  }
  if (route_->body == BodyKind::package) {
    auto staged = co_await stage();
    if (!staged) co_return staged;
  }
  session_.buffer_.consume(head_bytes);
  auto read = co_await read_framed();
  if (read && !lost_) body_unread_ = false;
  if (read && !lost_ && staging_) read = co_await finish_staging();
  co_return read;
}

asio::awaitable<Result<void>> Exchange::read_framed() {
  const HttpLimits& limits = shared_.options.limits;
  BodyReader reader = body_reader(limits, *route_, request_.head);
  BodyPace pace(limits, route_->body == BodyKind::package);
  std::string content;
  while (!reader.done()) {
    if (session_.buffer_.size() == 0) {
      auto arrived = co_await more_body(pace);
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
asio::awaitable<Result<void>> Exchange::more_body(BodyPace& pace) {
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
asio::awaitable<Result<void>> Exchange::keep(std::string_view bytes) {
  if (bytes.empty()) co_return Result<void>{};
  if (!staging_) {
    if (!body_share_.take(bytes.size()))
      co_return fail(ErrorCode::overloaded, "too many large requests are arriving at once", {},
                     "try again in a second");
    request_.body += bytes;
    co_return Result<void>{};
  }
  Result<void> written;
  std::function<void()> job = [&] {
    staging_digest_.update(bytes);
    written = staging_->append(bytes);
  };
  co_await run_on(shared_.files, std::move(job));
  request_.staged->bytes += bytes.size();
  co_return written;
}

asio::awaitable<Result<void>> Exchange::stage() {
  if (!upload_share_.take(1))
    co_return fail(ErrorCode::overloaded, "too many uploads are running", {}, "try again in a second");
  const auto path =
      shared_.context.market.staging_directory() / fmt::format("upload-{}.zip", next_request_id());
  Result<FileHandle> file = fail(ErrorCode::internal, "not opened");
  std::function<void()> job = [&] {
    if (auto created = FileHandle::create(path))
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
  request_.staged = std::make_shared<StagedFile>();
  request_.staged->path = path;
  co_return Result<void>{};
}

asio::awaitable<Result<void>> Exchange::finish_staging() {
  Result<void> closed;
  std::function<void()> job = [&] { closed = staging_->finish(); };
  co_await run_on(shared_.files, std::move(job));
  request_.staged->sha256 = staging_digest_.finish();
  co_return closed;
}

asio::awaitable<void> Exchange::answer() {
  Result<Response> result =
      fail(ErrorCode::overloaded, "too many requests are waiting", {}, "try again in a second");
  const bool probe = route_->work == Work::probe;
  if (route_->work == Work::quick) {
    result = call_handler(*route_, shared_.context, request_);
  } else if (Share job_share(probe ? shared_.probe_jobs : shared_.jobs); job_share.take(1)) {
    if (probe) {
      std::function<void()> job = [&] { result = call_handler(*route_, shared_.context, request_); };
      co_await run_on(shared_.probes, std::move(job));
    } else {
      co_await work(result);
    }
  }
  if (result && !answer_share_.take(result->body.size()))
    result = fail(ErrorCode::overloaded, "too many large answers are being read at once", {},
                  "try again in a second");
  if (result)
    response_ = std::move(*result);
  else
    refuse(result.error());
}

/// On the bounded pool, unless the client closes the connection before its turn comes.
asio::awaitable<void> Exchange::work(Result<Response>& result) {
  Metrics& metrics = shared_.context.metrics;
  const auto gone = session_.watch_for_close();
  bool skipped = false;
  std::function<void()> job = [&] {
    metrics.handler_starts();
    skipped = *gone;
    if (!skipped) result = call_handler(*route_, shared_.context, request_);
    metrics.handler_ends();
  };
  metrics.handler_waits();
  co_await run_on(shared_.work, std::move(job));
  session_.stop_watching();
  if (!skipped) co_return;
  lost_ = true;
  response_.status = kClientGone;
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
  Sha256 digest;
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
                                       request_.id, percent_encode(slice.learnware), slice.sha256));
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
  shared_.context.metrics.request(route, request_.head.method, response_.status, elapsed);
  // The query is left out: it may hold what a user typed. Paths and methods were checked to be printable.
  log(LogLevel::info,
      fmt::format("http id={} peer={} method={} path=\"{}\" status={} bytes={} ms={:.2f}{}{}{}", request_.id,
                  session_.peer_, request_.head.method, request_.target.path, response_.status, sent_,
                  elapsed.count() * 1000, request_.who.empty() ? "" : " who=", request_.who,
                  delivered ? "" : " cut=true"));
}

}  // namespace learndock::service
