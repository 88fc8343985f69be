// The client's one user of Asio and Beast: a connection with time limits on every step. Beast reads the
// header of an answer; its body is read by body_reader.hpp, as strictly as the server reads one.
#include "client/client_call.hpp"

#include "http/beast.hpp"
#include "http/body_reader.hpp"
#include "http/problem.hpp"
#include "io/digest.hpp"
#include "io/file_handle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace learndock::client {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;
constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::uint32_t kMaxHeaderBytes = 32 << 10;
constexpr std::uint64_t kMaxSavedBytes = std::uint64_t{1} << 40;

class Call {
 public:
  Call(const ServerAddress& address, const ClientOptions& options, const Outgoing& outgoing)
      : address_(address), options_(options), outgoing_(outgoing), stream_(io_) {}

  Result<Incoming> run() {
    Result<void> outcome = fail(ErrorCode::internal, "the call did not run");
    auto running = exchange(outcome);
    std::exception_ptr failure;
    asio::co_spawn(io_, std::move(running), [&](std::exception_ptr thrown) { failure = thrown; });
    try {
      io_.run();
    } catch (const boost::system::system_error& error) {
      return Failure(not_http(error.what()));
    } catch (const std::length_error& error) {  // Beast's own limits on what a header may hold
      return Failure(not_http(error.what()));
    }
    if (failure) std::rethrow_exception(failure);  // out of memory or a bug: not explained here
    if (!outcome) return Failure(std::move(outcome).error());
    return std::move(incoming_);
  }

 private:
  using Parser = beast_http::response_parser<beast_http::buffer_body>;

  asio::awaitable<void> exchange(Result<void>& outcome) {
    outcome = co_await connect();
    if (outcome) outcome = co_await send_request();
    if (outcome) outcome = co_await receive();
    error_code ignored;  // the server may have closed first
    stream_.socket().close(ignored);
  }

  asio::awaitable<Result<void>> connect() {
    tcp::resolver resolver(io_);
    error_code error;
    const auto found = co_await resolver.async_resolve(address_.host, address_.port,
                                                       asio::redirect_error(asio::use_awaitable, error));
    if (error)
      co_return fail(ErrorCode::unavailable,
                     fmt::format("the host of {} cannot be found: {}", address_.authority, error.message()),
                     {}, "check the server's address");
    stream_.expires_after(options_.connect_timeout);
    co_await stream_.async_connect(found, asio::redirect_error(asio::use_awaitable, error));
    if (error == beast::error::timeout)
      co_return fail(ErrorCode::timeout, fmt::format("{} did not accept a connection in {} ms",
                                                     address_.authority, options_.connect_timeout.count()));
    if (error)
      co_return fail(ErrorCode::unavailable,
                     fmt::format("no server answers at {}: {}", address_.authority, error.message()), {},
                     "start one with `learndock serve`, or check the address");
    co_return Result<void>{};
  }

  [[nodiscard]] std::string head(std::uint64_t body_bytes) const {
    std::string text =
        fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: learndock/{}\r\nConnection: close\r\n",
                    outgoing_.method, outgoing_.path, address_.authority, LEARNDOCK_VERSION);
    if (!options_.token.empty()) text += fmt::format("Authorization: Bearer {}\r\n", options_.token);
    for (const auto& [name, value] : outgoing_.fields) text += fmt::format("{}: {}\r\n", name, value);
    if (outgoing_.method == "POST") text += fmt::format("Content-Length: {}\r\n", body_bytes);
    if (outgoing_.file) text += "Expect: 100-continue\r\n";
    return text + "\r\n";
  }

  asio::awaitable<Result<void>> send_request() {
    if (!outgoing_.file) co_return co_await write(head(outgoing_.body.size()) + outgoing_.body);
    auto file = io::FileHandle::open_for_reading(*outgoing_.file);
    if (!file) co_return Failure(std::move(file).error());
    const auto size = file->size();
    if (!size) co_return Failure(size.error());
    auto sent = co_await write(head(*size));
    if (!sent) co_return sent;
    // Either "100 Continue", or the refusal itself.
    auto header = co_await read_header();
    if (!header) co_return header;
    if (parser_->get().result() != beast_http::status::continue_) co_return Result<void>{};
    parser_.reset();
    co_return co_await send_file(*file, *size);
  }

  asio::awaitable<Result<void>> send_file(const io::FileHandle& file, std::uint64_t size) {
    std::string chunk;
    for (std::uint64_t done = 0; done < size; done += chunk.size()) {
      chunk.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, size - done)));
      auto read = file.read_at(done, chunk.data(), chunk.size());
      if (!read) co_return read;
      auto written = co_await write(chunk);
      // A server may answer and stop reading before the body ends. Its answer says why.
      if (!written) co_return Result<void>{};
    }
    co_return Result<void>{};
  }

  asio::awaitable<Result<void>> write(std::string bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
      error_code error;
      stream_.expires_after(options_.io_timeout);
      done += co_await stream_.async_write_some(asio::buffer(bytes.data() + done, bytes.size() - done),
                                                asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return Failure(lost(error));
    }
    co_return Result<void>{};
  }

  asio::awaitable<Result<void>> read_header() {
    parser_.emplace();
    parser_->body_limit(max_body());
    parser_->header_limit(kMaxHeaderBytes);
    error_code error;
    stream_.expires_after(options_.io_timeout);
    co_await beast_http::async_read_header(stream_, buffer_, *parser_,
                                           asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return Failure(lost(error));
    co_return Result<void>{};
  }

  asio::awaitable<Result<void>> receive() {
    if (!parser_) {
      auto header = co_await read_header();
      if (!header) co_return header;
    }
    incoming_.status = static_cast<int>(parser_->get().result_int());
    const auto request = parser_->get().find("X-Request-Id");
    if (request != parser_->get().end())
      request_id_ = std::string(request->value().data(), request->value().size());
    const auto digest = parser_->get().find("Repr-Digest");
    if (digest != parser_->get().end())
      incoming_.repr_digest = std::string(digest->value().data(), digest->value().size());
    const bool good = incoming_.status >= 200 && incoming_.status < 300;
    std::optional<io::FileHandle> file;
    if (good && outgoing_.save_to) {
      auto created = io::FileHandle::create_for_user(*outgoing_.save_to);
      if (!created) co_return Failure(std::move(created).error());
      file.emplace(std::move(*created));
    }
    auto body = co_await read_body(file ? &*file : nullptr);
    if (!body) co_return body;
    if (!good) co_return Failure(refusal());
    if (file) co_return file->finish();
    co_return Result<void>{};
  }

  asio::awaitable<Result<void>> read_body(io::FileHandle* file) {
    http::BodyReader reader = body_reader();
    io::Sha256 digest;
    std::string content;
    while (!reader.done()) {
      if (buffer_.size() == 0) {
        auto more = co_await read_more();
        if (!more) co_return Failure(std::move(more).error());
        if (*more == 0 && body_ends_with_connection()) break;
        if (*more == 0 && file != nullptr && !incoming_.repr_digest.empty()) co_return Failure(cut_short());
        if (*more == 0) co_return Failure(lost(beast_http::error::partial_message));
      }
      content.clear();
      const auto used =
          reader.take({static_cast<const char*>(buffer_.data().data()), buffer_.size()}, content);
      if (!used) co_return Failure(unreadable(used.error()));
      buffer_.consume(*used);
      if (file == nullptr) {
        incoming_.body += content;
        continue;
      }
      digest.update(content);
      incoming_.saved += content.size();
      auto kept = file->append(content);
      if (!kept) co_return kept;
    }
    if (file != nullptr) incoming_.saved_sha256 = digest.finish();
    co_return Result<void>{};
  }

  /// 0: the server has closed its side.
  asio::awaitable<Result<std::size_t>> read_more() {
    error_code error;
    stream_.expires_after(options_.io_timeout);
    const std::size_t got =
        co_await stream_.async_read_some(buffer_.prepare(std::min(kReadBytes, buffer_.max_size())),
                                         asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::eof) co_return std::size_t{0};
    if (error) co_return Failure(lost(error));
    buffer_.commit(got);
    co_return got;
  }

  [[nodiscard]] std::uint64_t max_body() const {
    return outgoing_.save_to ? kMaxSavedBytes : options_.max_answer_bytes;
  }
  [[nodiscard]] bool body_ends_with_connection() const {
    return !parser_->is_done() && !parser_->chunked() && !parser_->content_length();
  }
  [[nodiscard]] http::BodyReader body_reader() const {
    const http::BodyReader::Limits limits{max_body()};
    if (parser_->is_done()) return http::BodyReader::of_length(0, limits);  // 204 and the like
    if (parser_->chunked()) return http::BodyReader::chunked(limits);
    if (body_ends_with_connection()) return http::BodyReader::until_close(limits);
    return http::BodyReader::of_length(*parser_->content_length(), limits);
  }

  [[nodiscard]] Error unreadable(const Error& error) const {
    return error.code == ErrorCode::too_large ? too_long() : not_http(error.message);
  }
  [[nodiscard]] Error too_long() const {
    return {ErrorCode::too_large, fmt::format("the answer is longer than {} bytes", max_body())};
  }
  [[nodiscard]] Error not_http(std::string_view why) const {
    return {ErrorCode::corrupt,
            fmt::format("{} does not answer in HTTP: {}", address_.authority, why),
            {},
            "check that the address is a learndock server's"};
  }

  /// The server's error, with the request id that its log has too.
  [[nodiscard]] Error refusal() const {
    Error error = http::error_from_problem(incoming_.status, incoming_.body);
    if (!request_id_.empty()) error.message += fmt::format(" (request {})", request_id_);
    return error;
  }

  /// A server that finds its copy damaged while sending holds back the end.
  [[nodiscard]] Error cut_short() const {
    return {
        ErrorCode::digest_mismatch,
        fmt::format("{} ended the package after {} bytes, so that its SHA-256 cannot be the announced one{}",
                    address_.authority, incoming_.saved,
                    request_id_.empty() ? "" : fmt::format(" (request {})", request_id_)),
        {},
        "try again; if it stays so, the server's copy is damaged, and its log says so"};
  }

  [[nodiscard]] Error lost(const error_code& error) const {
    if (error == beast::error::timeout)
      return {ErrorCode::timeout,
              fmt::format("{} was silent for {} ms", address_.authority, options_.io_timeout.count())};
    if (error == beast_http::error::body_limit) return too_long();
    const bool gone =
        error == beast_http::error::end_of_stream || error == beast_http::error::partial_message;
    if (error.category() == asio::error::get_system_category() ||
        error.category() == asio::error::get_misc_category() || gone)
      return {ErrorCode::unavailable,
              fmt::format("the connection to {} broke: {}", address_.authority, error.message()),
              {},
              "try again; the server's log tells more"};
    return not_http(error.message());
  }

  const ServerAddress& address_;
  const ClientOptions& options_;
  const Outgoing& outgoing_;
  asio::io_context io_{1};
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{kPieceBytes};
  std::optional<Parser> parser_;
  Incoming incoming_;
  std::string request_id_;
};

}  // namespace

Result<Incoming> call_server(const ServerAddress& address, const ClientOptions& options,
                             const Outgoing& outgoing) {
  return Call(address, options, outgoing).run();
}

}  // namespace learndock::client
