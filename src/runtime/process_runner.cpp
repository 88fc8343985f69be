#include "runtime/process_runner.hpp"

#include "learndock/base/json.hpp"

#include "base/parallel.hpp"
#include "base/shorten.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>

namespace learndock::runtime {
namespace {

using std::chrono::milliseconds;

/// How long a process that closed its answers may take to end.
constexpr milliseconds kGrace{2000};
constexpr std::size_t kMaxQuoted = 400;
constexpr std::size_t kMaxLogShown = 300;

/// The last lines of what a process printed, on one line.
std::string log_tail(const std::string& log) {
  std::string_view text = log;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  if (text.size() > kMaxLogShown) {
    text.remove_prefix(text.size() - kMaxLogShown);
    while (!text.empty() && !begins_code_point(text.front())) text.remove_prefix(1);
  }
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string words_of(const sandbox::Ended& ended) {
  switch (ended.cause) {
    case sandbox::Cause::exited:
      return fmt::format("it ended by itself with exit code {}", ended.status);
    case sandbox::Cause::signalled:
      return fmt::format("it crashed with signal {}", ended.status);
    case sandbox::Cause::wall_limit:
      return "its time was over";
    case sandbox::Cause::cpu_limit:
      return "it used more processor time than it may";
    case sandbox::Cause::memory_limit:
      return "it took more memory than it may";
    case sandbox::Cause::process_limit:
      return "it started more processes or threads than it may";
    case sandbox::Cause::cancelled:
      return "it was cancelled";
  }
  return "it ended";
}

/// What can be done about the end of a process.
std::string fix_for(sandbox::Cause cause) {
  switch (cause) {
    case sandbox::Cause::memory_limit:
      return "send smaller batches, or raise the memory limit";
    case sandbox::Cause::cpu_limit:
    case sandbox::Cause::wall_limit:
      return "send smaller batches, or raise the time limit";
    default:
      return {};
  }
}

std::optional<std::vector<std::uint64_t>> shape_in(const Frame& frame, std::string_view key) {
  const auto found = frame.header->find(key);
  if (found == frame.header->end() || !found->is_array() || found->size() > kMaxFrameExtents)
    return std::nullopt;
  std::vector<std::uint64_t> shape;
  for (const Json& extent : *found) {
    if (!extent.is_number_unsigned()) return std::nullopt;
    shape.push_back(extent.get<std::uint64_t>());
  }
  return shape;
}

std::uint64_t product_from(const std::vector<std::uint64_t>& shape, std::size_t from) {
  return std::accumulate(shape.begin() + static_cast<std::ptrdiff_t>(std::min(from, shape.size())),
                         shape.end(), std::uint64_t{1}, std::multiplies<>());
}

std::string one_line(const std::string& text, std::size_t limit) {
  std::string line = shortened(text, limit);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> job_variables(sandbox::Protection protection) {
  // Libraries start a thread for each core of the machine, and a job may have few.
  constexpr unsigned kMaxThreads = 8;
  const std::string threads = fmt::format("{}", std::min(usable_cores(), kMaxThreads));
  const std::string home = protection == sandbox::Protection::full ? sandbox::kScratch : "/tmp";
  return {{"HOME", home},
          {"TMPDIR", home},
          {"LANG", "C.UTF-8"},
          {"PATH", "/usr/bin:/bin"},
          {"OMP_NUM_THREADS", threads},
          {"OPENBLAS_NUM_THREADS", threads},
          {"MKL_NUM_THREADS", threads}};
}

ProcessRunner::ProcessRunner(RunnerProgram program, RunnerLimits limits, Starter start)
    : program_(std::move(program)), limits_(std::move(limits)), start_(std::move(start)) {
  program_.job.limits = limits_.job;
}

ProcessRunner::~ProcessRunner() { end(); }

std::chrono::milliseconds ProcessRunner::patience(Step step) const {
  return step == Step::load ? limits_.load : limits_.call;
}

Failure ProcessRunner::refused(ErrorCode code, std::string what, std::string fix) const {
  return fail(code, fmt::format("learnware {}: {}", program_.learnware, what), program_.learnware,
              std::move(fix));
}

Failure ProcessRunner::model_error(const Frame& frame) const {
  const std::string of = frame.text("of");
  const std::string place = frame.text("place");
  const std::string said = one_line(frame.text("message"), kMaxQuoted) +
                           (place.empty() ? "" : fmt::format(" ({})", one_line(place, 200)));
  if (of == "contract") return refused(ErrorCode::model_contract, said);
  if (of == "load") return refused(ErrorCode::model_load, "the model cannot be loaded: " + said);
  return refused(ErrorCode::model_predict, "the model raised an error: " + said,
                 "compare the data with the input that the learnware's specification describes");
}

void ProcessRunner::end() {
  if (!process_) return;
  process_->cancel();
  last_end_ = process_->wait();
  process_.reset();
}

void ProcessRunner::stop() {
  if (!process_) return;
  // A model that was asked to stop may finish what it prints; `end` does not wait for it.
  if (const auto head = frame_head(Json{{"kind", "stop"}}, nullptr))
    if (process_->send(std::as_bytes(std::span(*head)), milliseconds(100))) process_->close_requests();
  end();
}

Failure ProcessRunner::lost(const Error& error, Step step) {
  ++losses_;
  const std::string during = step == Step::load ? "while it was loaded" : "while it predicted";
  if (error.code == ErrorCode::sandbox_timeout) {
    end();
    return refused(ErrorCode::model_hung,
                   fmt::format("its model gave no answer within {:.3g} s {}; its process was ended",
                               static_cast<double>(patience(step).count()) / 1000, during),
                   "send smaller batches, or raise the time limit");
  }
  {
    // A process that closed its descriptor and lives on would be waited for until its time is over.
    std::mutex mutex;
    std::condition_variable_any over;
    const std::jthread ending([&](const std::stop_token& stop) {
      std::unique_lock lock(mutex);
      if (!over.wait_for(lock, stop, kGrace, [&] { return stop.stop_requested(); })) process_->cancel();
    });
    last_end_ = process_->wait();
  }
  process_.reset();
  const std::string log = log_tail(last_end_.log);
  return refused(ErrorCode::model_died,
                 fmt::format("its model's process died {}: {}{}", during, words_of(last_end_),
                             log.empty() ? "" : fmt::format("; it printed last: {}", log)),
                 fix_for(last_end_.cause));
}

Result<void> ProcessRunner::send(const Json& header, const Array* array, Step step) {
  LEARNDOCK_TRY(const std::string head, frame_head(header, array));
  auto sent = process_->send(std::as_bytes(std::span(head)), patience(step));
  if (sent && array != nullptr) sent = process_->send(array->bytes, patience(step));
  if (!sent) return lost(sent.error(), step);
  return {};
}

Result<Frame> ProcessRunner::receive(Step step) {
  const auto deadline = std::chrono::steady_clock::now() + patience(step);
  const FrameSource source = [&](std::span<std::byte> bytes) -> Result<void> {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    return process_->receive(bytes, std::max(left, milliseconds(0)));
  };
  auto frame = read_frame(source, limits_.answer_bytes);
  if (frame) return frame;
  if (frame.error().code != ErrorCode::model_contract) return lost(frame.error(), step);
  // What follows these bytes cannot be told apart from them.
  ++losses_;
  end();
  return refused(ErrorCode::model_contract, frame.error().message);
}

Result<Frame> ProcessRunner::ask(const Json& header, const Array* array, Step step) {
  LEARNDOCK_CHECK(send(header, array, step));
  LEARNDOCK_TRY(Frame frame, receive(step));
  if (frame.kind() == "error") return model_error(frame);
  return frame;
}

Result<void> ProcessRunner::begin() {
  if (losses_ > limits_.restarts)
    return refused(
        ErrorCode::model_died,
        fmt::format("its model's process was lost {} times and is not started again; the last time {}",
                    losses_, words_of(last_end_)));
  auto started = start_(program_.job);
  if (!started) return pass_on(std::move(started).error(), program_.learnware);
  process_ = std::move(*started);
  auto frame = ask(*program_.load_request, nullptr, Step::load);
  if (!frame) {
    end();
    return Failure(std::move(frame).error());
  }
  if (frame->kind() != "facts") {
    end();
    return refused(ErrorCode::model_contract,
                   "its process answered something else than facts about the model");
  }
  facts_ = ModelFacts{shape_in(*frame, "input_shape").value_or(std::vector<std::uint64_t>()),
                      shape_in(*frame, "output_shape"), one_line(frame->text("runtime"), 100)};
  return {};
}

Result<void> ProcessRunner::ready() { return process_ ? Result<void>() : begin(); }

Result<ModelFacts> ProcessRunner::load() {
  LEARNDOCK_CHECK(ready());
  return facts_;
}

Result<void> ProcessRunner::check_answers(const Array& samples, const Array& answer) const {
  const auto contract = [&](std::string what) { return refused(ErrorCode::model_contract, std::move(what)); };
  if (answer.shape[0] != samples.shape[0])
    return contract(
        fmt::format("its model gave {} answers to {} samples", answer.shape[0], samples.shape[0]));
  // One number for each sample may come as a vector or as a column.
  if (facts_.output_shape && product_from(answer.shape, 1) != product_from(*facts_.output_shape, 0))
    return contract(fmt::format("its model's answers have the shape {}, its output_shape says {} for each",
                                text_of(answer.shape), text_of(*facts_.output_shape)));
  if (const auto odd = first_not_finite(answer)) {
    const std::uint64_t width = std::max<std::uint64_t>(1, product_from(answer.shape, 1));
    return contract(fmt::format("its model's answer to sample {} of the batch is {}", *odd / width,
                                element(answer, *odd)));
  }
  return {};
}

Result<Array> ProcessRunner::predict(const Array& samples) {
  if (samples.shape.empty() || samples.shape.size() > kMaxFrameExtents ||
      bytes_of(samples.type, samples.shape, samples.bytes.size()) != samples.bytes.size())
    return fail(ErrorCode::invalid_argument, "a batch needs a shape that fits its bytes", program_.learnware);
  LEARNDOCK_CHECK(ready());
  LEARNDOCK_TRY(Frame frame, ask(Json{{"kind", "predict"}}, &samples, Step::predict));
  if (frame.kind() != "array" || !frame.array) {
    end();
    return refused(ErrorCode::model_contract, "its process answered something else than an array");
  }
  LEARNDOCK_CHECK(check_answers(samples, *frame.array));
  return std::move(*frame.array);
}

}  // namespace learndock::runtime
