#pragma once

#include "learndock/base/json.hpp"

#include "io/file.hpp"
#include "support/example_package.hpp"
#include "support/temporary_folder.hpp"
#include "verify/checker.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace learndock::verify {

/// What a model of a test does; each test changes one thing.
struct FakeModel {
  runtime::ModelFacts facts = {{2}, std::vector<std::uint64_t>{1}, "fake 1"};
  Error load_error = {ErrorCode::internal, ""};  ///< with a message: loading fails
  /// The answer to a batch; unset: class 1 for a positive first number, else class 0.
  std::function<Result<runtime::Array>(const runtime::Array&)> predict = {};
  std::string log = "warm\n";
};

inline runtime::Array floats(std::vector<std::uint64_t> shape, const std::vector<float>& values) {
  runtime::Array array{runtime::ElementType::float32, std::move(shape), {}};
  array.bytes.resize(values.size() * sizeof(float));
  std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

inline runtime::Array sign_of_first(const runtime::Array& samples) {
  std::vector<float> classes;
  const std::size_t numbers = samples.bytes.size() / sizeof(float) / samples.shape[0];
  for (std::size_t i = 0; i < samples.shape[0]; ++i)
    classes.push_back(runtime::element(samples, i * numbers) > 0 ? 1.0F : 0.0F);
  return floats({samples.shape[0]}, classes);
}

class FakeRunner : public runtime::ModelRunner {
 public:
  explicit FakeRunner(const FakeModel& model) : model_(model) {}
  Result<runtime::ModelFacts> load() override {
    if (!model_.load_error.message.empty()) return Failure(model_.load_error);
    return model_.facts;
  }
  Result<runtime::Array> predict(const runtime::Array& samples) override {
    return model_.predict ? model_.predict(samples) : Result<runtime::Array>(sign_of_first(samples));
  }
  void stop() override {
    end_.log = model_.log;
    end_.peak_memory_bytes = 1 << 20;
  }
  const sandbox::Ended& last_end() const override { return end_; }

 private:
  const FakeModel& model_;
  sandbox::Ended end_;
};

/// A package, a fake model and a checker that tries it.
struct VerifyScene {
  testing::TemporaryFolder folder;
  std::map<std::string, std::string> files = testing::example_files();
  FakeModel model;
  Surroundings surroundings;

  VerifyScene() {
    surroundings.scratch = folder / "scratch";
    surroundings.prepare = [](const Unpacked&, std::stop_token) -> Result<Prepared> {
      return Prepared{{"numpy==1.26.4"}, {}, "fake", true, nullptr};
    };
    surroundings.runner = [this](const Unpacked&, const Prepared&,
                                 const std::stop_token&) -> Result<std::unique_ptr<runtime::ModelRunner>> {
      return std::make_unique<FakeRunner>(model);
    };
  }

  [[nodiscard]] std::filesystem::path write_package(const std::string& name = "p.zip") {
    EXPECT_TRUE(io::write_file_atomically(folder / name, testing::raw_zip_of(files).bytes()));
    return folder / name;
  }
  Report check() {
    const auto zip = write_package();
    return Checker(surroundings).check({"p.zip", zip, nullptr}).value();
  }
};

}  // namespace learndock::verify
