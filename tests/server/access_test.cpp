// Tokens: what each may do, how long a wrong one makes its address wait, and what is said about it.
#include "server/access.hpp"

#include "base/log.hpp"
#include "io/digest.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <tuple>

namespace learndock::server {
namespace {

using std::chrono::seconds;

constexpr const char* kPush = "push-token-of-16b";
constexpr const char* kDelete = "delete-token-of-16b";
constexpr const char* kBoth = "token-for-both-deeds";

ServerOptions options_with(std::string token, std::string push = {}, std::string remove = {}) {
  ServerOptions options;
  options.token = std::move(token);
  options.push_token = std::move(push);
  options.delete_token = std::move(remove);
  return options;
}

Result<void> admit(Access& access, Deed deed, std::string_view token, const std::string& peer) {
  return access.admit(deed, access.principal(token), peer);
}

/// An Access whose clock the test moves.
struct Scene {
  explicit Scene(const ServerOptions& options) : access(options, true, [this] { return now; }) {}
  Access::Clock::time_point now{};
  Access access;

  ErrorCode code(const std::string& peer, std::string_view token = "a-wrong-token-guessed") {
    const auto admitted = admit(access, Deed::push, token, peer);
    return admitted ? ErrorCode::internal : admitted.error().code;
  }
};

TEST(Tokens, AShortOneIsRefusedAndTheErrorCountsItsBytes) {
  for (const char* token : {"a", "secret", "fifteen-bytes-x"}) {
    const auto refused = check_tokens(options_with(token));
    ASSERT_FALSE(refused) << token;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(refused.error().message.find(fmt::format("{} bytes", std::string_view(token).size())),
              std::string::npos);
    EXPECT_FALSE(check_tokens(options_with("", token)));
    EXPECT_FALSE(check_tokens(options_with("", "", token)));
  }
  EXPECT_TRUE(check_tokens(options_with("sixteen-bytes-xx")));
  EXPECT_TRUE(check_tokens(options_with("")));
}

TEST(Tokens, OneThatNoHeaderCanCarryIsRefused) {
  for (const char* token :
       {"sixteen bytes with spaces", "sixteen-bytes-and\na-line", "sixteen-bytes-\xc3\xa9-more"})
    EXPECT_FALSE(check_tokens(options_with(token))) << token;
  EXPECT_FALSE(check_tokens(options_with(std::string(5000, 'x'))));
}

TEST(Tokens, AreNotKeptInTheOptions) {
  const ServerOptions kept = without_tokens(options_with(kBoth, kPush, kDelete));
  EXPECT_TRUE(kept.token.empty() && kept.push_token.empty() && kept.delete_token.empty());
}

TEST(Tokens, WhoMayPushMayNotDelete) {
  Access access(options_with("", kPush, kDelete), true);
  EXPECT_TRUE(admit(access, Deed::push, kPush, "1.1.1.1"));
  EXPECT_TRUE(admit(access, Deed::remove, kDelete, "1.1.1.1"));
  for (int i = 0; i < 50; ++i) {  // a right token in the wrong place is no guess
    EXPECT_EQ(admit(access, Deed::remove, kPush, "1.1.1.1").error().code, ErrorCode::forbidden);
    EXPECT_EQ(admit(access, Deed::push, kDelete, "1.1.1.1").error().code, ErrorCode::forbidden);
  }
  EXPECT_TRUE(admit(access, Deed::push, kPush, "1.1.1.1"));
}

TEST(Tokens, AreNamedByTheirPurposeAndTheBeginningOfTheirDigest) {
  const Access access(options_with(kBoth, kPush, kDelete), true);
  EXPECT_EQ(access.principal(kPush).name, "push:" + io::sha256_hex(kPush).substr(0, 8));
  EXPECT_EQ(access.principal(kDelete).name, "delete:" + io::sha256_hex(kDelete).substr(0, 8));
  EXPECT_EQ(access.principal(kBoth).name, "both:" + io::sha256_hex(kBoth).substr(0, 8));
}

TEST(Principals, SayWhatTheirTokenAllows) {
  const Access access(options_with(kBoth, kPush, kDelete), true);
  const auto of = [&](std::optional<std::string_view> token) {
    const Principal principal = access.principal(token);
    return std::tuple(principal.kind, principal.may(Deed::push), principal.may(Deed::remove));
  };
  using Kind = Principal::Kind;
  EXPECT_EQ(of(std::nullopt), std::tuple(Kind::anonymous, false, false));
  EXPECT_EQ(of("a-wrong-token-guessed"), std::tuple(Kind::unknown, false, false));
  EXPECT_EQ(of(""), std::tuple(Kind::unknown, false, false));
  EXPECT_EQ(of(kPush), std::tuple(Kind::holder, true, false));
  EXPECT_EQ(of(kDelete), std::tuple(Kind::holder, false, true));
  EXPECT_EQ(of(kBoth), std::tuple(Kind::holder, true, true));
}

TEST(Principals, OfADockWithoutTokensAreAllAnonymous) {
  const Access access({}, true);
  EXPECT_EQ(access.principal(kBoth).kind, Principal::Kind::anonymous);
  EXPECT_EQ(access.principal(kBoth).name, "no-token");
}

TEST(Principals, AreMadeWithoutCountingWrongTokens) {
  Scene scene(options_with(kBoth));
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(scene.access.principal("a-wrong-token-guessed").name, "wrong-token");
  EXPECT_EQ(scene.access.networks(), 0u);
  EXPECT_TRUE(admit(scene.access, Deed::push, kBoth, "1.1.1.1"));
}

TEST(Principals, WithoutATokenAreRefusedAndNotCounted) {
  Scene scene(options_with(kBoth));
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(scene.access.admit(Deed::push, Principal{}, "1.1.1.1").error().code, ErrorCode::unauthorized);
  EXPECT_EQ(scene.access.networks(), 0u);
}

TEST(Tokens, WithOneForPushingDeletesAreClosedAndNothingIsOpen) {
  const Access access(options_with("", kPush), true);
  EXPECT_EQ(access.rule(Deed::push), Rule::token);
  EXPECT_EQ(access.rule(Deed::remove), Rule::closed);
  EXPECT_EQ(access.rule(), Rule::token);
}

TEST(WrongTokens, TenOfAnAddressMakeItWaitAndOthersGoOn) {
  Scene scene(options_with(kBoth));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(scene.code("1.1.1.1"), ErrorCode::unauthorized) << i;
  EXPECT_EQ(scene.code("1.1.1.1"), ErrorCode::throttled);
  EXPECT_EQ(scene.code("1.1.1.1", kBoth), ErrorCode::throttled);
  EXPECT_TRUE(admit(scene.access, Deed::push, kBoth, "2.2.2.2"));
  scene.now += seconds(59);
  EXPECT_EQ(scene.code("1.1.1.1"), ErrorCode::throttled);
  scene.now += seconds(1);
  EXPECT_TRUE(admit(scene.access, Deed::push, kBoth, "1.1.1.1"));
}

TEST(WrongTokens, OfOthersBehindAProxyKeepNoRightTokenOut) {
  ServerOptions options = options_with(kBoth);
  options.per_address_shares = false;
  Scene scene(options);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(scene.code("127.0.0.1"), ErrorCode::unauthorized) << i;
  EXPECT_EQ(scene.code("127.0.0.1"), ErrorCode::throttled);
  EXPECT_TRUE(admit(scene.access, Deed::push, kBoth, "127.0.0.1"));
}

TEST(WrongTokens, FewOfThemAreForgottenAfterAMinute) {
  Scene scene(options_with(kBoth));
  for (int minute = 0; minute < 5; ++minute) {
    for (int i = 0; i < 9; ++i) EXPECT_EQ(scene.code("1.1.1.1"), ErrorCode::unauthorized);
    scene.now += seconds(61);
  }
}

TEST(WrongTokens, OfManyAddressesLeaveEachOnlyOne) {
  Scene scene(options_with(kBoth));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(scene.code(fmt::format("10.0.0.{}", i)), ErrorCode::unauthorized);
  EXPECT_EQ(scene.code("10.1.0.1"), ErrorCode::unauthorized);
  EXPECT_EQ(scene.code("10.1.0.1"), ErrorCode::throttled);
  EXPECT_TRUE(admit(scene.access, Deed::push, kBoth, "10.2.0.1"));
}

TEST(WrongTokens, OfManyThousandAddressesAreRememberedInBoundedMemory) {
  set_log_level(LogLevel::error);
  Scene scene(options_with(kBoth));
  for (int i = 0; i < 20'000; ++i)
    (void)scene.code(fmt::format("10.{}.{}.{}", i >> 16, i >> 8 & 255, i & 255));
  EXPECT_LE(scene.access.networks(), 4096u);
  EXPECT_TRUE(admit(scene.access, Deed::push, kBoth, "9.9.9.9"));
  set_log_level(LogLevel::info);
}

TEST(WrongTokens, AnIpv6UserIsASixtyFourBitNetwork) {
  EXPECT_EQ(network_of("2001:db8::1"), network_of("2001:db8:0:0:ffff::2"));
  EXPECT_NE(network_of("2001:db8::1"), network_of("2001:db8:0:1::1"));
  EXPECT_EQ(network_of("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(network_of("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(network_of("gone"), "gone");
}

TEST(AccessLines, SayWhoMayReadAndWrite) {
  const auto first = [](const ServerOptions& options, bool loopback) {
    return Access(options, loopback).lines("http://0.0.0.0:1").front();
  };
  EXPECT_EQ(first({}, true), "reading: everyone; writing: everyone on this machine (no token)");
  EXPECT_EQ(first({}, false), "reading: everyone; writing: no one (no token; not a loopback address)");
  EXPECT_EQ(first(options_with(kBoth), false), "reading: everyone; writing: holders of the token");
  EXPECT_EQ(first(options_with("", kPush, kDelete), true),
            "reading: everyone; writing: holders of a push token; deleting: holders of a delete token");
  EXPECT_EQ(first(options_with("", kPush), true),
            "reading: everyone; writing: holders of a push token; deleting: no one (no token for it)");
  EXPECT_EQ(
      first(options_with(kBoth, kPush), true),
      "reading: everyone; writing: holders of a push token or the token; deleting: holders of the token");
}

TEST(AccessLines, WarnBeyondThisMachine) {
  for (const ServerOptions& options : {options_with(""), options_with(kBoth)}) {
    const auto lines = Access(options, false).lines("http://192.0.2.1:8080");
    EXPECT_NE(lines.back().find("warning: reading is open to everyone who can reach http://192.0.2.1:8080"),
              std::string::npos);
    EXPECT_NE(lines.back().find("TLS"), std::string::npos);
  }
}

}  // namespace
}  // namespace learndock::server
