#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace learndock::http {

/// Limits on what one request may cost before any of it is read. Raising them costs memory per connection.
struct HttpLimits {
  std::size_t max_header_bytes = std::size_t{16} << 10;
  std::size_t max_header_fields = 100;
  std::size_t max_target_bytes = std::size_t{8} << 10;
  std::size_t max_json_bytes = std::size_t{16} << 20;
  std::size_t max_table_bytes = std::size_t{64} << 20;
  std::uint64_t max_package_bytes = std::uint64_t{2} << 30;
  std::chrono::milliseconds header_timeout{
      10'000};  ///< from the first byte of a request to the end of its header
  std::chrono::milliseconds idle_timeout{60'000};  ///< between two requests of one connection
  /// When there are too many connections, one that has rested this long between two requests gives way.
  std::chrono::milliseconds least_rest{5'000};
  std::chrono::milliseconds probe_header_timeout{2'000};  ///< the same on connections for probes only
  std::chrono::milliseconds body_grace{
      10'000};  ///< longest silence in a body, and the time its rate is taken over
  std::size_t min_body_bytes_per_second =
      1024;  ///< a body slower than this over the last `body_grace` is cut off
  std::chrono::milliseconds body_timeout{300'000};  ///< longest total wait for a body, but see the next limit
  std::size_t min_package_bytes_per_second =
      32 << 10;  ///< a package may take longer while its average rate is this
  std::chrono::milliseconds write_timeout{30'000};  ///< longest a client may accept no byte of an answer
  /// A piece of an answer (256 KiB of a package, or all of another answer) may take the write timeout plus
  /// the time that it needs at this rate.
  std::size_t min_answer_bytes_per_second = 4096;
};

}  // namespace learndock::http
