// One connection: reads requests by the strict rules of http_head.hpp, under deadlines, and answers one after
// another.
#include "server/session.hpp"

#include "server/exchange.hpp"

#include <algorithm>

namespace learndock::server {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::chrono::milliseconds kLinger{2'000};
constexpr std::size_t kLingerBytes = std::size_t{8} << 20;

std::string key_of(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const asio::ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return asio::ip::address_v6(bytes).to_string();
}

using Clock = std::chrono::steady_clock;

std::optional<Clock::time_point> time_of(Clock::rep ticks) {
  if (ticks == 0) return std::nullopt;
  return Clock::time_point(Clock::duration(ticks));
}

bool asks_probe(const http::RequestHead& head) {
  const auto target = http::parse_target(head.target);
  if (!target) return false;
  const auto match = find_route(head.method, target->segments);
  return match && is_probe(*match->route);
}

asio::awaitable<void> call(std::function<void()> job) {
  job();
  co_return;
}

}  // namespace

asio::awaitable<void> run_on(asio::thread_pool& pool, std::function<void()> job) {
  auto running = call(std::move(job));
  co_await asio::co_spawn(pool.get_executor(), std::move(running), asio::use_awaitable);
}

Session::Session(Shared& shared, tcp::socket socket)
    : shared_(shared), socket_(std::move(socket)), timer_(socket_.get_executor()), buffer_(2 * kReadBytes) {
  error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  peer_ = error ? "gone" : endpoint.address().to_string();
  if (shared_.options.per_address_shares) address_key_ = error ? peer_ : key_of(endpoint.address());
  socket_.set_option(tcp::no_delay(true), error);
}

void Session::arm(std::chrono::milliseconds timeout) {
  timed_out_ = false;
  timer_.expires_after(timeout);
  timer_.async_wait([weak = weak_from_this(), id = ++deadline_id_](const error_code& error) {
    const auto self = weak.lock();
    if (!self || error || id != self->deadline_id_) return;
    self->timed_out_ = true;
    error_code ignored;  // a socket that cannot be cancelled is closed already
    self->socket_.cancel(ignored);
  });
}

void Session::disarm() {
  ++deadline_id_;
  timer_.cancel();
}

void Session::finish_soon() {
  finish_ = true;
  error_code ignored;
  if (idle_) socket_.cancel(ignored);
}

void Session::cut_off() {
  finish_ = true;
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<std::size_t> Session::read_more(error_code& error) {
  if (timed_out_) {
    error = asio::error::operation_aborted;
    co_return 0;
  }
  auto space = buffer_.prepare(std::min(kReadBytes, buffer_.max_size() - buffer_.size()));
  const std::size_t got =
      co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
  buffer_.commit(got);
  co_return got;
}

asio::awaitable<error_code> Session::write(std::string_view bytes) {
  const http::HttpLimits& limits = shared_.options.limits;
  const std::size_t rate = std::max<std::size_t>(limits.min_answer_bytes_per_second, 1);
  const auto end = Clock::now() + limits.write_timeout + std::chrono::seconds(bytes.size() / rate);
  error_code error;
  writing_since_ = Clock::now().time_since_epoch().count();
  while (!bytes.empty() && !error) {
    // A client that takes a byte now and then is not silent, but it does not get the answer for ever either.
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) {
      error = asio::error::timed_out;
      break;
    }
    arm(std::min(limits.write_timeout, left));
    const std::size_t put = co_await socket_.async_write_some(
        asio::buffer(bytes.data(), bytes.size()), asio::redirect_error(asio::use_awaitable, error));
    disarm();
    bytes.remove_prefix(put);
  }
  writing_since_ = 0;
  co_return error;
}

bool Session::give_way(bool also_writing) {
  if (!waiting_since() && !sending_since() && !(also_writing && writing_since())) return false;
  cut_off();
  return true;
}

std::optional<Clock::time_point> Session::waiting_since() const { return time_of(waiting_since_); }
std::optional<Clock::time_point> Session::sending_since() const { return time_of(sending_since_); }
std::optional<Clock::time_point> Session::writing_since() const { return time_of(writing_since_); }
void Session::begin_to_wait() { waiting_since_ = Clock::now().time_since_epoch().count(); }

/// Waits for a request. False: the connection is over; else `head` is set, good or bad.
asio::awaitable<bool> Session::await_head(std::optional<Result<http::RequestHead>>& head,
                                          std::chrono::milliseconds header_timeout) {
  const http::HttpLimits& limits = shared_.options.limits;
  std::size_t scanned = 0;
  int empty_lines = 0;
  // A new connection must say something soon; one that has sent a request may rest.
  idle_ = buffer_.size() == 0;
  arm(idle_ && asked_ ? limits.idle_timeout : header_timeout);
  while (true) {
    std::string_view received(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    // RFC 9112, 2.2: an empty line before a request is skipped; here at most two.
    if (received.starts_with("\r\n") && empty_lines < 2) {
      ++empty_lines;
      scanned = 0;
      buffer_.consume(2);
      continue;
    }
    auto end = http::find_head_end(received, scanned, limits);
    if (!end || end->complete) {
      disarm();
      head = end ? http::parse_head(received.substr(0, end->bytes), limits)
                 : Result<http::RequestHead>(Failure(end.error()));
      if (end) buffer_.consume(end->bytes);
      idle_ = false;
      co_return true;
    }
    scanned = received.size();
    if (idle_ && !received.empty()) {
      idle_ = false;
      arm(header_timeout);
    }
    if (idle_ && finish_) co_return false;
    error_code error;
    co_await read_more(error);
    if (!error) continue;
    disarm();
    if (!timed_out_ || idle_) co_return false;
    head = Result<http::RequestHead>(fail(ErrorCode::http_slow, "the header did not arrive in time"));
    co_return true;
  }
}

void Session::watch_for_close(std::function<void()> gone) {
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this(),
                                              gone = std::move(gone)](error_code error) {
    if (error) return;
    char byte = 0;
    self->socket_.non_blocking(true, error);
    const std::size_t got = self->socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    // Bytes are the next request, sent early: a close behind them cannot be seen.
    if (got > 0 || error == asio::error::would_block) return;
    self->shared_.context.metrics.client_gone();
    gone();
  });
}

void Session::stop_watching() {
  error_code ignored;  // a socket that was cut off has nothing to cancel
  socket_.cancel(ignored);
}

/// Closing a socket with unread bytes resets it, and the client would lose the answer: read on for a while.
asio::awaitable<void> Session::linger() {
  error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  arm(kLinger);
  for (std::size_t drained = 0; !error && drained < kLingerBytes;) {
    buffer_.consume(buffer_.size());
    drained += co_await read_more(error);
  }
  disarm();
}

asio::awaitable<void> Session::turn_away() {
  const Error error{
      ErrorCode::overloaded, "the server has too many connections", {}, "try again in a second"};
  const Response response = problem_response(error, "", "");
  if (!co_await write(head_text(response, "none", true) + response.body)) co_await linger();
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<void> Session::run_for_probe() {
  std::optional<Result<http::RequestHead>> head;
  begin_to_wait();
  const bool asks = co_await await_head(head, shared_.options.limits.probe_header_timeout);
  // Until a probe is known to be one, a newer connection may take this place.
  if (!asks || !head->has_value() || !asks_probe(**head)) {
    if (asks || timed_out_) co_await turn_away();
    co_return;
  }
  waiting_since_ = 0;
  finish_ = true;
  Exchange exchange(*this, std::move(*head));
  static_cast<void>(co_await exchange.run());
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<void> Session::run() {
  while (!finish_) {
    std::optional<Result<http::RequestHead>> head;
    begin_to_wait();
    if (!co_await await_head(head, shared_.options.limits.header_timeout)) break;
    waiting_since_ = 0;
    asked_ = true;
    Exchange exchange(*this, std::move(*head));
    if (!co_await exchange.run()) break;
  }
  disarm();
  error_code ignored;  // the other side may have closed first
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace learndock::server
