#include "learndock/base/json.hpp"

#include "io/file.hpp"
#include "text/fold_case.hpp"
#include "text/partial_ratio.hpp"

#include <gtest/gtest.h>

#include <string>

namespace learndock::text {
namespace {

/// Recorded outputs of the reference implementation, see tests/reference/README.md.
Json recorded_texts() {
  const auto text = io::read_file(LEARNDOCK_REFERENCE_CASES, 4 << 20);
  if (!text) return {};
  auto cases = parse_json(*text);
  return cases ? cases->value("texts", Json()) : Json();
}

TEST(PartialRatio, EqualsTheReferencesOutputs) {
  const Json texts = recorded_texts();
  ASSERT_TRUE(texts.is_object()) << LEARNDOCK_REFERENCE_CASES;
  std::size_t compared = 0;
  for (const Json& query : texts["queries"]) {
    const std::string wanted = text::fold_case(query["text"].get<std::string>());
    for (const auto& [id, ratios] : query["ratios"].items())
      for (std::size_t i = 0; i < ratios.size(); ++i) {
        const std::string have = text::fold_case(texts["market"][id][i].get<std::string>());
        EXPECT_NEAR(partial_ratio(wanted, have), ratios[i].get<double>(), 1e-9)
            << "\"" << wanted << "\" in \"" << have << "\"";
        ++compared;
      }
  }
  EXPECT_GE(compared, 500U);
}

}  // namespace
}  // namespace learndock::text
