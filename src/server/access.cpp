#include "server/access.hpp"

#include "base/log.hpp"
#include "http/http_fields.hpp"
#include "io/digest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>

namespace learndock::server {
namespace {

constexpr std::size_t kMinTokenBytes = 16;
constexpr std::size_t kMaxTokenBytes = 4096;
constexpr std::chrono::minutes kWindow{1};
constexpr std::size_t kMaxNetworks = 4096;
constexpr std::size_t kShownDigits = 8;
constexpr const char* kSendToken =
    "send `Authorization: Bearer TOKEN`; the command line takes --token or LEARNDOCK_TOKEN";

Result<void> check_token(const std::string& token, const char* name) {
  if (token.empty()) return {};
  if (token.size() < kMinTokenBytes || token.size() > kMaxTokenBytes)
    return fail(ErrorCode::invalid_argument,
                fmt::format("the token has {} bytes; it needs {} to {}", token.size(), kMinTokenBytes,
                            kMaxTokenBytes),
                name, "make one that cannot be guessed: openssl rand -hex 16");
  if (std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; })) return {};
  return fail(ErrorCode::invalid_argument,
              "the token holds a space, a line break or a byte outside printable ASCII", name,
              "make one that a header can carry: openssl rand -hex 16");
}

Failure throttled(std::chrono::seconds pause) {
  return fail(ErrorCode::throttled, "too many wrong tokens came from this address", "Authorization",
              fmt::format("check the token, wait {} s and try again", pause.count()));
}

}  // namespace

std::string_view rule_name(Rule rule) {
  if (rule == Rule::open) return "open";
  return rule == Rule::token ? "token" : "closed";
}

Result<void> check_tokens(const ServerOptions& options) {
  LEARNDOCK_CHECK(check_token(options.token, "token"));
  LEARNDOCK_CHECK(check_token(options.push_token, "push-token"));
  return check_token(options.delete_token, "delete-token");
}

ServerOptions without_tokens(ServerOptions options) {
  for (std::string* token : {&options.token, &options.push_token, &options.delete_token}) {
    std::fill(token->begin(), token->end(), '\0');
    token->clear();
  }
  return options;
}

std::string network_of(const std::string& address) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, address.substr(0, address.find('%')).c_str(), bytes.data()) != 1) return address;
  constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin()))
    return fmt::format("{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
  std::string network;
  for (std::size_t i = 0; i < 8; ++i) network += fmt::format("{:02x}", bytes[i]);
  return network + "/64";
}

Access::Access(const ServerOptions& options, bool loopback, std::function<Clock::time_point()> now)
    : loopback_(loopback),
      by_address_(options.per_address_shares),
      wrong_tokens_(options.wrong_tokens),
      wrong_tokens_of_all_(options.wrong_tokens_of_all),
      pause_(options.wrong_token_pause),
      now_(std::move(now)) {
  add(options.push_token, "push", true, false);
  add(options.delete_token, "delete", false, true);
  add(options.token, "both", true, true);
}

void Access::add(const std::string& token, const char* name, bool push, bool remove) {
  if (token.empty()) return;
  std::string sha256 = io::sha256_hex(token);
  Principal holder{Principal::Kind::holder, fmt::format("{}:{}", name, sha256.substr(0, kShownDigits)), push,
                   remove};
  keys_.push_back({std::move(sha256), std::move(holder)});
}

Rule Access::rule(Deed deed) const {
  // Once a token exists, nothing is open without one: the other deed is closed until it has its own token.
  if (keys_.empty()) return loopback_ ? Rule::open : Rule::closed;
  const bool possible =
      std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) { return key.holder.may(deed); });
  return possible ? Rule::token : Rule::closed;
}

Rule Access::rule() const { return keys_.empty() ? rule(Deed::push) : Rule::token; }

Principal Access::principal(std::optional<std::string_view> token) const {
  if (!token || keys_.empty()) return {};
  const std::string sha256 = io::sha256_hex(*token);
  Principal found{Principal::Kind::unknown, "wrong-token"};
  for (const Key& key : keys_)  // all of them, so that the time does not tell which one was near
    if (http::equal_in_constant_time(key.sha256, sha256)) found = key.holder;
  return found;
}

Result<void> Access::admit(Deed deed, const Principal& principal, const std::string& peer) {
  if (principal.kind == Principal::Kind::anonymous)
    return fail(ErrorCode::unauthorized, "uploads and removals need the dock's token", "Authorization",
                kSendToken);
  const std::string network = network_of(peer);
  const bool waiting = waits(network);
  if (waiting && by_address_) return throttled(pause());
  if (principal.may(deed)) return {};
  if (principal.kind == Principal::Kind::holder)
    return fail(ErrorCode::forbidden,
                deed == Deed::push ? "this token may delete learnwares, not push them"
                                   : "this token may push learnwares, not delete them",
                "Authorization", "use the dock's token for this, or ask the dock's owner");
  if (waiting) return throttled(pause());
  count_wrong(network);
  return fail(ErrorCode::unauthorized, "this is not a token of the dock", "Authorization", kSendToken);
}

bool Access::waits(const std::string& network) {
  const std::lock_guard lock(mutex_);
  const auto found = tries_.find(network);
  return found != tries_.end() && now_() < found->second.waits_until;
}

void Access::count_wrong(const std::string& network) {
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = now_();
  if (tries_.size() >= kMaxNetworks && !tries_.contains(network)) make_room();
  Tries& tries = tries_[network];
  for (Tries* counted : {&tries, &all_}) {
    if (counted->wrong == 0 || now - counted->since > kWindow) *counted = {now, counted->waits_until, 0};
    ++counted->wrong;
  }
  if (tries.wrong < wrong_tokens_ && all_.wrong <= wrong_tokens_of_all_) return;
  tries = {now, now + pause_, 0};
  log(LogLevel::warning,
      fmt::format("auth peer={} wrong tokens: this address waits {} s", network, pause().count()));
}

/// Forgets the networks that need not wait, or, when nearly all have to, the half that has waited the
/// longest.
void Access::make_room() {
  const Clock::time_point now = now_();
  std::erase_if(tries_, [&](const auto& item) {
    return now >= item.second.waits_until && now - item.second.since > kWindow;
  });
  if (tries_.size() < kMaxNetworks) return;
  std::vector<Clock::time_point> since;
  for (const auto& item : tries_) since.push_back(item.second.since);
  const auto middle = since.begin() + static_cast<std::ptrdiff_t>(since.size() / 2);
  std::nth_element(since.begin(), middle, since.end());
  std::erase_if(tries_, [&](const auto& item) { return item.second.since <= *middle; });
}

std::chrono::seconds Access::pause() const { return std::chrono::ceil<std::chrono::seconds>(pause_); }

std::size_t Access::networks() const {
  const std::lock_guard lock(mutex_);
  return tries_.size();
}

std::string Access::holders(Deed deed) const {
  if (keys_.empty())
    return loopback_ ? "everyone on this machine (no token)" : "no one (no token; not a loopback address)";
  std::vector<std::string_view> tokens;
  for (const Key& key : keys_) {
    if (!key.holder.may(deed)) continue;
    const bool both = key.holder.push && key.holder.remove;
    tokens.emplace_back(both ? "the token" : deed == Deed::push ? "a push token" : "a delete token");
  }
  return tokens.empty() ? "no one (no token for it)"
                        : fmt::format("holders of {}", fmt::join(tokens, " or "));
}

std::vector<std::string> Access::lines(const std::string& address) const {
  std::string line = fmt::format("reading: everyone; writing: {}", holders(Deed::push));
  if (holders(Deed::push) != holders(Deed::remove))
    line += fmt::format("; deleting: {}", holders(Deed::remove));
  std::vector<std::string> lines{std::move(line)};
  if (loopback_) {
    if (keys_.empty())
      lines.emplace_back(
          "behind a proxy start with a token: without one every user of this machine may push and delete");
    return lines;
  }
  lines.push_back(
      fmt::format("warning: reading is open to everyone who can reach {}; tokens and tables travel "
                  "unencrypted: put TLS in front",
                  address));
  return lines;
}

}  // namespace learndock::server
