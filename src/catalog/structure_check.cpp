#include "catalog/structure_check.hpp"

#include "catalog/migrations.hpp"
#include "catalog/record_writer.hpp"
#include "catalog/search_text.hpp"
#include "catalog/verification_rows.hpp"

#include <fmt/format.h>

#include <functional>

namespace learndock::catalog {
namespace {

constexpr std::size_t kMaxProblems = 100;
constexpr std::string_view kIntegrity = "PRAGMA integrity_check(100)";
constexpr std::string_view kTexts =
    "SELECT l.sequence, l.id, l.name, l.semantic_json, t.text FROM learnware l LEFT JOIN search_text t USING "
    "(sequence)";
constexpr std::string_view kForeignBytes =
    "SELECT sequence FROM statistical WHERE sequence NOT IN (SELECT sequence FROM learnware)";

/// Reading stops where the file is damaged; the failure says what was found.
Result<void> read_rows(Connection& connection, std::string_view sql, std::vector<std::string>& problems,
                       const std::function<void(const Statement&)>& row_of) {
  auto statement = connection.prepare(sql);
  while (statement && problems.size() < kMaxProblems) {
    const auto row = statement->step();
    if (!row) return Failure(row.error());
    if (!*row) return {};
    row_of(*statement);
  }
  return statement ? Result<void>() : Failure(std::move(statement).error());
}

Result<void> note_damage(Result<void> done, std::vector<std::string>& problems) {
  if (done || done.error().code != ErrorCode::corrupt) return done;
  problems.push_back(done.error().message);
  return {};
}

}  // namespace

Result<std::vector<std::string>> structure_problems(Connection& connection) {
  std::vector<std::string> problems;
  auto pages = read_rows(connection, kIntegrity, problems, [&](const Statement& row) {
    if (row.bytes(0) != "ok") problems.emplace_back(row.bytes(0));
  });
  LEARNDOCK_CHECK(note_damage(std::move(pages), problems));
  auto texts = read_rows(connection, kTexts, problems, [&](const Statement& row) {
    if (row.bytes(4) != search_text(row.bytes(2), row.bytes(3)))
      problems.push_back(
          fmt::format("the text that searches look up is not that of learnware {}", row.bytes(1)));
  });
  LEARNDOCK_CHECK(note_damage(std::move(texts), problems));
  auto foreign = read_rows(connection, kForeignBytes, problems, [&](const Statement& row) {
    problems.push_back(fmt::format("a statistical specification belongs to no record: its sequence is {}",
                                   row.unsigned_integer(0)));
  });
  LEARNDOCK_CHECK(note_damage(std::move(foreign), problems));
  const auto parts = missing_parts(connection);
  if (parts) problems.insert(problems.end(), parts->begin(), parts->end());
  LEARNDOCK_CHECK(note_damage(parts ? Result<void>() : Failure(parts.error()), problems));
  auto broken = verification_problems(connection);
  if (broken) problems.insert(problems.end(), broken->begin(), broken->end());
  LEARNDOCK_CHECK(note_damage(broken ? Result<void>() : Failure(broken.error()), problems));
  const auto counters = read_counters(connection);
  LEARNDOCK_CHECK(note_damage(counters ? Result<void>() : Failure(counters.error()), problems));
  return problems;
}

}  // namespace learndock::catalog
