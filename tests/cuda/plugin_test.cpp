// The plug-in as the program loads it. Without a driver it loads all the same and says what is missing.
#include "compute/plugin/cuda_plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <dlfcn.h>
#include <string>

namespace learndock::compute {
namespace {

bool driver_present() {
  void* const driver = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver != nullptr) ::dlclose(driver);
  return driver != nullptr;
}

/// A file that the environment names comes before the one of the build: programs may run where they were not
/// built.
class CudaPlugin : public ::testing::Test {
 protected:
  void SetUp() override { ::setenv("LEARNDOCK_CUDA_PLUGIN", file_.c_str(), 1); }
  void TearDown() override { ::setenv("LEARNDOCK_CUDA_PLUGIN", file_.c_str(), 1); }

 private:
  const std::string file_ = [] {
    const char* const named = std::getenv("LEARNDOCK_CUDA_PLUGIN");
    return std::string(named == nullptr ? LEARNDOCK_CUDA_FILE : named);
  }();
};

TEST_F(CudaPlugin, WithoutADriverItSaysSo) {
  if (driver_present()) GTEST_SKIP() << "this machine has an NVIDIA driver";
  const auto backend = open_cuda_plugin();
  ASSERT_FALSE(backend.has_value());
  EXPECT_EQ(backend.error().code, ErrorCode::backend_unavailable);
  EXPECT_EQ(exit_code(backend.error().code), 7);
  EXPECT_THAT(backend.error().message, ::testing::HasSubstr("no NVIDIA driver is installed"));
}

TEST_F(CudaPlugin, WithADeviceItOpens) {
  if (!driver_present()) GTEST_SKIP() << "this machine has no NVIDIA driver";
  const auto backend = open_cuda_plugin();
  ASSERT_TRUE(backend.has_value()) << backend.error().message;
  EXPECT_EQ((*backend)->name(), "cuda");
}

TEST_F(CudaPlugin, AMissingFileIsNamed) {
  ::setenv("LEARNDOCK_CUDA_PLUGIN", "/nowhere/liblearndock_cuda.so", 1);
  const auto backend = open_cuda_plugin();
  ASSERT_FALSE(backend.has_value());
  EXPECT_EQ(backend.error().code, ErrorCode::backend_unavailable);
  EXPECT_THAT(backend.error().message, ::testing::HasSubstr("/nowhere/liblearndock_cuda.so"));
}

}  // namespace
}  // namespace learndock::compute
