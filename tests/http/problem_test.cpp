#include "http/problem.hpp"

#include "learndock/base/error.hpp"
#include "learndock/base/json.hpp"

#include <gtest/gtest.h>

namespace learndock::http {
namespace {

TEST(Problem, CarriesEverythingTheErrorKnows) {
  const Error error{ErrorCode::zip_path_traversal, "entry \"../x\" escapes the package", "../x",
                    "pack one folder"};
  const Json json = problem_to_json(error, "/v1/learnwares", "id-1");
  EXPECT_EQ(json["type"], "urn:learndock:error:zip.path.traversal");
  EXPECT_EQ(json["title"], "Unprocessable Content");
  EXPECT_EQ(json["status"], 422);
  EXPECT_EQ(json["detail"], error.message);
  EXPECT_EQ(json["instance"], "/v1/learnwares");
  EXPECT_EQ(json["code"], "zip.path.traversal");
  EXPECT_EQ(json["number"], "E1003");
  EXPECT_EQ(json["where"], "../x");
  EXPECT_EQ(json["fix"], "pack one folder");
  EXPECT_EQ(json["request_id"], "id-1");
  EXPECT_FALSE(json.contains("errors"));
}

TEST(Problem, ListsJsonPointers) {
  const Json json =
      problem_to_json({ErrorCode::spec_shape, "z has 3 rows, beta 4", "/spec/beta"}, "/v1/search", "x");
  EXPECT_EQ(json["errors"][0]["pointer"], "/spec/beta");
  EXPECT_EQ(json["errors"][0]["detail"], "z has 3 rows, beta 4");
}

TEST(Problem, EveryCodeComesBackAsItself) {
  for (const ErrorCode code : all_error_codes()) {
    const Error sent{code, "what", "where", "fix"};
    const Error got = error_from_problem(http_status(code), to_text(problem_to_json(sent, "/", "id")));
    EXPECT_EQ(got.code, code) << slug(code);
    EXPECT_EQ(got.message, "what");
    EXPECT_EQ(got.where, "where");
    EXPECT_EQ(got.fix, "fix");
  }
}

TEST(Problem, KeepsTheWordOfANewerServer) {
  const Error error = error_from_problem(418, R"({"code":"tea.pot","detail":"no coffee"})");
  EXPECT_EQ(error.code, ErrorCode::internal);
  EXPECT_EQ(error.message, "no coffee (tea.pot)");
}

TEST(Problem, OtherAnswersAreNotADocks) {
  for (const char* body : {"", "<html>502</html>", "[]", "{}", R"({"code":7})", "null"}) {
    const Error error = error_from_problem(502, body);
    EXPECT_EQ(error.code, ErrorCode::corrupt) << body;
    EXPECT_NE(error.message.find("502"), std::string::npos);
  }
}

}  // namespace
}  // namespace learndock::http
