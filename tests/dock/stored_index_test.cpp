#include "dock/index/stored_index.hpp"

#include "learndock/compute/registry.hpp"

#include <gtest/gtest.h>

namespace learndock::dock {
namespace {

OpenedIndex opened_with(std::string kernels) {
  store::IndexVersion version;
  version.number = 1;
  version.content.kernels = std::move(kernels);
  return open_index(version, compute::open_backend("cpu_reference").value(), 1);
}

TEST(StoredIndex, SaysItsKernels) {
  const specification::SpaceFamily family{{}, {4}, 1};
  specification::SpaceKernels kernels;
  ASSERT_TRUE(kernels.set(family, family.kernel(0.3)).has_value());
  const OpenedIndex opened = opened_with(specification::kernels_text(kernels));
  EXPECT_EQ(opened.kernels, kernels);
  EXPECT_TRUE(opened.problems.empty());
}

TEST(StoredIndex, KernelsThatCannotBeReadMakeItUnused) {
  for (const char* const damaged : {"[1]", "[", R"([{"type":"no kind","shape":[4],"scales":1,"gamma":1}])"}) {
    const OpenedIndex opened = opened_with(damaged);
    EXPECT_TRUE(opened.parts.empty());
    EXPECT_TRUE(opened.kernels.empty());
    ASSERT_EQ(opened.problems.size(), 1U) << damaged;
    EXPECT_NE(opened.problems[0].find("the kernels are damaged"), std::string::npos) << opened.problems[0];
  }
}

}  // namespace
}  // namespace learndock::dock
