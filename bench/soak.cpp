// Hours of a dock's life in one process: readers search without a pause while a writer brings learnwares and
// takes the oldest away and the index is tended, and what the process and its dock hold is written down.
//
//   soak [--seconds S] [--learnwares N] [--batch B] [--readers R] [--pause-ms P] [--sample-seconds T]
//
// The dock's size stays what it is, so anything that grows is a leak. Once a sample the writer holds still
// and the same request is answered by the index and by the reference, which compares every learnware: they
// must agree. At the end the dock is opened again and must hold what was acknowledged. Prints one JSON
// object; exit code 1 after a wrong answer, a failure, a lost or doubled learnware, or growth.
#include "learndock/base/json.hpp"
#include "learndock/dock/dock.hpp"

#include "dock/import_line.hpp"
#include "support/temporary_folder.hpp"
#include "trial/trial_sets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <malloc.h>
#include <mutex>
#include <random>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace learndock::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct SoakOptions {
  std::size_t seconds = 7200, learnwares = 20'000, batch = 100, readers = 2, pause_ms = 5,
              sample_seconds = 20;
};

/// What is held at one time.
struct Sample {
  double seconds, resident, heap, disk;
  std::size_t descriptors, mappings;
  std::uint64_t answers, inserted, removed, indexed;
};

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double bytes_below(const fs::path& folder) {
  double sum = 0;
  std::error_code gone;  // files come and go while they are counted
  for (fs::recursive_directory_iterator file(folder, gone), end; !gone && file != end; file.increment(gone)) {
    std::error_code ignored;
    if (file->is_regular_file(ignored)) sum += static_cast<double>(file->file_size(ignored));
  }
  return sum;
}

std::size_t lines_of(const char* file) {
  std::ifstream in(file);
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>(), '\n'));
}

class Soak {
 public:
  explicit Soak(const SoakOptions& options) : options_(options) {
    trial::SyntheticOptions synthetic;
    synthetic.dimension = 8;
    synthetic.points = 10;
    synthetic.tasks = 500;
    sets_ = trial::synthetic_sets(synthetic);
  }

  Result<Json> run() {
    LEARNDOCK_CHECK(dock::Dock::create(dock()));
    LEARNDOCK_CHECK(open());
    while (alive_.size() < options_.learnwares) LEARNDOCK_CHECK(insert(2000));
    LEARNDOCK_TRY(const std::size_t first_parts, dock_->tend_index());
    const auto start = Clock::now();
    std::fprintf(stderr, "%zu learnwares, %zu parts\n", alive_.size(), first_parts);
    LEARNDOCK_CHECK(live(start));
    LEARNDOCK_CHECK(reopen());
    return report();
  }
  [[nodiscard]] bool good() const { return failures_.empty() && growth().empty(); }

 private:
  [[nodiscard]] fs::path dock() const { return folder_.path() / "dock"; }

  Result<void> open() {
    dock::DockOptions options;
    options.threads = 1;
    options.index_from = 2000;
    options.tend_index = true;
    return dock::Dock::open(dock(), options).map([&](auto&& opened) { dock_ = std::move(opened); });
  }

  void failed(std::string what) {
    const std::lock_guard lock(mutex_);
    if (failures_.size() < 20) failures_.push_back(std::move(what));
  }

  Result<specification::RkmeSpecification> specification(const trial::OwnedSet& set) const {
    Matrix<double> points = set.points;
    return specification::make_table_specification(std::move(points), set.weights, set.gamma, 100);
  }

  Result<std::string> line(std::uint64_t number) const {
    LEARNDOCK_TRY(const trial::OwnedSet set, sets_->learnware(number));
    LEARNDOCK_TRY(const specification::RkmeSpecification stat, specification(set));
    return testing::import_line(fmt::format("{:010}", number), testing::numbered_model(number), stat);
  }

  Result<void> insert(std::size_t count) {
    const fs::path file = folder_.path() / "lines.jsonl";
    {
      std::ofstream out(file);
      for (std::size_t i = 0; i < count; ++i) {
        LEARNDOCK_TRY(const std::string text, line(next_ + i));
        out << text;
      }
    }
    next_ += count;
    LEARNDOCK_TRY(const dock::ImportOutcome outcome, dock_->import_specifications(file));
    if (outcome.imported.size() != count)
      failed(fmt::format("{} of {} learnwares were taken", outcome.imported.size(), count));
    alive_.insert(alive_.end(), outcome.imported.begin(), outcome.imported.end());
    inserted_ += outcome.imported.size();
    return {};
  }

  Result<void> remove_oldest(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      LEARNDOCK_CHECK(dock_->remove(alive_.front()));
      alive_.pop_front();
      ++removed_;
    }
    return {};
  }

  Result<query::SearchRequest> request(std::uint64_t number) const {
    query::SearchRequest request;
    LEARNDOCK_TRY(const trial::OwnedSet set, sets_->query(number));
    LEARNDOCK_TRY(request.specification, specification(set));
    request.mixture = number % 4 == 0 ? 3 : 0;
    if (number % 3 == 0) request.semantic.of(specification::SemanticKey::scenario) = {"Business"};
    if (number % 5 == 0) request.text = fmt::format("model {}", number % 100);
    return request;
  }

  void read(unsigned reader) {
    std::mt19937_64 random(reader);
    while (!stop_) {
      const auto asked = request(random() % 100'000);
      const auto answer = asked ? dock_->search(*asked) : Failure(asked.error());
      if (!answer)
        failed(describe(answer.error()));
      else if (!answer->exact)
        failed("an answer without a budget was not exact");
      else
        ++answers_;
      std::this_thread::sleep_for(std::chrono::milliseconds(options_.pause_ms));
    }
  }

  Result<void> compare(std::uint64_t number) {
    LEARNDOCK_TRY(query::SearchRequest asked, request(number));
    asked.mixture = 0;
    LEARNDOCK_TRY(const query::SearchAnswer have, dock_->search(asked));
    asked.backend = "cpu_reference";
    LEARNDOCK_TRY(const query::SearchAnswer want, dock_->search(asked));
    const auto same = [](const query::SingleHit& a, const query::SingleHit& b) {
      return a.id == b.id && std::abs(*a.mmd_squared - *b.mmd_squared) < 1e-12;
    };
    if (!std::equal(have.singles.begin(), have.singles.end(), want.singles.begin(), want.singles.end(), same))
      failed(fmt::format("query {} has a wrong answer", number));
    ++compared_;
    return {};
  }

  Result<void> live(Clock::time_point start) {
    std::vector<std::jthread> readers;
    for (unsigned i = 0; i < options_.readers; ++i) readers.emplace_back([this, i] { read(i); });
    const Result<void> written = write(start);
    stop_ = true;
    return written;
  }

  Result<void> write(Clock::time_point start) {
    auto next_sample = start;
    while (Clock::now() - start < std::chrono::seconds(options_.seconds)) {
      LEARNDOCK_CHECK(insert(options_.batch));
      LEARNDOCK_CHECK(remove_oldest(options_.batch));
      if (Clock::now() >= next_sample) {
        next_sample += std::chrono::seconds(options_.sample_seconds);
        LEARNDOCK_CHECK(compare(next_));
        take_sample(start);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100 * options_.pause_ms));
    }
    return {};
  }

  void take_sample(Clock::time_point start) {
    const double heap = static_cast<double>(mallinfo2().uordblks) + static_cast<double>(mallinfo2().hblkhd);
    std::error_code ignored;
    const auto descriptors = static_cast<std::size_t>(
        std::distance(fs::directory_iterator("/proc/self/fd", ignored), fs::directory_iterator()));
    samples_.push_back({std::chrono::duration<double>(Clock::now() - start).count(), resident_bytes(), heap,
                        bytes_below(dock()), descriptors, lines_of("/proc/self/maps"), answers_, inserted_,
                        removed_, dock_->status().indexed});
    const Sample& now = samples_.back();
    std::fprintf(stderr,
                 "%6.0f s: %4.0f MiB resident, %4.0f heap, %4.0f disk, %zu files, %lu answers, %lu in\n",
                 now.seconds, now.resident / 1048576, now.heap / 1048576, now.disk / 1048576, now.descriptors,
                 now.answers, now.inserted);
  }

  Result<void> reopen() {
    dock_.reset();
    LEARNDOCK_CHECK(open());
    if (dock_->status().learnwares != alive_.size())
      failed(fmt::format("{} learnwares were there after opening again, and {} before",
                         dock_->status().learnwares, alive_.size()));
    for (const LearnwareId& id : alive_)
      if (!dock_->find(id)) failed(id.text() + " was lost");
    for (std::uint64_t number = 0; number < 20; ++number) LEARNDOCK_CHECK(compare(number));
    return {};
  }

  /// The mean of a value over the last quarter of the samples, over that of the second quarter; the first one
  /// is warming up.
  template <class Of>
  [[nodiscard]] double grown(const Of& of) const {
    const std::size_t quarter = samples_.size() / 4;
    if (quarter == 0) return 1;
    const auto mean = [&](std::size_t first) {
      double sum = 0;
      for (std::size_t i = first; i < first + quarter; ++i) sum += static_cast<double>(of(samples_[i]));
      return sum / static_cast<double>(quarter);
    };
    return mean(samples_.size() - quarter) / mean(quarter);
  }
  [[nodiscard]] Json ratios() const {
    return {{"resident", grown([](const Sample& s) { return s.resident; })},
            {"heap", grown([](const Sample& s) { return s.heap; })},
            {"disk", grown([](const Sample& s) { return s.disk; })},
            {"descriptors", grown([](const Sample& s) { return s.descriptors; })},
            {"mappings", grown([](const Sample& s) { return s.mappings; })}};
  }
  /// What grew by more than the coming and going of parts explains.
  [[nodiscard]] std::vector<std::string> growth() const {
    std::vector<std::string> found;
    const Json all = ratios();
    for (const auto& [name, ratio] : all.items())
      if (ratio.get<double>() > 1.1) found.push_back(name);
    return found;
  }

  [[nodiscard]] Json report() const {
    Json samples = Json::array();
    for (const Sample& s : samples_)
      samples.push_back({{"seconds", s.seconds},
                         {"resident_bytes", s.resident},
                         {"heap_bytes", s.heap},
                         {"disk_bytes", s.disk},
                         {"descriptors", s.descriptors},
                         {"mappings", s.mappings},
                         {"answers", s.answers},
                         {"inserted", s.inserted},
                         {"removed", s.removed},
                         {"indexed", s.indexed}});
    return {{"seconds", samples_.empty() ? 0.0 : samples_.back().seconds},
            {"learnwares", alive_.size()},
            {"answers", answers_.load()},
            {"inserted", inserted_},
            {"removed", removed_},
            {"compared", compared_},
            {"failures", failures_},
            {"last_over_second_quarter", ratios()},
            {"grew", growth()},
            {"samples", std::move(samples)}};
  }

  SoakOptions options_;
  testing::TemporaryFolder folder_;  // with the dock in it
  std::unique_ptr<trial::TrialSets> sets_;
  std::unique_ptr<dock::Dock> dock_;
  std::deque<LearnwareId> alive_;
  std::uint64_t next_ = 0, inserted_ = 0, removed_ = 0, compared_ = 0;
  std::atomic<std::uint64_t> answers_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<std::string> failures_;
  std::vector<Sample> samples_;
};

bool read_option(SoakOptions& options, std::string_view name, std::size_t value) {
  const std::pair<std::string_view, std::size_t*> known[] = {
      {"--seconds", &options.seconds},   {"--learnwares", &options.learnwares},
      {"--batch", &options.batch},       {"--readers", &options.readers},
      {"--pause-ms", &options.pause_ms}, {"--sample-seconds", &options.sample_seconds}};
  for (const auto& [known_name, place] : known)
    if (name == known_name) {
      *place = value;
      return true;
    }
  return false;
}

int soak(int argc, char** argv) {
  SoakOptions options;
  for (int i = 1; i < argc; i += 2)
    if (i + 1 == argc || !read_option(options, argv[i], std::strtoull(argv[i + 1], nullptr, 10))) {
      std::fprintf(stderr, "soak: %s is no option with a number; see the head of bench/soak.cpp\n", argv[i]);
      return 2;
    }
  Soak soak(options);
  const auto report = soak.run();
  if (!report) {
    std::fprintf(stderr, "%s\n", describe(report.error()).c_str());
    return 1;
  }
  std::printf("%s\n", to_pretty_text(*report).c_str());
  return soak.good() ? 0 : 1;
}

}  // namespace
}  // namespace learndock::bench

int main(int argc, char** argv) { return learndock::bench::soak(argc, argv); }
