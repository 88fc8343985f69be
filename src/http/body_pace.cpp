#include "http/body_pace.hpp"

#include <fmt/format.h>

namespace learndock::http {
namespace {

constexpr int kMarks = 8;  ///< marks in one window

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

Result<void> BodyPace::add(std::chrono::nanoseconds waited, std::uint64_t bytes) {
  waited_ += waited;
  received_ += bytes;
  LEARNDOCK_CHECK(check_total());
  return check_window();
}

Result<void> BodyPace::check_window() {
  const std::chrono::nanoseconds window = limits_.body_grace;
  while (marks_.size() > 1 && marks_[1].at <= waited_ - window) marks_.pop_front();
  const Mark& first = marks_.front();
  const std::chrono::nanoseconds length = waited_ - first.at;
  const std::uint64_t arrived = received_ - first.bytes;
  if (waited_ - marks_.back().at >= window / kMarks) marks_.push_back({waited_, received_});
  if (length < window) return {};
  const auto rate = static_cast<double>(limits_.min_body_bytes_per_second);
  if (static_cast<double>(arrived) >= seconds(length) * rate) return {};
  return fail(ErrorCode::http_slow,
              fmt::format("the body arrives slower than {} bytes a second: {} bytes in the last {:.1f} s",
                          limits_.min_body_bytes_per_second, arrived, seconds(length)),
              {}, "try again on a better connection");
}

Result<void> BodyPace::check_total() const {
  const double over = seconds(waited_ - limits_.body_timeout);
  if (over <= 0) return {};
  if (!long_body_)
    return fail(
        ErrorCode::http_slow,
        fmt::format("the body took longer than {:.1f} s", seconds(limits_.body_timeout)), {},
        "try again on a better connection, or make the specification where the data is and send that");
  if (static_cast<double>(received_) >= over * static_cast<double>(limits_.min_package_bytes_per_second))
    return {};
  return fail(ErrorCode::http_slow,
              fmt::format("after {:.1f} s a package has to arrive at {} bytes a second on average",
                          seconds(limits_.body_timeout), limits_.min_package_bytes_per_second),
              {}, "try again on a better connection");
}

}  // namespace learndock::http
