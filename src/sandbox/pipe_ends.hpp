#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace learndock::sandbox {

/// What came of a transfer through a pipe with a deadline.
enum class PipeEnd : std::uint8_t { done, too_slow, closed };

/// Writes all bytes. A pipe that no one reads any more is `closed`, without a signal. @pre the descriptor
/// does not block
[[nodiscard]] PipeEnd write_by(int descriptor, std::span<const std::byte> bytes,
                               std::chrono::steady_clock::time_point deadline);
/// Fills all of `bytes`. @pre the descriptor does not block
[[nodiscard]] PipeEnd read_by(int descriptor, std::span<std::byte> bytes,
                              std::chrono::steady_clock::time_point deadline);

}  // namespace learndock::sandbox
