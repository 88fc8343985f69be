#include "verify/checker.hpp"

#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/specification/mmd.hpp"

#include "base/number.hpp"
#include "io/disk.hpp"
#include "io/file_rights.hpp"
#include "package/unpack.hpp"
#include "verify/answers.hpp"
#include "verify/probes.hpp"
#include "verify/quality.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace learndock::verify {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kProbeRows = 10, kSampleRows = 100, kSpeedRows = 1000;
constexpr std::uint64_t kSeed = 20'240'601;
/// Threads of a library may add up in another order, which changes the last digits.
constexpr double kSameAnswers = 1e-5;

constexpr std::string_view kFolderPrefix = "check-";

/// A folder that goes at the end.
struct Scratch {
  static inline std::atomic<unsigned> made = 0;
  fs::path path;
  explicit Scratch(const fs::path& parent)
      : path(parent / fmt::format("{}{}-{}", kFolderPrefix, ::getpid(), made.fetch_add(1))) {}
  ~Scratch() {
    io::disk::remove_tree(path);  // what stays is in a folder for temporary files
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One verification. Each step adds its check; `going` is false once one did not pass.
class Run {
 public:
  Run(const Surroundings& surroundings, const Candidate& candidate, const Checker::Progress& progress,
      std::stop_token stop)
      : surroundings_(surroundings),
        candidate_(candidate),
        progress_(progress),
        stop_(std::move(stop)),
        scratch_(surroundings.scratch) {}

  Result<Report> report() {
    LEARNDOCK_CHECK(make_scratch());
    using Step = Result<void> (Run::*)();
    for (const auto& [name, step] : std::initializer_list<std::pair<const char*, Step>>{
             {check_name::kStructure, &Run::structure},
             {check_name::kSpecification, &Run::specification},
             {check_name::kNearCopies, &Run::near_copies},
             {check_name::kEnvironment, &Run::environment},
             {check_name::kLoad, &Run::load},
             {check_name::kContract, &Run::contract},
             {check_name::kProbes, &Run::probes},
             {check_name::kSamples, &Run::samples},
             {check_name::kOutput, &Run::output},
             {check_name::kDeterminism, &Run::determinism},
             {check_name::kSpeed, &Run::speed},
             {check_name::kQuality, &Run::quality}}) {
      if (stop_.stop_requested()) return fail(ErrorCode::unavailable, "the verification was stopped");
      now_ = name;
      if (progress_) progress_(name);
      const Clock::time_point start = Clock::now();
      LEARNDOCK_CHECK(run_step(step));
      seconds_[name] = seconds_since(start);
      if (!report_.checks.empty() && !report_.checks.back().passed) break;
    }
    finish();
    return std::move(report_);
  }

 private:
  /// A folder of this name that is there already is somebody else's.
  Result<void> make_scratch() {
    LEARNDOCK_CHECK(io::create_private_folder(surroundings_.scratch));
    if (io::disk::make_folder(scratch_.path, S_IRWXU) != 0)
      return fail(ErrorCode::io, "cannot make the folder for unpacked packages", scratch_.path.string());
    return {};
  }

  Result<void> run_step(Result<void> (Run::*step)()) {
    auto done = (this->*step)();
    if (done) return {};
    // A model that was killed because of the stop has not failed.
    if (stop_.stop_requested()) return fail(ErrorCode::unavailable, "the verification was stopped");
    if (!is_packages_fault(done.error().code)) return done;
    add(false, describe(done.error()));
    return {};
  }

  void add(bool passed, std::string message, Json figures = nullptr) {
    report_.checks.push_back({now_, passed, std::move(message), JsonValue(std::move(figures))});
  }

  [[nodiscard]] const std::optional<specification::RkmeSpecification>& rkme() const {
    return unpacked_.contents.statistical;
  }
  [[nodiscard]] const specification::SemanticSpecification& semantic() const {
    static const specification::SemanticSpecification none;
    if (candidate_.semantic != nullptr) return *candidate_.semantic;
    return unpacked_.contents.semantic ? *unpacked_.contents.semantic : none;
  }
  [[nodiscard]] std::string data_kind() const {
    const auto& data = semantic().of(specification::SemanticKey::data);
    if (data.size() == 1) return data.front();
    return rkme() ? std::string(rkme()->kind->data) : std::string();
  }

  Result<void> structure() {
    const fs::path canonical = scratch_.path / "canonical.zip";
    auto contents =
        package::read_package(candidate_.package, canonical, candidate_.semantic, surroundings_.limits);
    if (!contents) return Failure(std::move(contents).error());
    unpacked_.name = candidate_.name;
    unpacked_.folder = scratch_.path / "package";
    unpacked_.contents = std::move(*contents);
    LEARNDOCK_CHECK(package::unpack_package(canonical, unpacked_.folder, surroundings_.limits));
    io::disk::remove_any(canonical);  // what stays goes with the folder
    const auto& warnings = unpacked_.contents.warnings;
    add(true,
        warnings.empty() ? "the package is well formed"
                         : fmt::format("the package is well formed, with {} remark{}", warnings.size(),
                                       warnings.size() == 1 ? "" : "s"),
        {{"warnings", warnings}});
    return {};
  }

  Result<void> specification() {
    if (!rkme()) {
      add(true, "there is no statistical specification: only a search by words finds this learnware");
      return {};
    }
    LEARNDOCK_CHECK(specification::validate(*rkme()));
    if (!specification::check_comparable(*rkme())) {
      add(true, "searches do not compare specifications of this kind yet");
      return {};
    }
    LEARNDOCK_TRY(const auto backend, compute::open_backend("cpu_reference"));
    LEARNDOCK_TRY(const double mean, specification::mean_off_diagonal_kernel(*rkme(), *backend));
    const bool blind = mean < specification::kKernelBlindThreshold;
    add(true,
        blind ? "the specification is kernel blind: searches can hardly tell it from others"
              : "the specification can be searched by",
        {{"points", rkme()->points.rows()},
         {"dimension", rkme()->dimension()},
         {"mean_off_diagonal_kernel", mean}});
    return {};
  }

  Result<void> near_copies() {
    if (!rkme() || !surroundings_.nearest) {
      add(true, "there is nothing to compare with");
      return {};
    }
    LEARNDOCK_TRY(const std::optional<NearCopy> nearest, surroundings_.nearest(*rkme(), candidate_.name));
    if (!nearest) {
      add(true, "no other learnware has a specification that compares with this one");
      return {};
    }
    const bool copy = nearest->mmd_squared < kNearCopy;
    add(true,
        copy ? fmt::format("its specification is nearly that of learnware {}", nearest->id)
             : "no other learnware has nearly the same specification",
        {{"near_copy", copy}, {"nearest", nearest->id}, {"mmd_squared", nearest->mmd_squared}});
    return {};
  }

  Result<void> environment() {
    LEARNDOCK_TRY(prepared_, surroundings_.prepare(unpacked_, stop_));
    for (const std::string& line : prepared_.lock) report_.lock_text += line + "\n";
    add(true,
        fmt::format("the environment is ready ({}){}", prepared_.way,
                    prepared_.notes.empty() ? "" : ", with a difference from what the package asks for"),
        {{"packages", prepared_.lock.size()}, {"cached", prepared_.cached}, {"notes", prepared_.notes}});
    return {};
  }

  Result<void> load() {
    LEARNDOCK_TRY(runner_, surroundings_.runner(unpacked_, prepared_, stop_));
    LEARNDOCK_TRY(facts_, runner_->load());
    add(true, fmt::format("the model is loaded by {}", facts_.runtime), {{"runtime", facts_.runtime}});
    return {};
  }

  /// What the model says of its input must be what the specifications say.
  Result<void> contract() {
    const bool table = data_kind() == "Table";
    if (table && facts_.input_shape.size() > 1)
      return unfit("the model takes samples of the shape {}, and rows of a table are numbers",
                   runtime::text_of(facts_.input_shape));
    const std::size_t declared = semantic().input ? semantic().input->dimension : 0;
    const std::size_t takes = facts_.input_shape.size() == 1 ? facts_.input_shape.front() : 0;
    if (table && takes != 0 && declared != 0 && takes != declared)
      return unfit("the model takes {} numbers, and the semantic specification says {}", takes, declared);
    if (table && takes != 0 && rkme() && rkme()->kind->columns_are_input && takes != rkme()->dimension())
      return unfit("the model takes {} numbers, and the statistical specification has {}", takes,
                   rkme()->dimension());
    const Promise promise = promise_of(semantic());
    if (promise.task == Promise::Task::regression && facts_.output_shape && promise.outputs != 0 &&
        facts_.output_shape->size() == 1 && facts_.output_shape->front() != promise.outputs)
      return unfit("the model answers with {} numbers, and the semantic specification says {}",
                   facts_.output_shape->front(), promise.outputs);
    find_shape();
    if (shape_.one.empty()) {
      add(false, data_kind() == "Text"
                     ? "models of texts cannot be tried yet: the dock gives models arrays of numbers alone"
                     : "neither the model nor its specifications say what a sample looks like");
      cannot_try_ = data_kind() == "Text";
      return {};
    }
    add(true, fmt::format("samples have the shape {}", runtime::text_of(shape_.one)),
        {{"input_shape", facts_.input_shape},
         {"output_shape", facts_.output_shape ? Json(*facts_.output_shape) : Json(nullptr)}});
    return {};
  }

  template <class... Facts>
  Result<void> unfit(fmt::format_string<Facts...> text, Facts&&... facts) {
    add(false, fmt::format(text, std::forward<Facts>(facts)...));
    return {};
  }

  void find_shape() {
    shape_.pixels = data_kind() == "Image";
    if (data_kind() == "Text") return;
    if (!facts_.input_shape.empty())
      shape_.one = facts_.input_shape;
    else if (data_kind() == "Table" && semantic().input && semantic().input->dimension > 0)
      shape_.one = {semantic().input->dimension};
    else if (rkme())
      shape_.one.assign(rkme()->trailing_shape.begin(), rkme()->trailing_shape.end());
  }

  Result<void> probes() {
    LEARNDOCK_TRY(const runtime::Array answers, runner_->predict(made_probes(shape_, kProbeRows, kSeed)));
    answers_.push_back(answers);
    add(true, fmt::format("the model answers {} made samples", kProbeRows), {{"rows", kProbeRows}});
    return {};
  }

  /// Whether a point of the specification is a sample of the model.
  [[nodiscard]] bool points_are_samples() const {
    return rkme() && rkme()->trailing_shape.size() == shape_.one.size() &&
           std::equal(shape_.one.begin(), shape_.one.end(), rkme()->trailing_shape.begin());
  }

  Result<void> samples() {
    if (!points_are_samples()) {
      batch_ = made_probes(shape_, kSampleRows, kSeed + 1);
      add(true, "the specification has no points that are samples of this model");
      return {};
    }
    batch_ = herded_samples(*rkme(), shape_, kSampleRows, kSeed + 1);
    LEARNDOCK_TRY(const runtime::Array answers, runner_->predict(batch_));
    answers_.push_back(answers);
    add(true, fmt::format("the model answers {} samples from within its own specification", kSampleRows),
        {{"rows", kSampleRows}});
    return {};
  }

  Result<void> output() {
    const Promise promise = promise_of(semantic());
    for (const runtime::Array& answers : answers_)
      if (std::string fault = fault_of_answers(answers, promise, facts_); !fault.empty()) {
        add(false, std::move(fault));
        return {};
      }
    add(true, "the answers have the shape and the range that was promised",
        {{"shape", answers_.back().shape}, {"type", runtime::name_of(answers_.back().type)}});
    return {};
  }

  Result<void> determinism() {
    LEARNDOCK_TRY(const runtime::Array first, runner_->predict(batch_));
    LEARNDOCK_TRY(const runtime::Array second, runner_->predict(batch_));
    const auto differs = difference(first, second);
    const bool same = differs && *differs <= kSameAnswers;
    add(same,
        same ? "the same samples get the same answers"
             : "the same samples get other answers the second time; a model must answer alike (is it in "
               "training mode, or does it draw random numbers?)",
        {{"difference", differs ? Json(*differs) : Json(nullptr)}});
    return {};
  }

  Result<void> speed() {
    const runtime::Array many = points_are_samples() ? herded_samples(*rkme(), shape_, kSpeedRows, kSeed + 2)
                                                     : made_probes(shape_, kSpeedRows, kSeed + 2);
    const Clock::time_point start = Clock::now();
    LEARNDOCK_CHECK(runner_->predict(many));
    rows_per_second_ = static_cast<double>(kSpeedRows) / std::max(seconds_since(start), 1e-9);
    add(true, fmt::format("{:.0f} rows a second", rows_per_second_),
        {{"rows_per_second", rows_per_second_}, {"rows", kSpeedRows}});
    return {};
  }

  Result<void> quality() {
    const fs::path csv = unpacked_.folder / kValidationFile;
    std::error_code error;
    if (!fs::exists(csv, error) || shape_.one.size() != 1) return {};  // optional: no check at all
    LEARNDOCK_TRY(Check check,
                  check_quality(csv, promise_of(semantic()), shape_.one.front(), facts_, *runner_));
    report_.checks.push_back(std::move(check));
    return {};
  }

  void finish() {
    Json figures = Json::object();
    if (runner_) {
      runner_->stop();
      const sandbox::Ended& end = runner_->last_end();
      report_.log = end.log;
      if (end.peak_memory_bytes > 0) figures["peak_memory_bytes"] = end.peak_memory_bytes;
      figures["runtime"] = facts_.runtime;
    }
    if (rows_per_second_ > 0) figures["rows_per_second"] = rows_per_second_;
    figures["seconds"] = seconds_;
    report_.figures = JsonValue(std::move(figures));
    const bool passed = !report_.checks.empty() && report_.checks.back().passed;
    report_.outcome = passed        ? catalog::Outcome::passed
                      : cannot_try_ ? catalog::Outcome::parked
                                    : catalog::Outcome::failed;
  }

  const Surroundings& surroundings_;
  const Candidate& candidate_;
  const Checker::Progress& progress_;
  const std::stop_token stop_;
  const Scratch scratch_;
  const char* now_ = "";
  Report report_;
  Json seconds_ = Json::object();
  Unpacked unpacked_;
  Prepared prepared_;
  std::unique_ptr<runtime::ModelRunner> runner_;
  runtime::ModelFacts facts_;
  SampleShape shape_;
  runtime::Array batch_;
  std::vector<runtime::Array> answers_;
  double rows_per_second_ = 0;
  bool cannot_try_ = false;
};

}  // namespace

void remove_left_folders(const fs::path& scratch, std::chrono::seconds age) {
  std::error_code error;
  std::vector<fs::path> left;
  for (fs::directory_iterator item(scratch, error); !error && item != fs::directory_iterator();
       item.increment(error)) {
    std::string_view name = item->path().filename().native();
    if (!name.starts_with(kFolderPrefix)) continue;
    name.remove_prefix(kFolderPrefix.size());
    const auto process = whole_number<int>(name.substr(0, name.find('-')));
    const auto made = fs::last_write_time(item->path(), error);
    if (error || fs::file_time_type::clock::now() - made < age) continue;
    if (process && *process > 0 && ::kill(*process, 0) != 0 && errno == ESRCH) left.push_back(item->path());
  }
  for (const fs::path& folder : left) io::disk::remove_tree(folder);  // what stays is tried the next time
}

bool is_packages_fault(ErrorCode code) {
  constexpr int kFirstServerError = 500;
  return http_status(code) < kFirstServerError;
}

Result<Report> Checker::check(const Candidate& candidate, const Progress& progress,
                              std::stop_token stop) const {
  return Run(surroundings_, candidate, progress, std::move(stop)).report();
}

}  // namespace learndock::verify
