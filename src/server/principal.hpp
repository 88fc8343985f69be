#pragma once

#include <cstdint>
#include <string>

namespace learndock::server {

/// The ways in which a request changes the dock.
enum class Deed : std::uint8_t { push, remove };

/// Who sends a request, as far as the dock's tokens tell. Each request has one, made once (guard.hpp,
/// `principal_of`). It says who someone is and what the tokens allow; `Access` decides who is let in. It
/// knows no HTTP.
struct Principal {
  enum class Kind : std::uint8_t {
    anonymous,  ///< no token was given, or the dock has none to compare it with
    unknown,    ///< a token was given that is not the dock's
    holder      ///< one of the dock's tokens was given
  };
  Kind kind = Kind::anonymous;
  /// For the log: "push:" and the first 8 digits of the token's SHA-256, "no-token" or "wrong-token".
  std::string name = "no-token";
  bool push = false;    ///< the token is for uploads
  bool remove = false;  ///< the token is for removals

  [[nodiscard]] bool may(Deed deed) const { return deed == Deed::push ? push : remove; }
};

}  // namespace learndock::server
