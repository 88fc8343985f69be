#pragma once

#include "learndock/client/client.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/server/server.hpp"
#include "learndock/specification/codec.hpp"

#include "base/log.hpp"
#include "server/raw_connection.hpp"
#include "support/example_package.hpp"
#include "support/generators.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

namespace learndock::testing {

/// A package whose name and reduced set tell it from others.
inline std::string example_package_bytes(int number) {
  auto files = example_files();
  files["learnware.yaml"] = files["learnware.yaml"].replace(6, 12, fmt::format("number {}", number));
  std::string& semantic = files["semantic_specification.json"];
  semantic.replace(semantic.find("\"two\""), 5, fmt::format("\"number {}\"", number));
  files["stat_spec.json"] = fmt::format(
      R"({{"z":[[0.5,{}.5],[-2.0,0.25]],"beta":[0.75,0.25],"gamma":0.1,"num_points":40,"type":"RKMETableSpecification"}})",
      number);
  return raw_zip_of(files).bytes();
}

inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A server on a free port over an empty dock in a temporary folder.
class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::error);
    ASSERT_TRUE(dock::Dock::create(folder_ / "dock"));
    dock::DockOptions one_thread;
    one_thread.threads = 1;
    auto opened = dock::Dock::open(folder_ / "dock", one_thread);
    ASSERT_TRUE(opened) << opened.error().message;
    dock_ = std::move(*opened);
    options_.port = 0;
    options_.stop_deadline = std::chrono::seconds(60);
  }
  void TearDown() override {
    server_.reset();
    set_log_level(LogLevel::info);
  }

  void start() {
    auto server = server::Server::start(*dock_, options_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] client::Client client(client::ClientOptions options = {}) const {
    return client::Client::create(server_->url(), options).value();
  }

  [[nodiscard]] LearnwareId add(int number) {
    const auto path = folder_ / fmt::format("{}.zip", number);
    write_file(path, example_package_bytes(number));
    return dock_->add_package(path).value().id;
  }

  /// A request on a connection of its own.
  RawAnswer ask(const std::string& request_line, const std::string& fields = "",
                const std::string& body = "") {
    RawConnection connection(port());
    return connection.ask(request(request_line, fields, body), request_line.starts_with("HEAD"));
  }
  [[nodiscard]] static std::string request(const std::string& request_line, const std::string& fields = "",
                                           const std::string& body = "") {
    std::string text = request_line + " HTTP/1.1\r\nHost: localhost\r\n" + fields;
    if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
    return text + "\r\n" + body;
  }
  RawAnswer upload(const std::string& bytes, const std::string& fields = "") {
    return ask("POST /v1/learnwares", "Content-Type: application/zip\r\n" + fields, bytes);
  }
  /// Asks until the metrics are as `hold` says. A server that never gets there fails the test, with what they
  /// are instead.
  template <class Hold>
  void await_metrics_that(const std::string& what, Hold hold) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    RawConnection connection(port());
    std::string metrics;
    do {
      if (std::chrono::steady_clock::now() > end)
        throw std::runtime_error(fmt::format("no \"{}\" within a minute in:\n{}", what, metrics));
      metrics = connection.ask(request("GET /metrics")).body;
    } while (!hold(metrics));
  }
  void await_metrics(const std::string& text) {
    await_metrics_that(text,
                       [&](const std::string& metrics) { return metrics.find(text) != std::string::npos; });
  }
  /// Waits until a gauge without labels shows another number than 0.
  void await_metric_above_zero(const std::string& name) {
    await_metrics_that(name + " above 0", [&](const std::string& metrics) {
      const bool zero = metrics.find("\n" + name + " 0\n") != std::string::npos;
      return !zero && metrics.find("\n" + name + " ") != std::string::npos;
    });
  }
  void await_metric(const std::string& line) { await_metrics("\n" + line + "\n"); }

  [[nodiscard]] std::size_t staged_files() const { return files_below(dock_->staging_directory()).size(); }

  static constexpr const char* kJson = "Content-Type: application/json\r\n";

  TemporaryFolder folder_;
  std::unique_ptr<dock::Dock> dock_;
  server::ServerOptions options_;
  std::unique_ptr<server::Server> server_;
};

}  // namespace learndock::testing
