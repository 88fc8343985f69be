#include "sandbox/layers.hpp"

#include "learndock/base/json.hpp"

#include "sandbox/process.hpp"

#include <gmock/gmock.h>

#include <set>

namespace learndock::sandbox {
namespace {

TEST(Layers, EachIsExplained) {
  std::set<std::string> names;
  for (const Layer& one : layers()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_FALSE(one.protects.empty()) << one.name;
    EXPECT_FALSE(one.detail.empty()) << one.name;
    EXPECT_EQ(one.there, one.fix.empty())
        << one.name << ": what is missing has a cure, what is there needs none";
    if (!one.there) std::printf("layer %s is not there: %s\n", one.name.c_str(), one.detail.c_str());
  }
  EXPECT_EQ(names.size(), 7U);
}

TEST(Layers, AMissingRequiredOneStopsEverythingForeign) {
  const Layer* missing = missing_layer();
  Job job;
  job.command = {"/bin/true"};
  const Result<Ended> ended = run(job);
  EXPECT_EQ(ended.has_value(), missing == nullptr);
  if (!ended) {
    EXPECT_EQ(ended.error().code, ErrorCode::sandbox_missing);
  }
}

TEST(Layers, AreTheSameAsJson) {
  const Json json =
      to_json({{"name", "protects", true, false, "why", "cure"}, {"other", "p", false, true, "d", ""}});
  EXPECT_EQ(
      json.dump(),
      R"([{"name":"name","protects":"protects","required":true,"there":false,"detail":"why","fix":"cure"},)"
      R"({"name":"other","protects":"p","required":false,"there":true,"detail":"d"}])");
}

}  // namespace
}  // namespace learndock::sandbox
