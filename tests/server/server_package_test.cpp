// Packages in and out.
#include "http/http_fields.hpp"
#include "io/digest.hpp"
#include "io/file.hpp"
#include "server/server_fixture.hpp"

namespace learndock::testing {
namespace {

class PackageTest : public ServerTest {
 protected:
  [[nodiscard]] std::string stored_bytes(const LearnwareId& id) const {
    return io::read_file(dock_->package_path(id).value()).value();
  }
};

TEST_F(PackageTest, UploadStoresAndNamesThePlace) {
  start();
  const RawAnswer answer = upload(example_package_bytes(1));
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.field("location"), "/v1/learnwares/00000001");
  EXPECT_EQ(answer.json()["id"], "00000001");
  EXPECT_TRUE(answer.json()["warnings"].is_array());
  EXPECT_EQ(ask("GET " + answer.field("location")).json()["package"], answer.json()["package"]);
  EXPECT_EQ(staged_files(), 0u);
}

TEST_F(PackageTest, ChunkedUploadWorksToo) {
  start();
  RawConnection connection(port());
  const std::string bytes = example_package_bytes(1);
  connection.send(
      request("POST /v1/learnwares", "Content-Type: application/zip\r\nTransfer-Encoding: chunked\r\n"));
  connection.send(fmt::format("{:x}\r\n", bytes.size()) + bytes + "\r\n0\r\n\r\n");
  EXPECT_EQ(connection.read().status, 201);
}

TEST_F(PackageTest, TheSamePackageTwiceIsAConflict) {
  start();
  EXPECT_EQ(upload(example_package_bytes(1)).status, 201);
  const RawAnswer again = upload(example_package_bytes(1));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.code(), "package.duplicate");
  EXPECT_EQ(dock_->status().learnwares, 1u);
}

TEST_F(PackageTest, RefusalsLeaveNothingAndTellNoPaths) {
  start();
  auto escaping = example_zip();
  escaping.entries.push_back(raw_file("../x", "y"));
  for (const std::string& bytes :
       {std::string("not a zip"), escaping.bytes(), example_package_bytes(1).substr(0, 300)}) {
    const RawAnswer refused = upload(bytes);
    EXPECT_EQ(refused.status, 422) << refused.body;
    EXPECT_EQ(refused.body.find(folder_.path().string()), std::string::npos) << refused.body;
  }
  EXPECT_EQ(staged_files(), 0u);
  EXPECT_EQ(dock_->status().learnwares, 0u);
}

TEST_F(PackageTest, ADamagedUploadIsNoticed) {
  start();
  const std::string bytes = example_package_bytes(1);
  const std::string right = http::digest_field(io::sha256_hex(bytes));
  const RawAnswer damaged = upload("x" + bytes.substr(1), "Content-Digest: " + right + "\r\n");
  EXPECT_EQ(damaged.code(), "digest.mismatch");
  EXPECT_EQ(upload(bytes, "Content-Digest: " + right + "\r\n").status, 201);
}

TEST_F(PackageTest, ADigestOfAnotherAlgorithmIsNoOtherSha256) {
  start();
  const std::string right = http::digest_field(io::sha256_hex(example_package_bytes(1)));
  const char* sha512 =
      "sha-512=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==:";
  EXPECT_EQ(upload(example_package_bytes(1), fmt::format("Content-Digest: {}\r\n", sha512)).status, 201);
  EXPECT_EQ(upload(example_package_bytes(2), "Repr-Digest: md5=:AAAA:\r\n").status, 201);
  EXPECT_EQ(upload(example_package_bytes(3), fmt::format("Content-Digest: {}, {}\r\n", sha512, right)).code(),
            "digest.mismatch");
  // Every line counts, not the first one only.
  EXPECT_EQ(upload(example_package_bytes(3),
                   fmt::format("Content-Digest: {}\r\nContent-Digest: {}\r\n", sha512, right))
                .code(),
            "digest.mismatch");
}

TEST_F(PackageTest, AMalformedDigestIsNoMismatch) {
  start();
  for (const char* field : {"", "sha-256", "sha-256=", "sha-256=abc", "sha-256=:AAAA:", "sha-256=:*:",
                            "=:AAAA:", "sha-512=:AAAA:,", "sha-512=:AAAA:, ,md5=:AAAA:", "a b=:AAAA:"}) {
    const RawAnswer refused = upload(example_package_bytes(1), fmt::format("Content-Digest: {}\r\n", field));
    EXPECT_EQ(refused.status, 400) << field;
    EXPECT_EQ(refused.code(), "http.request") << field;
  }
  EXPECT_EQ(dock_->status().learnwares, 0u);
}

TEST_F(PackageTest, AFlippedByteInAPackageIsLoggedAndItsEndIsKeptBack) {
  start();
  for (const int number : {1, 2}) {
    const LearnwareId id = add(number);
    const auto path = dock_->package_path(id).value();
    std::string bytes = io::read_file(path).value();
    bytes[bytes.size() / 2] ^= 1;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    write_file(path, bytes);
    const std::string place = "/v1/learnwares/" + id.text() + "/package";
    ::testing::internal::CaptureStderr();
    const RawAnswer answer = ask("GET " + place);
    const std::string log = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(answer.status, 200);
    EXPECT_LT(answer.body.size(), bytes.size());
    EXPECT_NE(log.find("package of learnware " + id.text() + " is damaged"), std::string::npos) << log;
    EXPECT_EQ(client().download(id, folder_ / "out.zip").error().code, ErrorCode::digest_mismatch);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out.zip"));
    EXPECT_EQ(ask("GET " + place, "Range: bytes=0-\r\n").body, "");
  }
  EXPECT_NE(ask("GET /metrics").body.find("\nlearndock_package_damaged_total 6\n"), std::string::npos);
}

TEST_F(PackageTest, AShorterPackageIsAnErrorAndNotAnAnswer) {
  start();
  const LearnwareId id = add(1);
  const auto path = dock_->package_path(id).value();
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  for (const char* bytes : {"", "PK"}) {
    write_file(path, bytes);
    const RawAnswer answer = ask("GET /v1/learnwares/" + id.text() + "/package");
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.code(), "corrupt");
    EXPECT_EQ(answer.body.find(folder_.path().string()), std::string::npos);
  }
}

TEST_F(PackageTest, AnAbandonedUploadLeavesNothing) {
  start();
  {
    RawConnection connection(port());
    connection.send(
        request("POST /v1/learnwares",
                "Content-Type: application/zip\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n"));
    EXPECT_EQ(connection.read().status, 100);
    connection.send("PK");
  }
  server_->stop();
  server_->wait();
  EXPECT_EQ(staged_files(), 0u);
}

TEST_F(PackageTest, TooLargePackagesAreRefusedEarlyAndLate) {
  options_.limits.max_package_bytes = 100;
  start();
  EXPECT_EQ(upload(example_package_bytes(1)).status, 413);
  RawConnection connection(port());
  connection.send(
      request("POST /v1/learnwares", "Content-Type: application/zip\r\nTransfer-Encoding: chunked\r\n"));
  connection.send("c8\r\n" + std::string(200, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(connection.read().status, 413);
  EXPECT_EQ(staged_files(), 0u);
}

TEST_F(PackageTest, DownloadCarriesDigestNameAndLength) {
  const LearnwareId id = add(1);
  start();
  const std::string path = "/v1/learnwares/" + id.text() + "/package";
  const std::string bytes = stored_bytes(id);
  const RawAnswer whole = ask("GET " + path);
  ASSERT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, bytes);
  EXPECT_EQ(whole.field("content-type"), "application/zip");
  EXPECT_EQ(whole.field("etag"), "\"" + io::sha256_hex(bytes) + "\"");
  EXPECT_EQ(whole.field("repr-digest"), http::digest_field(io::sha256_hex(bytes)));
  EXPECT_EQ(whole.field("content-disposition"), "attachment; filename=\"00000001.zip\"");
  const RawAnswer head = ask("HEAD " + path);
  EXPECT_EQ(head.field("content-length"), std::to_string(bytes.size()));
  EXPECT_EQ(ask("GET " + path, "If-None-Match: " + whole.field("etag") + "\r\n").status, 304);
  EXPECT_EQ(ask("GET " + path, "If-None-Match: \"other\"\r\n").status, 200);
}

TEST_F(PackageTest, RangesComposeTheWhole) {
  const LearnwareId id = add(1);
  start();
  const std::string path = "/v1/learnwares/" + id.text() + "/package";
  const std::string bytes = stored_bytes(id);
  const std::string tag = "\"" + io::sha256_hex(bytes) + "\"";
  const RawAnswer first = ask("GET " + path, "Range: bytes=0-99\r\n");
  const RawAnswer rest = ask("GET " + path, "Range: bytes=100-\r\nIf-Range: " + tag + "\r\n");
  EXPECT_EQ(first.status, 206);
  EXPECT_EQ(first.field("content-range"), fmt::format("bytes 0-99/{}", bytes.size()));
  EXPECT_EQ(first.body + rest.body, bytes);
  EXPECT_EQ(ask("GET " + path, "Range: bytes=-10\r\n").body, bytes.substr(bytes.size() - 10));
  EXPECT_EQ(ask("GET " + path, "Range: bytes=0-1\r\nIf-Range: \"old\"\r\n").status, 200);
  EXPECT_EQ(ask("GET " + path, "Range: bytes=0-1,3-4\r\n").status, 200);
  EXPECT_EQ(ask("HEAD " + path, "Range: bytes=0-1\r\n").status, 200);
  const RawAnswer beyond = ask("GET " + path, "Range: bytes=999999-\r\n");
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.field("content-range"), fmt::format("bytes */{}", bytes.size()));
  EXPECT_EQ(beyond.code(), "http.range");
}

TEST_F(PackageTest, UseScriptNamesTheDownloadedFile) {
  const LearnwareId id = add(1);
  start();
  const RawAnswer script = ask("GET /v1/learnwares/" + id.text() + "/use.py");
  ASSERT_EQ(script.status, 200) << script.body;
  EXPECT_EQ(script.body, dock::use_script(dock_->model_entry(id).value(), id.text(), "00000001.zip"));
  EXPECT_EQ(script.field("content-disposition"), "attachment; filename=\"use.py\"");
}

TEST_F(PackageTest, RecordsWithoutAPackageHaveNoneToFetch) {
  write_file(folder_ / "specs.jsonl",
             std::string(R"({"id":"elsewhere","semantic":{},"stat":)") + kStatisticalText + "}\n");
  const auto outcome = dock_->import_specifications(folder_ / "specs.jsonl").value();
  ASSERT_EQ(outcome.imported.size(), 1u);
  start();
  EXPECT_EQ(ask("GET /v1/learnwares/elsewhere").status, 200);
  EXPECT_EQ(ask("GET /v1/learnwares/elsewhere/package").code(), "not_found");
  EXPECT_EQ(ask("GET /v1/learnwares/elsewhere/use.py").code(), "not_found");
}

TEST_F(PackageTest, RemovedIsGone) {
  const LearnwareId id = add(1);
  start();
  const std::string path = "/v1/learnwares/" + id.text();
  EXPECT_EQ(ask("DELETE " + path).status, 204);
  EXPECT_EQ(ask("GET " + path).status, 404);
  EXPECT_EQ(ask("DELETE " + path).code(), "not_found");
  EXPECT_EQ(ask("GET " + path + "/package").status, 404);
}

TEST_F(PackageTest, AnUploadWithoutANameIsNamedAfterItsYamlOrItsModel) {
  start();
  auto files = example_files();
  files.erase("semantic_specification.json");
  EXPECT_EQ(upload(raw_zip_of(files).bytes()).json()["name"], "two features");
  files["learnware.yaml"].erase(0, std::string("name: two features\n").size());
  EXPECT_EQ(upload(raw_zip_of(files).bytes()).json()["name"], "MyModel");
}

TEST_F(PackageTest, TheSemanticSpecificationMayComeInAHeader) {
  start();
  auto files = example_files();
  files.erase("semantic_specification.json");
  const std::string semantic = http::byte_sequence(kSemanticText);
  const RawAnswer stored = upload(raw_zip_of(files).bytes(), "Learndock-Semantic: " + semantic + "\r\n");
  ASSERT_EQ(stored.status, 201) << stored.body;
  EXPECT_EQ(stored.json()["name"], "two");
  EXPECT_EQ(stored.json()["semantic"]["Task"]["Values"][0], "Classification");
  const RawAnswer odd = upload(example_package_bytes(1), "Learndock-Semantic: {}\r\n");
  EXPECT_EQ(odd.status, 400);
  EXPECT_EQ(odd.json()["where"], "Learndock-Semantic");
  EXPECT_EQ(staged_files(), 0u);
}

TEST_F(PackageTest, ALostPackageIsTheDocksFaultAndItsPlaceStaysUnknown) {
  const LearnwareId id = add(1);
  start();
  std::filesystem::remove(dock_->package_path(id).value());
  for (const char* part : {"/package", "/use.py"}) {
    const RawAnswer answer = ask("GET /v1/learnwares/" + id.text() + part);
    EXPECT_EQ(answer.status, 500) << part;
    EXPECT_EQ(answer.code(), "corrupt");
    EXPECT_EQ(answer.body.find(folder_.path().string()), std::string::npos) << answer.body;
  }
  EXPECT_EQ(ask("GET /v1/learnwares/none/package").status, 404);
}

}  // namespace
}  // namespace learndock::testing
