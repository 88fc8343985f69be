// This file and digest.cpp are the only ones that include OpenSSL.
#include "io/base64.hpp"

#include <openssl/evp.h>

#include <cassert>
#include <cstddef>

namespace learndock::io {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;  // OpenSSL counts in int

const unsigned char* read_by_openssl(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* written_by_openssl(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  assert(bytes.size() < kMaxBytes);
  std::string text((bytes.size() + 2) / 3 * 4, '=');  // the NUL that OpenSSL writes is the string's own
  EVP_EncodeBlock(written_by_openssl(text), read_by_openssl(bytes), static_cast<int>(bytes.size()));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  // OpenSSL skips blanks at either end and stops at a '-'.
  if (text.size() >= kMaxBytes || text.find_first_not_of(kAlphabet) != std::string_view::npos)
    return std::nullopt;
  std::string whole(text);
  whole.append((4 - text.size() % 4) % 4, 'A');  // zero bits, cut off below
  std::string bytes(whole.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(written_by_openssl(bytes), read_by_openssl(whole), static_cast<int>(whole.size())) < 0)
    return std::nullopt;
  bytes.resize(text.size() * 6 / 8);
  return bytes;
}

}  // namespace learndock::io
