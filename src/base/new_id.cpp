#include "base/new_id.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

namespace learndock {

Result<LearnwareId> create_new_id(std::string_view text) {
  LEARNDOCK_TRY(LearnwareId id, LearnwareId::create(text));
  // Clients remove a segment "." or ".." from a path before they send it.
  if (text == "." || text == "..")
    return fail(ErrorCode::invalid_argument,
                fmt::format("the learnware id \"{}\" cannot stand in a URL", text), {},
                "choose another id, or leave it out to get a free one");
  if (!is_plain_name(text))
    return fail(ErrorCode::invalid_argument,
                fmt::format("the learnware id \"{}\" holds control or invisible characters", printable(text)),
                {}, "write the id with visible characters only");
  return id;
}

}  // namespace learndock
