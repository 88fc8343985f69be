// The only file that includes prometheus-cpp.
#include "server/metrics.hpp"

#include "io/file.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace learndock::server {
namespace {

/// OpenTelemetry's buckets for http.server.request.duration, with three finer ones for searches in memory.
const prometheus::Histogram::BucketBoundaries kSeconds{
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};
const prometheus::Histogram::BucketBoundaries kCandidates{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7};
constexpr std::array<std::string_view, 5> kKnownMethods{"GET", "HEAD", "POST", "DELETE", "OPTIONS"};

template <class Kind>
prometheus::Family<Kind>& family(prometheus::detail::Builder<Kind> builder, prometheus::Registry& registry,
                                 const std::string& name, const std::string& help) {
  return builder.Name(name).Help(help).Register(registry);
}

double cpu_seconds() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Second number of /proc/self/statm; 0 where there is no /proc.
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  statm >> pages >> pages;
  return statm ? pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) : 0;
}

double open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator entries("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(entries), end(entries)));
}

double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

struct Metrics::State {
  using Counters = prometheus::Family<prometheus::Counter>;
  using Gauges = prometheus::Family<prometheus::Gauge>;
  using Histograms = prometheus::Family<prometheus::Histogram>;

  prometheus::Registry registry;
  Gauges& build =
      family(prometheus::BuildGauge(), registry, "learndock_build_info", "Always 1; the labels tell.");
  Histograms& requests =
      family(prometheus::BuildHistogram(), registry, "learndock_http_request_duration_seconds",
             "From the end of a request's header to the last byte of its answer.");
  Histograms& stages = family(prometheus::BuildHistogram(), registry, "learndock_search_duration_seconds",
                              "Time of one search by stage.");
  prometheus::Histogram& candidates =
      family(prometheus::BuildHistogram(), registry, "learndock_search_candidates",
             "Learnwares compared by exact MMD in one search.")
          .Add({}, kCandidates);
  Counters& uploads = family(prometheus::BuildCounter(), registry, "learndock_uploads_total",
                             "Packages offered to the dock.");
  Counters& rejects = family(prometheus::BuildCounter(), registry, "learndock_upload_rejects_total",
                             "Packages refused, by error code.");
  prometheus::Counter& damaged_packages =
      family(prometheus::BuildCounter(), registry, "learndock_package_damaged_total",
             "Downloads cut off because the package's bytes are not those of its record.")
          .Add({});
  prometheus::Gauge& waiting = gauge("learndock_http_handlers_waiting", "Requests that wait for a worker.");
  prometheus::Gauge& running = gauge("learndock_http_handlers_running", "Requests that a worker handles.");
  Gauges& oldest = family(prometheus::BuildGauge(), registry, "learndock_http_oldest_handler_seconds",
                          "How long the oldest running request of each kind has run; 0: none runs.");
  prometheus::Counter& abandoned =
      family(prometheus::BuildCounter(), registry, "learndock_http_abandoned_total",
             "Clients that closed while their request waited or ran.")
          .Add({});
  prometheus::Gauge& body_bytes =
      gauge("learndock_http_body_bytes", "Bytes of request bodies held in memory, packages aside.");
  prometheus::Gauge& table_memory =
      gauge("learndock_table_memory_bytes", "Bytes that tables are charged with while they are reduced.");
  prometheus::Gauge& version = gauge("learndock_index_version", "Version of the search index.");
  prometheus::Gauge& items = gauge("learndock_index_items", "Learnwares in the search index.");
  prometheus::Gauge& specification_bytes =
      gauge("learndock_index_specification_bytes", "Points and weights of all specifications, as doubles.");
  prometheus::Gauge& indexed =
      gauge("learndock_index_stored_items", "Learnwares in the stored search index.");
  prometheus::Gauge& damaged =
      gauge("learndock_damaged_records", "Records left out because their content cannot be trusted.");
  prometheus::Gauge& orphans =
      gauge("learndock_orphan_packages", "Packages that no record named when the dock was opened.");
  prometheus::Gauge& disk_free =
      gauge("learndock_disk_free_bytes", "Bytes that the file system of the dock has free.");
  prometheus::Gauge& dock_bytes =
      gauge("learndock_dock_bytes", "Bytes of all files in the dock's folder, uploads in progress aside.");
  prometheus::Gauge& read_only =
      gauge("learndock_dock_read_only", "1 while no package is taken because the disk or the dock is full.");
  Gauges& verify_jobs = family(prometheus::BuildGauge(), registry, "learndock_verify_jobs",
                               "Verifications of packages, by state.");
  prometheus::Gauge& cpu = gauge("process_cpu_seconds_total", "User and system time of the process.");
  prometheus::Gauge& resident = gauge("process_resident_memory_bytes", "Resident memory.");
  prometheus::Gauge& descriptors = gauge("process_open_fds", "Open file descriptors.");
  prometheus::Gauge& start = gauge("process_start_time_seconds", "When the server started, Unix time.");

  prometheus::Gauge& gauge(const std::string& name, const std::string& help) {
    return family(prometheus::BuildGauge(), registry, name, help).Add({});
  }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
  state_->build.Add({{"version", LEARNDOCK_VERSION}}).Set(1);
  state_->start.Set(unix_seconds());
  for (const char* result : {"stored", "refused"}) state_->uploads.Add({{"result", result}});
}

Metrics::~Metrics() = default;

void Metrics::request(std::string_view route, std::string_view method, int status,
                      std::chrono::duration<double> seconds) {
  const bool known = std::find(kKnownMethods.begin(), kKnownMethods.end(), method) != kKnownMethods.end();
  state_->requests
      .Add({{"route", std::string(route)},
            {"method", known ? std::string(method) : "other"},
            {"code", std::to_string(status)}},
           kSeconds)
      .Observe(seconds.count());
}

void Metrics::search(const query::SearchAnswer& answer, std::chrono::duration<double> parsing) {
  state_->stages.Add({{"stage", "parse"}}, kSeconds).Observe(parsing.count());
  for (const auto& [stage, milliseconds] : answer.timings_ms)
    state_->stages.Add({{"stage", stage}}, kSeconds).Observe(milliseconds / 1000);
  state_->candidates.Observe(static_cast<double>(answer.evaluated));
}

void Metrics::handler_waits() { state_->waiting.Increment(); }
void Metrics::handler_starts() {
  state_->waiting.Decrement();
  state_->running.Increment();
}
void Metrics::handler_ends() { state_->running.Decrement(); }
void Metrics::client_gone() { state_->abandoned.Increment(); }

void Metrics::body_bytes(std::uint64_t bytes) { state_->body_bytes.Set(static_cast<double>(bytes)); }

void Metrics::table_memory(std::uint64_t bytes) { state_->table_memory.Set(static_cast<double>(bytes)); }

void Metrics::package_damaged() { state_->damaged_packages.Increment(); }

void Metrics::oldest_handler(const std::string& lane, std::chrono::duration<double> age) {
  state_->oldest.Add({{"lane", lane}}).Set(age.count());
}

void Metrics::verify_jobs(const catalog::JobCounts& counts) {
  for (const auto& [state, count] :
       {std::pair{"waiting", counts.waiting}, std::pair{"running", counts.running},
        std::pair{"done", counts.done}, std::pair{"parked", counts.parked}})
    state_->verify_jobs.Add({{"state", state}}).Set(static_cast<double>(count));
}

void Metrics::upload_stored() { state_->uploads.Add({{"result", "stored"}}).Increment(); }

void Metrics::upload_refused(ErrorCode code) {
  state_->uploads.Add({{"result", "refused"}}).Increment();
  state_->rejects.Add({{"code", std::string(slug(code))}}).Increment();
}

std::string Metrics::text(const dock::DockStatus& status, const dock::DiskStatus& disk) {
  state_->disk_free.Set(static_cast<double>(disk.free_bytes));
  state_->dock_bytes.Set(static_cast<double>(disk.dock_bytes));
  state_->read_only.Set(disk.read_only.empty() ? 0 : 1);
  state_->version.Set(static_cast<double>(status.index_version));
  state_->items.Set(static_cast<double>(status.learnwares));
  state_->indexed.Set(static_cast<double>(status.indexed));
  state_->specification_bytes.Set(static_cast<double>(status.specification_bytes));
  state_->damaged.Set(static_cast<double>(status.damaged));
  state_->orphans.Set(static_cast<double>(status.orphans));
  state_->cpu.Set(cpu_seconds());
  state_->resident.Set(resident_bytes());
  state_->descriptors.Set(open_descriptors());
  return static_cast<const prometheus::Serializer&>(prometheus::TextSerializer())
      .Serialize(state_->registry.Collect());
}

}  // namespace learndock::server
