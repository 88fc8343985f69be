#pragma once

#include "learndock/base/result.hpp"
#include "learndock/server/server.hpp"

#include "server/principal.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace learndock::server {

/// `open`: everyone on this machine; `token`: holders of a token for it; `closed`: no one.
enum class Rule : std::uint8_t { open, token, closed };
[[nodiscard]] std::string_view rule_name(Rule rule);

/// Checks that every given token is hard to guess and fits into a header: 16 to 4,096 bytes of printable
/// ASCII without spaces. @errors invalid_argument
[[nodiscard]] Result<void> check_tokens(const ServerOptions& options);
/// The options without their tokens, which the server keeps as digests only.
[[nodiscard]] ServerOptions without_tokens(ServerOptions options);

/// Access decides who may change the dock. It keeps the tokens as SHA-256 digests, and the addresses that
/// guessed too often.
///
/// An address that gave `wrong_tokens` wrong tokens within a minute waits for `wrong_token_pause`, whatever
/// it sends then. Once all addresses together gave `wrong_tokens_of_all`, one wrong token is enough. A right
/// token is never refused because of other addresses. @threads safe to call concurrently
class Access {
 public:
  using Clock = std::chrono::steady_clock;
  Access(const ServerOptions& options, bool loopback, std::function<Clock::time_point()> now = Clock::now);

  [[nodiscard]] Rule rule(Deed deed) const;
  /// The rule for both deeds together, as /v1/status shows it.
  [[nodiscard]] Rule rule() const;
  /// Looks the token up. It refuses nothing and counts no wrong token: reading is open to everyone.
  [[nodiscard]] Principal principal(std::optional<std::string_view> token) const;
  /// Whether the principal may do it, where the rule asks for a token. A wrong token counts against its
  /// address. @errors unauthorized (no token, or not one of this dock), forbidden (a token for the other
  /// deed), throttled
  [[nodiscard]] Result<void> admit(Deed deed, const Principal& principal, const std::string& peer);
  [[nodiscard]] std::chrono::seconds pause() const;
  /// How many networks are remembered for wrong tokens.
  [[nodiscard]] std::size_t networks() const;
  /// Lines for the start: who may read and write, then what the operator should know.
  [[nodiscard]] std::vector<std::string> lines(const std::string& address) const;

 private:
  struct Key {
    std::string sha256;
    Principal holder;
  };
  struct Tries {
    Clock::time_point since;
    Clock::time_point waits_until;
    unsigned wrong = 0;
  };

  void add(const std::string& token, const char* name, bool push, bool remove);
  [[nodiscard]] std::string holders(Deed deed) const;
  [[nodiscard]] bool waits(const std::string& network);
  void count_wrong(const std::string& network);
  void make_room();

  std::vector<Key> keys_;
  const bool loopback_;
  /// False: all clients come from one address. Then wrong tokens of others keep no right token out.
  const bool by_address_;
  const unsigned wrong_tokens_;
  const unsigned wrong_tokens_of_all_;
  const std::chrono::milliseconds pause_;
  const std::function<Clock::time_point()> now_;
  mutable std::mutex mutex_;
  Tries all_;                                     ///< under mutex_
  std::unordered_map<std::string, Tries> tries_;  ///< by network, at most kMaxNetworks; under mutex_
};

/// The part of an address that one person usually has: an IPv4 address, the first 64 bits of an IPv6 address.
[[nodiscard]] std::string network_of(const std::string& address);

}  // namespace learndock::server
