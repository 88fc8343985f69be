#pragma once

#include <string_view>

namespace learndock {

enum class LogLevel { debug, info, warning, error };

/// Structured log to stderr; the library prints nowhere else. Thread-safe.
void log(LogLevel level, std::string_view message);
/// Messages below the level are dropped. Default: info.
void set_log_level(LogLevel level);

}  // namespace learndock
