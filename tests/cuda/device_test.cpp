// What can go wrong with a device: no driver, no room, a lost context. Planned through the shim's faults.
#include "learndock/compute/registry.hpp"

#include "cuda/shim_backend.hpp"
#include "support/compute_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

namespace learndock::cuda {
namespace {

using compute::CodeType;
using compute::PackedSets;
using ::testing::HasSubstr;
using testing::open_shim;
using testing::shim_options;

class CudaDevice : public ::testing::Test {
 protected:
  void SetUp() override { shim::reset(); }
  void TearDown() override {
    shim::reset();
    EXPECT_EQ(shim::allocated_bytes(), 0u) << "device memory was leaked";
  }
};

struct Sets {
  explicit Sets(std::size_t sets = 6, std::size_t count = 20)
      : input(testing::PackedCase{sets, count, 11, 8}),
        packed(PackedSets::pack(input.set_views, {0.1, 1}, input.centre).value()) {}
  /// Cross terms of all queries with all sets, held by a backend.
  [[nodiscard]] Result<Matrix<double>> cross_terms(const compute::Backend& backend,
                                                   const compute::HeldSets& held) const {
    Matrix<double> out(input.queries.size(), input.sets.size());
    return backend.cross_terms(held, input.query_views, out.view()).map([&] { return out; });
  }
  testing::PackedInput input;
  PackedSets packed;
};

TEST_F(CudaDevice, NamesTheMissingPart) {
  shim::faults().device_count = cudaErrorInsufficientDriver;
  const auto no_driver = make_cuda_backend(shim_options());
  ASSERT_FALSE(no_driver.has_value());
  EXPECT_EQ(no_driver.error().code, ErrorCode::backend_unavailable);
  EXPECT_EQ(exit_code(no_driver.error().code), 7);
  EXPECT_THAT(no_driver.error().message, HasSubstr("no NVIDIA driver"));
  shim::faults().device_count = cudaErrorNoDevice;
  EXPECT_THAT(make_cuda_backend(shim_options()).error().message, HasSubstr("no CUDA device is visible"));
  shim::reset();
  Options absent = shim_options();
  absent.device = 3;
  EXPECT_THAT(make_cuda_backend(absent).error().message,
              HasSubstr("device 3 was asked for, but 1 are visible"));
}

TEST_F(CudaDevice, TinyBudgetDeclinesToHoldAndNamesTheBytes) {
  Options tiny = shim_options(16 * 1024);
  tiny.budget_bytes = 64 * 1024;
  const auto backend = open_shim(tiny);
  const Sets large(40, 100), small(2, 10);
  const auto refused = backend->hold(large.packed.view());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::device_memory);
  EXPECT_THAT(refused.error().message, HasSubstr("of a budget of 65536"));
  compute::ScanCodes codes(CodeType::int8, 256);
  const std::vector<double> embedding(256, 0.1);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(codes.add({embedding, 0.1, 2.57}).has_value());
  EXPECT_EQ(backend->hold(codes.view()).error().code, ErrorCode::device_memory);
  const auto held = backend->hold(small.packed.view());
  ASSERT_TRUE(held.has_value()) << "what fits is held";
  EXPECT_TRUE(small.cross_terms(*backend, **held).has_value());
}

TEST_F(CudaDevice, WorkspaceBeyondTheBudgetIsRefusedWhenOpening) {
  Options options = shim_options(64 * 1024);
  options.budget_bytes = 100 * 1024;  // two lanes need 128 KiB
  EXPECT_EQ(make_cuda_backend(options).error().code, ErrorCode::device_memory);
}

TEST_F(CudaDevice, EveryAllocationMayFail) {
  const Sets sets;
  std::size_t failures = 0;
  for (long n = 0; n < 6; ++n) {
    shim::reset();
    shim::faults().allocations_left = n;
    auto backend = make_cuda_backend(shim_options());
    const auto held = backend ? (*backend)->hold(sets.packed.view()) : Failure(backend.error());
    if (held) continue;
    ++failures;
    EXPECT_EQ(held.error().code, ErrorCode::device_memory) << "allocation " << n;
  }
  EXPECT_EQ(failures, 3u) << "two workspaces and the sets";
}

TEST_F(CudaDevice, ALostDeviceIsReportedAndNeverAskedAgain) {
  const Sets sets;
  const auto backend = open_shim(shim_options());
  auto held = backend->hold(sets.packed.view()).value();
  shim::faults().at_next_wait = cudaErrorIllegalAddress;
  const auto lost = sets.cross_terms(*backend, *held);
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code, ErrorCode::unavailable);
  EXPECT_THAT(lost.error().message, HasSubstr("cudaErrorIllegalAddress"));
  const std::size_t launches = shim::launches();
  Matrix<double> gram(8, 8), points(8, 8);
  EXPECT_EQ(sets.cross_terms(*backend, *held).error().code, ErrorCode::unavailable);
  EXPECT_EQ(backend->gram(points.view(), {0.1}, gram.view()).error().code, ErrorCode::unavailable);
  EXPECT_EQ(backend->hold(sets.packed.view()).error().code, ErrorCode::unavailable);
  EXPECT_THAT(sets.cross_terms(*backend, *held).error().message, HasSubstr("cudaErrorIllegalAddress"))
      << "the first cause stays visible";
  EXPECT_EQ(shim::launches(), launches);
}

TEST_F(CudaDevice, AnErrorThatIsNotStickyLeavesTheDeviceUsable) {
  const Sets sets;
  const auto backend = open_shim(shim_options());
  shim::faults().allocations_left = 0;
  EXPECT_EQ(backend->hold(sets.packed.view()).error().code, ErrorCode::device_memory);
  shim::reset();
  const auto held = backend->hold(sets.packed.view());
  ASSERT_TRUE(held.has_value());
  // The runtime remembers a failed call until it is asked: a launch must not report it as its own.
  EXPECT_TRUE(sets.cross_terms(*backend, **held).has_value());
}

TEST_F(CudaDevice, SetsHeldByAnotherBackendAreRefused) {
  const Sets sets;
  const auto backend = open_shim(shim_options());
  const auto other = compute::open_backend("cpu").value();
  const auto held = other->hold(sets.packed.view()).value();
  EXPECT_EQ(sets.cross_terms(*backend, *held).error().code, ErrorCode::invalid_argument);
}

TEST_F(CudaDevice, SmallScansAreRecordedOnceAndReadTheNewQuery) {
  const auto backend = open_shim(shim_options());
  compute::ScanCodes codes(CodeType::int8, 4);
  for (int i = 0; i < 600; ++i) {
    const double a[] = {0.001 * i, 0.1, 0, 0};
    ASSERT_TRUE(codes.add({a, 0, a[0] * a[0] + 0.01}).has_value());
  }
  const auto held = backend->hold(codes.view()).value();
  const std::size_t graphs = shim::graph_launches();
  for (const double position : {0.1, 0.5, 0.3}) {
    const double a[] = {position, 0.1, 0, 0};
    const compute::EmbeddingView query{a, 0, position * position + 0.01};
    Matrix<compute::ScanHit> best(1, 20);
    std::vector<std::size_t> counts(1);
    ASSERT_TRUE(backend->scan_smallest(*held, {{&query, 1}, nullptr, 2}, best.view(), counts).has_value());
    for (const compute::ScanHit& hit : best.values())
      EXPECT_NEAR(static_cast<double>(hit.item), position * 1000, 15) << position;
  }
  EXPECT_EQ(shim::graph_launches(), graphs + 3);
}

TEST_F(CudaDevice, ManyThreadsShareTheLanes) {
  const Sets sets(20, 40);
  const auto backend = open_shim(shim_options());
  const auto held = backend->hold(sets.packed.view()).value();
  std::vector<Matrix<double>> out(5);
  std::vector<std::jthread> threads;
  for (auto& mine : out)
    threads.emplace_back([&] {
      const auto made = sets.cross_terms(*backend, *held);
      EXPECT_TRUE(made.has_value());
      if (made) mine = *made;
    });
  threads.clear();
  for (const auto& mine : out) EXPECT_EQ(mine, out.front()) << "same bits";
}

TEST_F(CudaDevice, OptionsInTheEnvironmentAreChecked) {
  ::setenv("LEARNDOCK_CUDA_MEMORY_MIB", "12x", 1);
  const auto refused = options_from_environment();
  ::setenv("LEARNDOCK_CUDA_MEMORY_MIB", "12", 1);
  const auto taken = options_from_environment();
  ::unsetenv("LEARNDOCK_CUDA_MEMORY_MIB");
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("12x"));
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->budget_bytes, std::size_t{12} << 20);
}

}  // namespace
}  // namespace learndock::cuda
