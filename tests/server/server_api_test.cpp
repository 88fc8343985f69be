// What the API answers: searches, specifications, lists, probes, metrics.
#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/sketch/reducer.hpp"
#include "learndock/sketch/table.hpp"

#include "server/server_fixture.hpp"

#include <cmath>

namespace learndock::testing {
namespace {

class ApiTest : public ServerTest {
 protected:
  static specification::RkmeSpecification query() {
    return specification::from_json_text(kStatisticalText).value();
  }
};

TEST_F(ApiTest, SearchAnswersWhatTheDockAnswers) {
  for (int i = 1; i <= 5; ++i) static_cast<void>(add(i));
  start();
  query::SearchRequest request;
  request.specification = query();
  const Json expected = query::to_json(dock_->search(request).value());
  const RawAnswer answer = ask("POST /v1/search", kJson, to_text(query::to_json(request)));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json got = answer.json();
  for (const char* key : {"exact", "slack", "evaluated", "index_version", "singles", "mixture", "warnings"})
    EXPECT_EQ(got[key], expected[key]) << key;
  EXPECT_EQ(got["singles"].size(), 5u);
  EXPECT_TRUE(got["timings_ms"].contains("total"));
}

TEST_F(ApiTest, BinarySearchAnswersLikeJson) {
  for (int i = 1; i <= 5; ++i) static_cast<void>(add(i));
  start();
  const std::string binary = specification::to_binary(query());
  const RawAnswer compact = ask("POST /v1/search?top=2&mixture=0&text=number",
                                "Content-Type: application/vnd.learndock.spec\r\n", binary);
  ASSERT_EQ(compact.status, 200) << compact.body;
  const Json body{{"spec", specification::to_json(query())}, {"top", 2}, {"mixture", 0}, {"text", "number"}};
  const RawAnswer plain = ask("POST /v1/search", kJson, to_text(body));
  EXPECT_EQ(compact.json()["singles"], plain.json()["singles"]);
  EXPECT_EQ(compact.json()["singles"].size(), 2u);
  EXPECT_TRUE(compact.json()["mixture"].is_null());
  const RawAnswer filtered =
      ask("POST /v1/search?semantic=%7B%22Task%22%3A%7B%22Values%22%3A%5B%22Regression%22%5D%7D%7D",
          "Content-Type: application/vnd.learndock.spec\r\n", binary);
  ASSERT_EQ(filtered.status, 200) << filtered.body;
  EXPECT_EQ(filtered.json()["singles"].size(), 0u) << "all of them classify";
}

TEST_F(ApiTest, TheServerBoundsTheTimeOfEverySearch) {
  // The dock looks at the clock after each 4096 learnwares.
  std::string lines;
  for (int i = 0; i < 4200; ++i)
    lines +=
        fmt::format(
            R"({{"id":"{}","semantic":{{}},"stat":{{"z":[[{},0]],"beta":[1],"gamma":0.1,"num_points":1}}}})",
            i, i) +
        "\n";
  write_file(folder_ / "many.jsonl", lines);
  ASSERT_EQ(dock_->import_specifications(folder_ / "many.jsonl").value().imported.size(), 4200u);
  options_.search_budget = std::chrono::milliseconds(-1);  // over before it begins
  start();
  for (const Json& wished : {Json(nullptr), Json(60'000)}) {
    Json body{{"spec", specification::to_json(query())}};
    if (!wished.is_null()) body["budget_ms"] = wished;
    const RawAnswer answer = ask("POST /v1/search", kJson, to_text(body));
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.json()["exact"], false) << wished;
  }
}

TEST_F(ApiTest, SketchingHasADeadlineFromTheArrivalOfTheRequest) {
  options_.sketch_budget = std::chrono::milliseconds(-1);  // over before it begins
  start();
  const RawAnswer late = ask("POST /v1/specifications", "Content-Type: text/csv\r\n", "a,b\n1,2\n3,4\n");
  EXPECT_EQ(late.status, 504) << late.body;
  EXPECT_EQ(late.json()["code"], "timeout");
  EXPECT_NE(late.json()["fix"].get<std::string>().find("learndock spec make"), std::string::npos);
}

TEST_F(ApiTest, AQueryOfMorePointsThanTheDockTakesIsRefusedBeforeAnyWork) {
  start();
  Matrix<double> points(1001, 2);
  for (std::size_t i = 0; i < 1001; ++i) points(i, 0) = static_cast<double>(i);
  const auto large = specification::make_table_specification(
      std::move(points), std::vector<double>(1001, 1.0 / 1001), 0.1, 1001);
  const RawAnswer refused =
      ask("POST /v1/search", kJson, to_text(Json{{"spec", specification::to_json(large.value())}}));
  EXPECT_EQ(refused.status, 413) << refused.body;
  EXPECT_EQ(refused.json()["where"], "/spec/z");
  EXPECT_NE(refused.json()["fix"].get<std::string>().find("--points 1000"), std::string::npos);
}

TEST_F(ApiTest, ClientsChooseAmongBackendsThatSuitTheDock) {
  for (int i = 1; i <= 2; ++i) static_cast<void>(add(i));
  const auto search_with = [&](const char* backend) {
    return ask("POST /v1/search", kJson,
               to_text(Json{{"spec", specification::to_json(query())}, {"backend", backend}}));
  };
  start();
  EXPECT_EQ(search_with("cpu_reference").status, 200);
  EXPECT_EQ(search_with("auto").status, 200);
  const RawAnswer unknown = search_with("abacus");
  EXPECT_EQ(unknown.status, 422);
  EXPECT_EQ(unknown.json()["where"], "/backend");
  for (const auto& backend : compute::list_backends()) {
    const RawAnswer known = search_with(backend.name.c_str());
    EXPECT_EQ(known.status, backend.available ? 200 : 503) << backend.name;
    if (backend.available) continue;
    EXPECT_EQ(known.json()["code"], "backend.unavailable");
    EXPECT_NE(known.json()["detail"].get<std::string>().find(backend.details.substr(0, 20)),
              std::string::npos);
  }
  server_.reset();
  options_.reference_learnwares = 1;
  start();
  const RawAnswer slow = search_with("cpu_reference");
  EXPECT_EQ(slow.status, 422) << "two learnwares are more than one";
  EXPECT_NE(slow.json()["fix"].get<std::string>().find("--reference-learnwares"), std::string::npos);
}

TEST_F(ApiTest, ManyPointsOfALargeTableAreTooMuchWork) {
  start();
  std::string table = "a";
  for (int i = 1; i < 200; ++i) table += ",a" + std::to_string(i);
  std::string row = "\n0";
  for (int i = 1; i < 200; ++i) row += ",0";
  for (int i = 0; i < 17'000; ++i) table += row;
  const RawAnswer answer = ask("POST /v1/specifications?points=1000", "Content-Type: text/csv\r\n", table);
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.json()["where"], "points");
}

TEST_F(ApiTest, SearchRefusalsPointAtTheFault) {
  start();
  const auto refused = [&](const std::string& body, int status, const std::string& code) {
    const RawAnswer answer = ask("POST /v1/search", kJson, body);
    EXPECT_EQ(answer.status, status) << body;
    EXPECT_EQ(answer.code(), code) << body;
    return answer.json();
  };
  refused("{", 400, "json.syntax");
  refused(R"({"spec":{"z":[[NaN]]}})", 400, "json.not_finite");
  refused(R"({"top":1,"top":2})", 400, "json.duplicate_key");
  refused(std::string(100, '[') + std::string(100, ']'), 400, "json.depth");
  refused(R"({"colour":1})", 400, "argument.invalid");
  EXPECT_EQ(refused(R"({"top":0})", 400, "argument.invalid")["where"], "/top");
  const Json shape =
      refused(R"({"spec":{"z":[[1,2],[3]],"beta":[1,1],"gamma":1,"num_points":2}})", 422, "spec.shape");
  EXPECT_EQ(shape["errors"][0]["pointer"].get<std::string>().substr(0, 7), "/spec/z");
  EXPECT_EQ(ask("POST /v1/search?top=3", kJson, "{}").status, 400)
      << "options of the JSON form stand in the body";
  EXPECT_EQ(ask("POST /v1/search?top=x", "Content-Type: application/vnd.learndock.spec\r\n", "x").code(),
            "argument.invalid");
  EXPECT_EQ(ask("POST /v1/search", "Content-Type: application/vnd.learndock.spec\r\n", "garbage").code(),
            "spec.binary");
  EXPECT_EQ(ask("POST /v1/search", "Content-Type: text/json\r\n", "{}").status, 415);
}

TEST_F(ApiTest, SpecificationsEqualThoseMadeLocally) {
  start();
  std::string csv = "a,b,label\n";
  for (int i = 0; i < 60; ++i) csv += fmt::format("{},{},{}\n", i % 7, (i * i) % 11, i % 2);
  const RawAnswer answer =
      ask("POST /v1/specifications?points=10&label=label", "Content-Type: text/csv\r\n", csv);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto table = sketch::parse_csv(csv, {.label_column = "label"}).value();
  sketch::ReducerOptions options;
  options.points = 10;
  const auto local = sketch::reduce(table.values.view(), options, *compute::open_backend("").value()).value();
  EXPECT_EQ(specification::from_json_text(answer.body).value(), local.spec);
  EXPECT_EQ(answer.field("learndock-rows"), "60");
  EXPECT_NE(answer.field("learndock-mmd-squared-to-data"), "");
  EXPECT_EQ(answer.field("learndock-columns"), R"(["a","b"])");
  EXPECT_EQ(staged_files(), 0u) << "tables are not stored";
}

TEST_F(ApiTest, NamesOfColumnsGoBesideASpecification) {
  start();
  const auto columns_of = [&](const std::string& query, const std::string& body) {
    return ask("POST /v1/specifications" + query, "Content-Type: text/csv\r\n", body)
        .field("learndock-columns");
  };
  EXPECT_EQ(columns_of("",
                       "gr\xC3\xB6\xC3\x9F"
                       "e,b\n1,2\n3,4.5\n"),
            R"(["gr\u00f6\u00dfe","b"])");
  EXPECT_EQ(columns_of("?columns=b,a", "a,b\n1,2\n3,4.5\n"), R"(["b","a"])");
  EXPECT_EQ(columns_of("", std::string(5000, 'a') + ",b\n1,2\n3,4.5\n"), "") << "too long for a header";
  const auto search = [&](const Json& columns) {
    return ask("POST /v1/search", kJson,
               to_text(Json{{"spec", specification::to_json(query())}, {"columns", columns}}));
  };
  EXPECT_EQ(search(nullptr).status, 200);
  EXPECT_EQ(search(Json::array({"a", "b"})).status, 200);
  const RawAnswer refused = search(Json::array({"a"}));
  EXPECT_EQ(refused.status, 400) << refused.body;
  EXPECT_EQ(refused.json()["where"], "/columns");
}

TEST_F(ApiTest, SpecificationRefusalsSayWhere) {
  start();
  const auto refused = [&](const std::string& query, const std::string& body) {
    return ask("POST /v1/specifications" + query, "Content-Type: text/csv\r\n", body).code();
  };
  EXPECT_EQ(refused("", "a,b\n1,x\n"), "table.cell");
  EXPECT_EQ(refused("", "a,b\n"), "table.empty");
  EXPECT_EQ(refused("", "a,b\n1\n"), "table.syntax");
  EXPECT_EQ(refused("?points=0", "a\n1\n"), "argument.invalid");
  EXPECT_EQ(refused("?points=1001", "a\n1\n"), "argument.invalid");
  for (const char* gamma : {"0", "-1", "nan", "inf", "x", "1e999", ""})
    EXPECT_EQ(refused(std::string("?gamma=") + gamma, "a\n1\n"), "argument.invalid") << gamma;
  EXPECT_EQ(refused("?method=another", "a\n1\n"), "argument.invalid");
  EXPECT_EQ(ask("POST /v1/specifications", "Content-Type: application/x-npy\r\n", "a,b\n").code(),
            "table.npy");
}

TEST_F(ApiTest, ArraysHeedTheParametersThatChooseColumnsAndRefuseThoseOfText) {
  start();
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }";
  header.resize(117, ' ');
  std::string array = std::string("\x93NUMPY\x01\0", 8) + '\x76' + '\0' + header + '\n';
  for (const double value : {1.5, std::nan(""), 2.5, std::nan(""), 0.25, std::nan("")})
    array.append(reinterpret_cast<const char*>(&value), sizeof value);
  const auto made = [&](const std::string& query) {
    return ask("POST /v1/specifications" + query, "Content-Type: application/x-npy\r\n", array);
  };
  EXPECT_EQ(made("").code(), "table.column");
  EXPECT_EQ(made("?drop=%232").status, 200);
  EXPECT_EQ(made("?columns=%231").status, 200);
  EXPECT_EQ(made("?numeric_only=true").status, 200);
  for (const char* query : {"?header=true", "?delimiter=comma", "?decimal=.", "?encoding=utf-8"})
    EXPECT_EQ(made(query).code(), "argument.invalid") << query;
}

TEST_F(ApiTest, SpecificationsSayWhatToKnowOfTheTable) {
  start();
  std::string csv = "Id;a;label\n";
  for (int i = 0; i < 60; ++i) csv += fmt::format("{};{},5;{}\n", i, i % 7, i % 4 == 0 ? "" : "1");
  const RawAnswer answer = ask("POST /v1/specifications?points=10", "Content-Type: text/csv\r\n", csv);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Warnings warnings = warnings_from_json(parse_json(answer.field("learndock-warnings")).value());
  for (const WarningCode code :
       {WarningCode::cells_filled, WarningCode::id_suspected, WarningCode::label_suspected})
    EXPECT_TRUE(contains(warnings, code)) << answer.field("learndock-warnings");
  const RawAnswer chosen = ask("POST /v1/specifications?points=10&label=label&drop=Id&delimiter=semicolon",
                               "Content-Type: text/csv\r\n", csv);
  ASSERT_EQ(chosen.status, 200) << chosen.body;
  EXPECT_EQ(chosen.field("learndock-warnings"), "");
  EXPECT_EQ(specification::from_json_text(chosen.body)->dimension(), 1u);
  EXPECT_EQ(ask("POST /v1/specifications?header=perhaps", "Content-Type: text/csv\r\n", csv).code(),
            "argument.invalid");
  EXPECT_EQ(
      ask("POST /v1/specifications", "Content-Type: text/csv\r\n", std::string("\x1F\x8B\x08\0", 4)).code(),
      "table.format");
}

TEST_F(ApiTest, SpecificationsBoundTheirRows) {
  start();
  std::string csv = "a\n";
  for (int i = 0; i < 200'001; ++i) csv += "1\n";
  const RawAnswer answer = ask("POST /v1/specifications", "Content-Type: text/csv\r\n", csv);
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.code(), "limit.size");
}

TEST_F(ApiTest, ListsPageByPageAlsoUnderInserts) {
  for (int i = 1; i <= 5; ++i) static_cast<void>(add(i));
  start();
  std::vector<std::string> ids;
  std::string cursor;
  do {
    const Json page = ask("GET /v1/learnwares?limit=2" + cursor).json();
    for (const Json& learnware : page["learnwares"]) ids.push_back(learnware["id"]);
    if (ids.size() == 2) static_cast<void>(add(6));
    cursor = page["next"].is_null() ? "" : "&cursor=" + page["next"].get<std::string>();
  } while (!cursor.empty());
  EXPECT_EQ(ids, (std::vector<std::string>{"00000001", "00000002", "00000003", "00000004", "00000005",
                                           "00000006"}));
}

TEST_F(ApiTest, ListRefusesOddLimitsAndCursors) {
  start();
  for (const char* query : {"limit=0", "limit=201", "limit=x", "limit=-1", "cursor=", "cursor=1",
                            "cursor=s00000000000000zz", "cursor=x0000000000000001", "page=2"})
    EXPECT_EQ(ask(std::string("GET /v1/learnwares?") + query).code(), "argument.invalid") << query;
  EXPECT_EQ(ask("GET /v1/learnwares?limit=200").status, 200);
}

TEST_F(ApiTest, ShowsOneLearnware) {
  const LearnwareId id = add(3);
  start();
  const RawAnswer answer = ask("GET /v1/learnwares/" + id.text());
  EXPECT_EQ(answer.json(), dock::to_json(dock_->find(id).value()));
  EXPECT_EQ(answer.json()["name"], "number 3");
  EXPECT_EQ(ask("GET /v1/learnwares/00000099").code(), "not_found");
  EXPECT_EQ(ask("GET /v1/learnwares/a%2Fb").code(), "argument.invalid");
}

TEST_F(ApiTest, VocabulariesAreThoseThatSpecificationsAreReadBy) {
  start();
  const RawAnswer answer = ask("GET /v1/vocabularies");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json got = answer.json();
  EXPECT_EQ(got["Data"], (Json{{"Type", "Class"}, {"Values", {"Table", "Image", "Text"}}}));
  EXPECT_EQ(got["Scenario"]["Type"], "Tag");
  ASSERT_EQ(got.size(), specification::kSemanticKeys);
  const auto read = specification::semantic_from_json(got);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(specification::semantic_bits(read->values), (specification::SemanticBits{1} << 47) - 1)
      << "each of the 47 values once";
  EXPECT_EQ(got["Model"]["Type"], "Optional");
  EXPECT_EQ(got["Task"]["ByData"]["Text"],
            (Json{"Classification", "Regression", "Feature Extraction", "Text Generation", "Others"}));
}

TEST_F(ApiTest, ProbesAnswer) {
  start();
  for (const char* path : {"/livez", "/readyz", "/healthz"})
    EXPECT_EQ(ask(std::string("GET ") + path).status, 200) << path;
  EXPECT_EQ(ask("GET /readyz").json()["checks"]["catalogue"], "ok");
}

TEST_F(ApiTest, MetricsCountWhatHappened) {
  static_cast<void>(add(1));
  start();
  // One connection: a request is counted before the next one of its connection is read.
  RawConnection connection(port());
  constexpr const char* kZip = "Content-Type: application/zip\r\n";
  connection.ask(request("POST /v1/search", kJson, to_text(Json{{"spec", specification::to_json(query())}})));
  connection.ask(request("GET /v1/none"));
  connection.ask(request("POST /v1/learnwares", kZip, "not a zip"));
  connection.ask(request("POST /v1/learnwares", kZip, example_package_bytes(2)));
  const RawAnswer answer = connection.ask(request("GET /metrics"));
  EXPECT_EQ(answer.field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line :
       {"learndock_build_info{version=\"",
        "learndock_http_request_duration_seconds_count{code=\"200\",method=\"POST\",route=\"/v1/search\"} 1",
        "learndock_http_request_duration_seconds_count{code=\"404\",method=\"GET\",route=\"unmatched\"} 1",
        "learndock_search_duration_seconds_count{stage=\"parse\"} 1",
        "learndock_search_duration_seconds_count{stage=\"mmd\"} 1", "learndock_search_candidates_count 1",
        "learndock_index_items 2", "learndock_uploads_total{result=\"stored\"} 1",
        "learndock_uploads_total{result=\"refused\"} 1",
        "learndock_upload_rejects_total{code=\"zip.not_a_zip\"} 1", "process_resident_memory_bytes",
        "process_open_fds", "learndock_index_version"})
    EXPECT_NE(answer.body.find(line), std::string::npos) << line << "\n" << answer.body;
  EXPECT_EQ(answer.body.find("\"00000001\""), std::string::npos) << "no ids as labels";
}

}  // namespace
}  // namespace learndock::testing
