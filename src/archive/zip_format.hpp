#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Record layouts of the zip format, as far as packages use them (offsets from a record's first byte).
namespace learndock::archive::zip {

inline constexpr std::uint32_t kLocalSignature = 0x04034b50;
inline constexpr std::uint32_t kDescriptorSignature = 0x08074b50;
inline constexpr std::uint32_t kCentralSignature = 0x02014b50;
inline constexpr std::uint32_t kEnd64Signature = 0x06064b50;
inline constexpr std::uint32_t kLocator64Signature = 0x07064b50;
inline constexpr std::uint32_t kEndSignature = 0x06054b50;

inline constexpr std::size_t kLocalBytes = 30;
inline constexpr std::size_t kCentralBytes = 46;
inline constexpr std::size_t kEnd64Bytes = 56;
inline constexpr std::size_t kLocator64Bytes = 20;
inline constexpr std::size_t kEndBytes = 22;
inline constexpr std::size_t kMaxComment = 65'535;

inline constexpr std::uint16_t kStored = 0;
inline constexpr std::uint16_t kDeflated = 8;

inline constexpr std::uint16_t kFlagEncrypted = 1u << 0;
inline constexpr std::uint16_t kFlagLevel =
    3u << 1;  ///< says how hard the compressor tried; no meaning to readers
inline constexpr std::uint16_t kFlagDescriptor = 1u << 3;
inline constexpr std::uint16_t kFlagStrongEncryption = 1u << 6;
inline constexpr std::uint16_t kFlagUtf8 = 1u << 11;
inline constexpr std::uint16_t kFlagMaskedHeaders = 1u << 13;

inline constexpr std::uint16_t kExtraZip64 = 0x0001;

/// These values in a 16- or 32-bit field say that the value is in the Zip64 record instead.
inline constexpr std::uint16_t kSentinel16 = 0xffff;
inline constexpr std::uint32_t kSentinel32 = 0xffffffff;

/// Little-endian reads; the caller has checked that the bytes are there.
[[nodiscard]] inline std::uint64_t load(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i)
    value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}
[[nodiscard]] inline std::uint16_t load16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(load(bytes, at, 2));
}
[[nodiscard]] inline std::uint32_t load32(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(load(bytes, at, 4));
}
[[nodiscard]] inline std::uint64_t load64(std::string_view bytes, std::size_t at) {
  return load(bytes, at, 8);
}

inline void append(std::string& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}
inline void append16(std::string& out, std::uint64_t value) { append(out, value, 2); }
inline void append32(std::string& out, std::uint64_t value) { append(out, value, 4); }
inline void append64(std::string& out, std::uint64_t value) { append(out, value, 8); }

}  // namespace learndock::archive::zip
