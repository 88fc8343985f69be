// Answers are bounded: whatever is long in a request, the answer that speaks of it is not.
#include "learndock/base/json.hpp"

#include "server/server_fixture.hpp"

namespace learndock::testing {
namespace {

constexpr std::size_t kMostAnswerBytes = 8 << 10;
constexpr std::size_t kMebibyte = 1 << 20;

/// Texts that are hard to cut: one of a mebibyte, and shorter ones of quotation marks and of characters of
/// two bytes.
std::vector<std::string> long_texts() {
  constexpr std::size_t kShorter = 64 << 10;
  std::string accents;
  while (accents.size() < kShorter) accents += "\u00e9";
  return {std::string(kMebibyte, 'x'), std::string(kShorter, '"'), accents};
}

/// The text with what a JSON string needs.
std::string in_json(const std::string& text) { return to_text(Json(text)); }

class BoundsTest : public ServerTest {
 protected:
  void expect_short(const RawAnswer& answer, const std::string& what, int least_status = 400) {
    std::size_t bytes = answer.body.size();
    for (const auto& [name, value] : answer.fields) bytes += name.size() + value.size() + 4;
    EXPECT_LT(bytes, kMostAnswerBytes) << what << ": " << answer.body.substr(0, 300);
    EXPECT_GE(answer.status, least_status) << what;
  }
  void expect_short_search(const std::string& body, const std::string& what) {
    expect_short(ask("POST /v1/search", kJson, body), what, 200);
  }
};

TEST_F(BoundsTest, OfHeads) {
  options_.token = "secret-canary-of-24-bytes";
  start();
  for (const std::size_t bytes : {std::size_t{6'000}, kMebibyte}) {
    const std::string text(bytes, 'x');
    for (const std::string& line :
         {"GET /" + text, "GET /v1/learnwares/" + text, "GET /v1/learnwares?limit=" + text,
          "GET /v1/learnwares?cursor=" + text, "GET /v1/learnwares?" + text + "=1", "GET /v1/status?" + text,
          text + " /", "GET x" + text, "GET http://" + text + "/", "GET /%00" + text, "GET /#" + text})
      expect_short(ask(line), line.substr(0, 40), 200);
    for (const std::string name :
         {"Content-Length", "Transfer-Encoding", "Expect", "Host", "Content-Length: 1\r\nContent-Length"})
      expect_short(ask("GET /v1/status", name + ": " + text + "\r\n"), name);
    for (const std::string& name :
         {std::string("Authorization"), std::string("Origin"), std::string("X-") + text,
          std::string("X-Request-Id"), std::string("Forwarded")})
      expect_short(ask("DELETE /v1/learnwares/00000001", name + ": Bearer " + text + "\r\n"),
                   name.substr(0, 40));
    for (const std::string name : {"Learndock-Semantic", "Content-Digest", "Repr-Digest"})
      expect_short(
          upload("x", "Authorization: Bearer secret-canary-of-24-bytes\r\n" + name + ": " + text + "\r\n"),
          name);
    expect_short(ask("POST /v1/search", "Content-Type: " + text + "\r\n", "{}"), "Content-Type");
  }
}

TEST_F(BoundsTest, OfDownloads) {
  start();
  const LearnwareId id = add(1);
  const std::string text(6'000, 'x');
  for (const std::string name : {"Range", "If-Range", "If-None-Match"})
    expect_short(ask("GET /v1/learnwares/" + id.text() + "/package", name + ": bytes=" + text + "\r\n"), name,
                 200);
}

TEST_F(BoundsTest, OfSearchesWhoseKeysAndValuesAreLong) {
  start();
  for (const std::string& plain : long_texts()) {
    const std::string text = in_json(plain);
    for (const std::string& body :
         {text, "{" + text + ":1}", "{" + text + ":1," + text + ":2}", "[" + text + "]", "{" + text, plain,
          "{\"spec\":" + std::string(kMebibyte, '[')})
      expect_short_search(body, "the whole body");
    for (const char* key : {"spec", "semantic", "text", "top", "mixture", "mixture_method", "scores",
                            "budget_ms", "budget_candidates", "backend"})
      for (const std::string& value :
           {text, "[" + text + "]", "{" + text + ":" + text + "}", std::string(kMebibyte, '9'), "1" + plain})
        expect_short_search(fmt::format("{{\"{}\":{}}}", key, value), key);
  }
}

TEST_F(BoundsTest, OfSpecificationsWhoseKeysAndValuesAreLong) {
  start();
  for (const std::string& plain : long_texts()) {
    const std::string text = in_json(plain);
    for (const char* key : {"type", "z", "beta", "gamma", "num_points", "scales", "language"})
      for (const std::string& value : {text, "[[" + text + "]]", "{" + text + ":1}"})
        expect_short_search(
            fmt::format(R"({{"spec":{{"type":"RKMETableSpecification","z":[[1]],"beta":[1],"{}":{}}}}})", key,
                        value),
            key);
    expect_short_search(fmt::format(R"({{"spec":{{"type":"RKMETableSpecification",{}:1}}}})", text),
                        "a key of spec");
    for (const char* key : {"Data", "Task", "Library", "Scenario", "License", "Name", "Description", "Input",
                            "Output", "learnware_id"})
      for (const std::string& value :
           {text, "{\"Values\":[" + text + "]}", "{\"Values\":" + text + "}", "{\"Type\":" + text + "}",
            "{" + text + ":1}", "{\"Dimension\":2,\"Description\":{" + text + ":" + text + "}}"})
        expect_short_search(fmt::format(R"({{"semantic":{{"{}":{}}}}})", key, value), key);
    expect_short_search(fmt::format(R"({{"semantic":{{{}:1}}}})", text), "a key of semantic");
  }
}

TEST_F(BoundsTest, OfSearchesWithABinarySpecification) {
  start();
  const std::string text(6'000, 'x');
  for (const char* name : {"top", "mixture", "mixture_method", "scores", "budget_ms", "budget_candidates",
                           "text", "backend", "semantic"})
    expect_short(ask(fmt::format("POST /v1/search?{}={}", name, text),
                     "Content-Type: application/vnd.learndock.spec\r\n", "LDRK"),
                 name);
  expect_short(
      ask("POST /v1/search", "Content-Type: application/vnd.learndock.spec\r\n", std::string(kMebibyte, 'x')),
      "the body");
}

TEST_F(BoundsTest, OfTables) {
  start();
  const std::string text(kMebibyte, 'x');
  std::string many = "first";
  for (int i = 0; i < 50'000; ++i) many += fmt::format(",c{}", i);
  for (const std::string& table :
       {text, text + "\n", text + ",b\n1,2\n1,y\n", "a,b\n1," + text + "\n", "a,b\n\"" + text,
        "a," + text + "\n1,2\n3,4\n", text + "," + text + "\n1,2\n", many + "\n1,x\n",
        std::string("\x93NUMPY") + text})
    for (const std::string query : {"", "?label=zz", "?drop=zz", "?columns=zz", "?numeric_only=true",
                                    "?header=false", "?points=xx", "?gamma=xx"})
      for (const char* media : {"text/csv", "application/x-npy"})
        expect_short(
            ask("POST /v1/specifications" + query, fmt::format("Content-Type: {}\r\n", media), table),
            fmt::format("{} {}", query, table.substr(0, 20)), 200);
  const std::string of_query(6'000, 'x');
  for (const char* name : {"label", "drop", "columns", "numeric_only", "delimiter", "decimal", "encoding",
                           "header", "points", "gamma", "other"})
    expect_short(ask(fmt::format("POST /v1/specifications?{}={}", name, of_query),
                     "Content-Type: text/csv\r\n", "a,b\n1,2\n3,4\n"),
                 name);
}

TEST_F(BoundsTest, OfTablesWithWarnings) {
  start();
  std::string ids = "x", rows;
  for (int i = 0; i < 1'000; ++i) ids += fmt::format(",{}{}_id", std::string(60, 'i'), i);
  for (int r = 0; r < 9; ++r) {
    rows += fmt::format("\n{}.5", r * r);
    for (int i = 0; i < 1'000; ++i) rows += fmt::format(",{}", r);
  }
  for (const std::string query : {"", "?numeric_only=true&points=2"}) {
    const RawAnswer made = ask("POST /v1/specifications" + query, "Content-Type: text/csv\r\n", ids + rows);
    ASSERT_EQ(made.status, 200) << made.body.substr(0, 500);
    const Json warnings = parse_json(made.field("learndock-warnings")).value();
    EXPECT_FALSE(warnings.empty());
    EXPECT_LT(made.field("learndock-warnings").size(), 4097u);
  }
}

TEST_F(BoundsTest, OfPackagesThatAreRefused) {
  start();
  const std::string text(kMebibyte / 2, 'x');
  const std::string of_name(60'000, 'x');
  expect_short(upload(text), "no zip");
  expect_short(upload(raw_zip_of({{of_name, "x"}}).bytes()), "the name of an entry");
  expect_short(upload(raw_zip_of({{"../" + of_name, "x"}}).bytes()), "a path");
  const auto with = [&](const char* file, const std::string& content) {
    auto files = example_files();
    files[file] = content;
    return upload(raw_zip_of(files).bytes());
  };
  for (const std::string& yaml : {text, text + ": 1\n", "name: !!" + text + " 1\n", "name: &" + text + " 1\n",
                                  "name: a\nmodel: " + text + "\n", "name: a\nmodel: {" + text + ": 1}\n",
                                  "name: a\nmodel: {class_name: " + text + "}\n",
                                  std::string(kManifestText) + "stat_specifications: " + text + "\n",
                                  std::string(kManifestText) + text + ": " + text + "\n"})
    expect_short(with("learnware.yaml", yaml), "learnware.yaml " + yaml.substr(0, 40), 200);
  for (const std::string& json : {in_json(text), "{" + in_json(text) + ":1}", text})
    for (const char* file : {"stat_spec.json", "semantic_specification.json"})
      expect_short(with(file, json), file);
}

TEST_F(BoundsTest, OfPackagesThatAreTakenWithWarnings) {
  start();
  const std::string text(kMebibyte / 2, 'x');
  std::string requirements;
  for (int i = 0; i < 1'000; ++i)
    requirements += fmt::format("--index-url http://{}/{}\n", std::string(400, 'x'), i);
  auto files = example_files();
  files["requirements.txt"] = requirements;
  files["learnware.yaml"] += "semantic_specification: {file_name: " + text + "}\n";
  RawZip zip = raw_zip_of(files);
  for (int i = 0; i < 3'000; ++i) {
    zip.entries.push_back(raw_file(fmt::format("extra/{}{}", std::string(200, 'n'), i), "x"));
    zip.entries.back().comment = "a comment";
  }
  const RawAnswer stored = upload(zip.bytes());
  ASSERT_EQ(stored.status, 201) << stored.body.substr(0, 500);
  expect_short(stored, "the answer to an upload", 201);
  EXPECT_NE(stored.json()["warnings"].back().get<std::string>().find("more warnings are left out"),
            std::string::npos);
  expect_short(ask("GET /v1/learnwares/" + stored.json()["id"].get<std::string>()), "its record", 200);
}

}  // namespace
}  // namespace learndock::testing
