// Whichever backend computes the coordinates of an index: the same answers as comparing every learnware.
#include "learndock/compute/registry.hpp"
#include "learndock/reindex/reindex.hpp"

#include "compute/direct_sums.hpp"
#include "engine/space/feature_space.hpp"
#include "io/file.hpp"
#include "reindex/indexed_dock.hpp"
#include "support/forwarding_backend.hpp"

#include <map>
#include <random>

namespace learndock::reindex {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const compute::Backend> cpu() { return compute::open_backend("cpu", 1).value(); }

/// Each coordinate off by as much as the certificate of a space allows, up or down at random, and by `beyond`
/// besides.
class ErringBackend final : public testing::ForwardingBackend {
 public:
  explicit ErringBackend(double beyond = 0) : ForwardingBackend(cpu()), beyond_(beyond) {}

  Result<void> project(std::span<const compute::ReducedSetView> sets, const compute::Projection& projection,
                       MatrixView<double> out) const override {
    constexpr std::size_t kMostTerms = 16'384;  // of a specification
    LEARNDOCK_CHECK(ForwardingBackend::project(sets, projection, out));
    const std::size_t d = projection.landmarks.cols();
    std::mt19937_64 random(7);
    for (std::size_t i = 0; i < sets.size(); ++i) {
      // The backend below may have made an error of its own.
      const double left = compute::direct_error(projection.kernel, d, kMostTerms) -
                          compute::direct_error(projection.kernel, d, sets[i].count);
      for (std::size_t r = 0; r < out.cols(); ++r) {
        double reach = 0;
        for (const double value : projection.map.row(r)) reach += std::abs(value);
        const double error = left * engine::mass_of(sets[i]) * reach + beyond_;
        out(i, r) += random() % 2 == 0 ? error : -error;
      }
    }
    ++projected_;
    return {};
  }
  [[nodiscard]] std::size_t projected() const { return projected_; }

 private:
  double beyond_;
  mutable std::size_t projected_ = 0;
};

/// A device whose memory is full.
class FullDevice final : public testing::ForwardingBackend {
 public:
  FullDevice() : ForwardingBackend(cpu()) {}
  bool on_device() const override { return true; }
  Result<void> project(std::span<const compute::ReducedSetView>, const compute::Projection&,
                       MatrixView<double>) const override {
    return full();
  }
  Result<void> kmeans_step(std::span<const compute::KmeansJob>) const override { return full(); }
  Result<std::shared_ptr<const compute::HeldSets>> hold(const compute::PackedSetsView&) const override {
    return full();
  }
  Result<std::shared_ptr<const compute::HeldCodes>> hold(const compute::ScanCodesView&) const override {
    return full();
  }

 private:
  static Failure full() { return fail(ErrorCode::device_memory, "the device is full"); }
};

class ReindexBackendTest : public testing::IndexedDockTest {
 protected:
  void reindex_with(std::shared_ptr<const compute::Backend> backend) {
    options_.backend = std::move(backend);
    const auto report = reindex(dock(), options_);
    ASSERT_TRUE(report.has_value()) << describe(report.error());
    EXPECT_EQ(report->learnwares, 800U);
    EXPECT_GT(report->bounds_checked, 1000U);
  }
  /// The content of the pieces that are made, by name.
  std::map<std::string, std::string> pieces() {
    EXPECT_TRUE(plan_reindex(dock(), options_).has_value());
    EXPECT_TRUE(build_shard(dock(), {0, 1}, options_).has_value());
    std::map<std::string, std::string> pieces;
    for (const auto& file : fs::directory_iterator(dock() / "reindex"))
      pieces[file.path().filename().string()] = io::read_file(file.path()).value();
    fs::remove_all(dock() / "reindex");
    return pieces;
  }
};

TEST_F(ReindexBackendTest, AnIndexMadeByTheReferenceAnswersLikeTheFullSearch) {
  reindex_with(compute::open_backend("cpu_reference").value());
  expect_right_answers(*open(), true);
}

TEST_F(ReindexBackendTest, CoordinatesThatAreOffByAllThatIsAllowedCostNoAnswer) {
  const auto erring = std::make_shared<const ErringBackend>();
  reindex_with(erring);
  EXPECT_GT(erring->projected(), 0U);
  expect_right_answers(*open(), true);
}

TEST_F(ReindexBackendTest, CoordinatesThatAreWrongAreRefusedAndTheIndexStays) {
  reindex_with(cpu());
  const std::uint64_t version = open()->status().index_version;
  options_.backend = std::make_shared<const ErringBackend>(0.5);
  options_.codes = compute::CodeType::int4;
  const auto refused = reindex(dock(), options_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::internal);
  const auto opened = open();
  EXPECT_EQ(opened->status().index_version, version);
  expect_right_answers(*opened, true);
}

TEST_F(ReindexBackendTest, PiecesOfDifferentBackendsGoTogether) {
  options_.range_records = 333;
  options_.backend = cpu();
  ASSERT_TRUE(plan_reindex(dock(), options_).has_value());
  const std::shared_ptr<const compute::Backend> backends[] = {
      compute::open_backend("cpu_reference").value(), std::make_shared<const ErringBackend>(), nullptr};
  for (std::size_t shard = 0; shard < 3; ++shard) {
    options_.backend = backends[shard];
    ASSERT_TRUE(build_shard(dock(), {shard, 3}, options_).has_value());
  }
  const auto report = merge_shards(dock(), options_);
  ASSERT_TRUE(report.has_value()) << describe(report.error());
  EXPECT_EQ(report->learnwares, 800U);
  expect_right_answers(*open(), false);  // parts so small are compared whole
}

TEST_F(ReindexBackendTest, TheCpuBackendIsTheDefaultByteForByte) {
  options_.range_records = 333;
  const auto by_default = pieces();
  EXPECT_GT(by_default.size(), 6U);
  options_.backend = cpu();
  EXPECT_EQ(pieces(), by_default);
  options_.backend = std::make_shared<const FullDevice>();
  EXPECT_EQ(pieces(), by_default) << "a device that has no room is done without";
}

TEST_F(ReindexBackendTest, ADeviceThatIsFullIsSaidOnceAndTheIndexIsMadeWithoutIt) {
  options_.range_records = 333;  // several pieces, in which the device fails again and again
  ::testing::internal::CaptureStderr();
  reindex_with(std::make_shared<const FullDevice>());
  const std::string log = ::testing::internal::GetCapturedStderr();
  for (const char* const said :
       {"the index's subspaces are fitted on the CPU", "the index is embedded on the CPU"}) {
    const std::size_t first = log.find(said);
    ASSERT_NE(first, std::string::npos) << log;
    EXPECT_EQ(log.find(said, first + 1), std::string::npos) << log;
  }
  expect_right_answers(*open(), false);  // parts so small are compared whole
}

TEST_F(ReindexBackendTest, ADockStoresNewLearnwaresThroughItsBackend) {
  {
    dock::DockOptions options;
    options.threads = 1;
    options.index_from = 200;
    options.backend = "cpu_reference";
    const auto opened = dock::Dock::open(dock(), options).value();
    import_lines(*opened, lines(400, 500));
    while (opened->tend_index().value()) {
    }
    EXPECT_GT(opened->status().indexed, 0U);
  }
  expect_right_answers(*open(), false);
}

}  // namespace
}  // namespace learndock::reindex
