#pragma once

#include "catalog/catalog.hpp"
#include "catalog/verification_jobs.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

namespace learndock::catalog {

inline LearnwareRecord packaged_record(std::uint64_t number) {
  LearnwareRecord one;
  one.name = fmt::format("learnware {}", number);
  one.semantic_json = "{}";
  one.statistical = "binary";
  one.package_digest = fmt::format("{:064x}", number);
  one.package_bytes = 1000;
  return one;
}

inline Verdict verdict_on(const Claim& claim, bool passes) {
  Verdict verdict;
  verdict.outcome = passes ? Outcome::passed : Outcome::failed;
  verdict.package_digest = claim.package_digest;
  verdict.checker_version = "1";
  verdict.checks_json = fmt::format(R"([{{"message":"","name":"load","passed":{}}}])", passes);
  verdict.figures_json = R"({"rows_per_second":5})";
  verdict.log = "hello";
  verdict.lock_text = "numpy==1.26.4";
  return verdict;
}

/// A catalogue and its queue, whose clock the test moves.
struct VerificationScene {
  testing::TemporaryFolder folder;
  std::int64_t now = 4'000'000'000'000;  // after every insertion, whose time is the system's
  std::unique_ptr<Catalog> catalog = open_sqlite_catalog(file(), true).value();
  std::unique_ptr<VerificationJobs> jobs = queue();

  [[nodiscard]] std::filesystem::path file() const { return folder / "catalog.sqlite"; }
  [[nodiscard]] std::unique_ptr<VerificationJobs> queue(bool check_claims = true) {
    return open_verification_jobs(file(), {[this] { return now; }, check_claims}).value();
  }
  LearnwareId add(std::uint64_t number) {
    const std::vector one{packaged_record(number)};
    return catalog->insert(one).value().front().id;
  }
  Claim claim(const char* worker = "w") {
    return jobs->claim(worker, std::chrono::seconds(30)).value().value();
  }
  [[nodiscard]] Status status(const LearnwareId& id) const { return catalog->find(id).value().status; }
  [[nodiscard]] std::vector<std::string> problems() const { return catalog->problems().value(); }

  /// As another program would change the file.
  void change(const std::string& sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }
};

}  // namespace learndock::catalog
