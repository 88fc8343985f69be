#include "archive/zip_extra.hpp"

#include "archive/deflate.hpp"
#include "archive/zip_format.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <optional>

namespace learndock::archive {
namespace {

using zip::load16;
using zip::load32;
using zip::load64;

constexpr std::uint16_t kUnixPkware = 0x000d;
constexpr std::uint16_t kStrongEncryption = 0x0017;
constexpr std::uint16_t kUnicodePath = 0x7075;
constexpr std::uint16_t kUnixAsi = 0x756e;
constexpr std::uint16_t kAes = 0x9901;

Failure broken(std::string message, std::string_view name) {
  return fail(ErrorCode::zip_structure, std::move(message), printable(name));
}

/// Some writers repeat both sizes in a Zip64 field although the header holds them already. Harmless if they
/// agree.
bool repeats_sizes(std::string_view field, const ZipSizes& sizes) {
  return field.size() == 16 && load64(field, 0) == sizes.bytes && load64(field, 8) == sizes.packed_bytes;
}

/// One Zip64 value per sentinel and not a byte more: readers disagree about anything else.
Result<void> apply_zip64(std::optional<std::string_view> field, std::string_view name, ZipSizes& sizes) {
  std::uint64_t* const wanted[] = {&sizes.bytes, &sizes.packed_bytes, &sizes.header_offset};
  std::size_t at = 0;
  for (std::uint64_t* value : wanted) {
    if (*value != zip::kSentinel32) continue;
    if (!field) return broken("a size or offset refers to a Zip64 field that is not there", name);
    if (at + 8 > field->size())
      return broken("the Zip64 field is too short for the values it must hold", name);
    *value = load64(*field, at);
    at += 8;
  }
  if (!field || at == field->size() || (at == 0 && repeats_sizes(*field, sizes))) return {};
  return broken(fmt::format("the Zip64 field has {} bytes, the header asks for {}", field->size(), at), name);
}

Result<void> check_unicode_path(std::string_view field, std::string_view name) {
  constexpr std::size_t kHeader = 5;  // version, CRC-32 of the plain name
  const bool agrees = field.size() >= kHeader && field[0] == 1 && load32(field, 1) == crc32_of(name) &&
                      field.substr(kHeader) == name;
  if (agrees) return {};
  return fail(ErrorCode::zip_path_invalid, "a second (Unicode) path of the entry differs from its name",
              printable(name), "pack again with a current zip program");
}

/// Unix fields that may name a link's target after their fixed part.
Result<void> check_unix_field(std::string_view field, std::size_t fixed_bytes, std::string_view name) {
  if (field.size() <= fixed_bytes) return {};
  return fail(ErrorCode::zip_file_kind, "the entry is a link; packages hold only files and directories",
              printable(name), "pack a copy of the file instead of the link");
}

Result<void> check_field(std::uint16_t id, std::string_view field, std::string_view name) {
  constexpr std::size_t kPkwareFixed = 12;
  constexpr std::size_t kAsiFixed = 14;
  switch (id) {
    case kUnicodePath:
      return check_unicode_path(field, name);
    case kUnixPkware:
      return check_unix_field(field, kPkwareFixed, name);
    case kUnixAsi:
      return check_unix_field(field, kAsiFixed, name);
    case kStrongEncryption:
    case kAes:
      return fail(ErrorCode::zip_encrypted, "the entry is encrypted", printable(name),
                  "pack without a password");
    default:
      return {};
  }
}

}  // namespace

Result<void> read_extra_fields(std::string_view extra, std::string_view name, ZipSizes& sizes) {
  std::optional<std::string_view> zip64;
  while (!extra.empty()) {
    if (extra.size() < 4)
      return broken(fmt::format("{} stray bytes in the extra fields", extra.size()), name);
    const std::uint16_t id = load16(extra, 0);
    const std::size_t length = load16(extra, 2);
    if (length > extra.size() - 4)
      return broken(
          fmt::format("extra field 0x{:04x} claims {} bytes, {} are left", id, length, extra.size() - 4),
          name);
    const std::string_view field = extra.substr(4, length);
    if (id == zip::kExtraZip64) {
      if (zip64) return broken("the entry has two Zip64 fields", name);
      zip64 = field;
    } else {
      LEARNDOCK_CHECK(check_field(id, field, name));
    }
    extra.remove_prefix(4 + length);
  }
  return apply_zip64(zip64, name, sizes);
}

}  // namespace learndock::archive
