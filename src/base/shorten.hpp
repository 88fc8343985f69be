#pragma once

#include "learndock/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace learndock {

/// `text`, cut between two UTF-8 characters when it is longer than `limit`, with "... (N bytes)" for its full
/// length. Lengths are those in a JSON text, where a control character takes six bytes, so that a limit also
/// bounds an answer.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t limit);

/// The error as users see it: each quote from an input is cut to 200 bytes, and each text to less than a KiB,
/// so that an input of many MiB cannot make an answer of many MiB.
[[nodiscard]] Error shortened(Error error);

}  // namespace learndock
