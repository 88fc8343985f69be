#include "server/router.hpp"

#include "learndock/base/json.hpp"

#include "io/digest.hpp"
#include "server/assets.hpp"

#include <gtest/gtest.h>

#include <set>

namespace learndock::server {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
  return http::parse_target(path).value().segments;
}

TEST(FindRoute, MatchesPatternsAndKeepsParameters) {
  const auto match = find_route("GET", segments_of("/v1/learnwares/a%2Fb/package"));
  ASSERT_TRUE(match);
  EXPECT_EQ(match->route->pattern, "/v1/learnwares/{id}/package");
  EXPECT_EQ(match->parameters, std::vector<std::string>{"a/b"});
}

TEST(FindRoute, HeadIsGetsTwin) {
  const auto match = find_route("HEAD", segments_of("/v1/status"));
  ASSERT_TRUE(match);
  EXPECT_EQ(match->route->method, "GET");
}

TEST(FindRoute, UnknownPathsAre404) {
  for (const char* path : {"/v1", "/v1/", "/v1/learnwares/", "/v1/learnwares/a/b", "/v1/learnwares//package",
                           "/V1/status", "/v1/status/", "//", "/..", "/v1/../metrics", "/app.js/x"}) {
    const auto match = find_route("GET", segments_of(path));
    ASSERT_FALSE(match) << path;
    EXPECT_EQ(match.error().error.code, ErrorCode::not_found) << path;
  }
}

TEST(FindRoute, OtherMethodsAre405WithTheAllowedOnes) {
  const auto match = find_route("PUT", segments_of("/v1/learnwares/7"));
  ASSERT_FALSE(match);
  EXPECT_EQ(match.error().error.code, ErrorCode::method_not_allowed);
  EXPECT_EQ(match.error().allow, "GET, HEAD, DELETE");
  EXPECT_EQ(find_route("OPTIONS", segments_of("/v1/search")).error().allow, "POST");
}

TEST(Routes, WritesAreExactlyUploadRemovalAndVerification) {
  std::set<std::string> writes;
  for (const Route& route : routes())
    if (route.writes) writes.insert(std::string(route.method) + " " + std::string(route.pattern));
  EXPECT_EQ(writes, (std::set<std::string>{"POST /v1/learnwares", "DELETE /v1/learnwares/{id}",
                                           "POST /v1/learnwares/{id}/verification"}));
}

/// "GET /v1/status" and so on, from the served description.
std::set<std::string> described_operations() {
  const Json document = parse_json(kOpenapiJson.bytes).value();
  std::set<std::string> operations;
  for (const auto& [path, item] : document["paths"].items())
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      operations.insert(upper + " " + path);
    }
  return operations;
}

TEST(OpenApi, DescribesExactlyTheRoutes) {
  std::set<std::string> served;
  for (const Route& route : routes())
    served.insert(std::string(route.method) + " " + std::string(route.pattern));
  EXPECT_EQ(described_operations(), served);
}

TEST(OpenApi, BodiesAreThoseTheRoutesTake) {
  const Json document = parse_json(kOpenapiJson.bytes).value();
  for (const Route& route : routes()) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const Json& operation = document["paths"].at(std::string(route.pattern)).at(method);
    ASSERT_EQ(operation.contains("requestBody"), route.body != BodyKind::none) << route.pattern;
    if (route.body == BodyKind::none) continue;
    std::set<std::string> described;
    for (const auto& [media, body] : operation["requestBody"]["content"].items()) described.insert(media);
    EXPECT_EQ(described, std::set<std::string>(route.media.begin(), route.media.end())) << route.pattern;
    EXPECT_EQ(operation.contains("security"), route.writes) << route.pattern;
  }
}

TEST(OpenApi, EveryRouteNamesTheStatusesOfTheErrorsItCanMeet) {
  using enum ErrorCode;
  const Json document = parse_json(kOpenapiJson.bytes).value();
  for (const Route& route : routes()) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const Json& responses = document["paths"].at(std::string(route.pattern)).at(method)["responses"];
    std::set<ErrorCode> codes{internal,           corrupt,          http_request, http_slow,
                              http_target_length, http_expect,      http_host,    overloaded,
                              unavailable,        http_header_size, http_version, invalid_argument};
    if (route.body != BodyKind::none) codes.insert({too_large, media_type, unsupported, spec_shape});
    if (route.writes) codes.insert({unauthorized, forbidden});
    if (route.pattern.find('{') != std::string_view::npos) codes.insert(not_found);
    if (route.body == BodyKind::package)
      codes.insert({digest_mismatch, package_duplicate, no_space, zip_limit});
    for (const ErrorCode code : codes)
      EXPECT_TRUE(responses.contains(std::to_string(http_status(code))))
          << route.pattern << ' ' << slug(code);
  }
}

void check_references(const Json& node, const Json& document) {
  if (node.is_array())
    for (const Json& item : node) check_references(item, document);
  if (!node.is_object()) return;
  for (const auto& [key, value] : node.items()) {
    if (key == "$ref") {
      EXPECT_TRUE(document.contains(Json::json_pointer(value.get<std::string>().substr(1)))) << value;
    }
    check_references(value, document);
  }
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
  const Json document = parse_json(kOpenapiJson.bytes).value();
  EXPECT_EQ(document["openapi"], "3.1.0");
  check_references(document, document);
}

TEST(Assets, AreCompiledIn) {
  for (const Asset* asset : {&kIndexHtml, &kAppJs, &kStyleCss, &kFaviconSvg, &kOpenapiJson}) {
    EXPECT_GT(asset->bytes.size(), 100u);
    EXPECT_EQ(asset->sha256, io::sha256_hex(asset->bytes));
  }
}

TEST(Assets, ThePageHasNothingInlineAndNothingFromElsewhere) {
  const std::string_view html = kIndexHtml.bytes;
  for (const char* forbidden :
       {"<style", " style=", "onclick", "onload", "https://", "http://", "javascript:"})
    EXPECT_EQ(html.find(forbidden), std::string_view::npos) << forbidden;
  const std::string_view script = kAppJs.bytes;
  for (const char* forbidden : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("})
    EXPECT_EQ(script.find(forbidden), std::string_view::npos) << forbidden;
}

}  // namespace
}  // namespace learndock::server
