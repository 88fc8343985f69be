#include "specification/semantic_check.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <utility>

namespace learndock::specification {

Result<void> check_texts(const SemanticSpecification& semantic) {
  if (!is_plain_name(semantic.name))
    return fail(
        ErrorCode::semantic_value,
        fmt::format("the name \"{}\" holds control or invisible characters, or spaces of another kind",
                    printable(semantic.name)),
        "/Name/Values", "write it with visible characters and ordinary spaces");
  const auto plain = [](std::string_view text, std::string where) -> Result<void> {
    if (is_plain_text(text)) return {};
    return fail(ErrorCode::semantic_value,
                fmt::format("the text \"{}\" holds control characters", printable(text, 60)),
                std::move(where), "of control characters, leave only line breaks and tabs");
  };
  LEARNDOCK_CHECK(plain(semantic.description, "/Description/Values"));
  for (const auto& [key, features] :
       {std::pair("Input", &semantic.input), std::pair("Output", &semantic.output)})
    if (*features)
      for (const auto& [index, text] : (*features)->description)
        LEARNDOCK_CHECK(plain(text, fmt::format("/{}/Description/{}", key, index)));
  return {};
}

}  // namespace learndock::specification
