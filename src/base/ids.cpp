#include "learndock/base/ids.hpp"

#include <fmt/format.h>

namespace learndock {
namespace {

constexpr std::size_t kMaxIdBytes = 128;

bool allowed(unsigned char byte) { return byte >= 0x21 && byte != 0x7f && byte != '/'; }

}  // namespace

Result<LearnwareId> LearnwareId::create(std::string_view text) {
  if (text.empty() || text.size() > kMaxIdBytes)
    return fail(ErrorCode::invalid_argument,
                fmt::format("a learnware id has 1 to {} bytes, this one {}", kMaxIdBytes, text.size()));
  for (std::size_t i = 0; i < text.size(); ++i)
    if (!allowed(static_cast<unsigned char>(text[i])))
      return fail(ErrorCode::invalid_argument,
                  fmt::format("byte {} of the learnware id is a space, a control character or '/'", i));
  LearnwareId id;
  id.text_ = text;
  return id;
}

LearnwareId LearnwareId::from_number(std::uint64_t number) {
  LearnwareId id;
  id.text_ = fmt::format("{:08}", number);
  return id;
}

}  // namespace learndock
