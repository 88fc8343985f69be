#pragma once

#include "learndock/base/error.hpp"
#include "learndock/base/warning.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace learndock {

/// Bytes of all warnings in one answer.
inline constexpr std::size_t kWarningsBytes = 5000;

/// `text`, cut between two UTF-8 characters when it is longer than `limit`, with "... (N bytes)" for its full
/// length. Lengths are those in a JSON text, where a control character takes six bytes, so that a limit also
/// bounds an answer. The note comes on top of the limit. A text that was cut stays as it is when it is cut
/// again: programs pass on what others have cut.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t limit);

/// The error as users see it: each quote from an input is cut to 200 bytes, and each text to less than a KiB,
/// so that an input of many MiB cannot make an answer of many MiB.
[[nodiscard]] Error shortened(Error error);

/// A warning, or another sentence about an input, as users see it: cut as the message of an error is.
[[nodiscard]] std::string shortened_sentence(std::string text);

/// Warnings as users see them: each is cut, and together they have at most 5,000 bytes. When some are left
/// out, the last one says how many.
[[nodiscard]] std::vector<std::string> shortened(std::vector<std::string> warnings);
/// The same for warnings with facts, which count as well. Texts among the facts are cut as quotes are. Facts
/// that are still longer than a message, and those for which messages leave no room, are left out.
/// @param limit  bytes of messages and facts together
[[nodiscard]] Warnings shortened(Warnings warnings, std::size_t limit = kWarningsBytes);

}  // namespace learndock
