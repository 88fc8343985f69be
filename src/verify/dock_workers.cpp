#include "verify/dock_workers.hpp"

#include "base/log.hpp"
#include "dock/truth/dock_folder.hpp"
#include "sandbox/layers.hpp"

#include <fmt/format.h>

#include <utility>

namespace learndock::verify {
namespace {

Surroundings surroundings_of(const std::filesystem::path& dock, const DockWorkersOptions& options) {
  HostOptions host = options.host;
  host.protection = sandbox::Protection::full;  // a worker never runs foreign code without the sandbox
  if (host.scratch.empty()) host.scratch = dock::DockFolder(dock).verification();
  Surroundings surroundings = host_surroundings(host);
  surroundings.nearest = options.nearest;
  return surroundings;
}

}  // namespace

Result<void> check_sandbox() {
  const sandbox::Layer* const missing = sandbox::missing_layer();
  if (missing == nullptr) return {};
  return fail(ErrorCode::sandbox_missing,
              fmt::format("no learnware is run here: the layer of protection \"{}\" is missing ({})",
                          missing->name, missing->detail),
              {}, missing->fix);
}

Result<std::unique_ptr<DockWorkers>> DockWorkers::start(const std::filesystem::path& dock,
                                                        const DockWorkersOptions& options) {
  LEARNDOCK_CHECK(check_sandbox());
  std::unique_ptr<DockWorkers> workers(new DockWorkers(dock, options));
  LEARNDOCK_CHECK(workers->open());
  workers->begin(options.workers, options.name);
  return workers;
}

DockWorkers::DockWorkers(std::filesystem::path dock, const DockWorkersOptions& options)
    : dock_(std::move(dock)), surroundings_(surroundings_of(dock_, options)), checker_(surroundings_) {}

DockWorkers::~DockWorkers() { request_stop(); }

Result<void> DockWorkers::open() {
  remove_left_folders(surroundings_.scratch);
  const std::filesystem::path file = dock::DockFolder(dock_).catalogue();
  LEARNDOCK_TRY(catalog_, catalog::read_sqlite_catalog(file));
  LEARNDOCK_TRY(jobs_, catalog::open_verification_jobs(file));
  return {};
}

void DockWorkers::begin(unsigned workers, const std::string& name) {
  for (unsigned number = 1; number <= workers; ++number) {
    WorkerOptions options;
    options.name = workers == 1 ? name : fmt::format("{} {}", name, number);
    options.order_of = [this](const catalog::Claim& claim) { return order_of(claim); };
    threads_.emplace_back([this, options = std::move(options)](const std::stop_token& stop) {
      if (const auto ended = Worker(*jobs_, checker_, options).run(stop); !ended)
        log(LogLevel::error, fmt::format("{} ends: {}", options.name, describe(ended.error())));
    });
  }
}

void DockWorkers::request_stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

Result<Order> DockWorkers::order_of(const catalog::Claim& claim) const {
  Order order;
  order.package = dock::DockFolder(dock_).package(claim.package_digest);
  LEARNDOCK_TRY(const catalog::LearnwareRecord record, catalog_->find(claim.id));
  if (record.sequence != claim.sequence)
    return fail(ErrorCode::lease_lost, "the learnware was deleted and is there again", claim.id.text());
  LEARNDOCK_TRY(order.semantic, specification::semantic_from_json_text(record.semantic_json));
  return order;
}

}  // namespace learndock::verify
