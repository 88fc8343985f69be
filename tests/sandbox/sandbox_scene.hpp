#pragma once

#include "io/file.hpp"
#include "sandbox/layers.hpp"
#include "sandbox/switches.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace learndock::sandbox {

inline constexpr const char* kPython = "/usr/bin/python3";

/// A small job with time enough for a busy machine.
inline Job job_of(std::vector<std::string> command) {
  Job job;
  job.command = std::move(command);
  job.limits.wall = std::chrono::seconds(60);
  job.limits.memory_bytes = std::uint64_t{192} << 20;
  job.limits.scratch_bytes = std::uint64_t{16} << 20;
  job.limits.processes = 32;
  return job;
}

inline Job shell(const std::string& text) { return job_of({"/bin/sh", "-c", text}); }

/// Why foreign programs cannot be run on this machine; empty: they can.
inline std::string cannot_run() {
  const Layer* missing = missing_layer();
  return missing == nullptr ? "" : "this machine has no layer " + missing->name + ": " + missing->detail;
}

/// All that a job sends until it closes its descriptor 4 or ends.
inline std::string all_answers(Process& process,
                               std::chrono::milliseconds patience = std::chrono::seconds(60)) {
  std::string text;
  std::byte one{};
  while (process.receive({&one, 1}, patience)) text.push_back(static_cast<char>(one));
  return text;
}

/// How many processes of this machine have a text in their words.
inline int processes_with(const std::string& mark) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const Result<std::string> words = io::read_file(entry.path() / "cmdline", 1 << 20);
    if (words && words->find(mark) != std::string::npos) ++found;
  }
  return found;
}

class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = cannot_run(); !why.empty()) GTEST_SKIP() << why;
  }
};

}  // namespace learndock::sandbox
