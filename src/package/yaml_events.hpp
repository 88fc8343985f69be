#pragma once

#include "learndock/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace learndock::package {

enum class YamlKind : std::uint8_t { scalar, sequence, mapping, end };

/// One step through a YAML document: a scalar, the beginning of a sequence or a mapping, or the end of one.
struct YamlEvent {
  YamlKind kind = YamlKind::end;
  std::string text;  ///< of a scalar
  bool plain =
      false;  ///< whether the scalar is written without quotes, so that its value depends on its text
  std::size_t line = 0, column = 0;  ///< from 1
};
/// "line L, column C", as errors name it.
[[nodiscard]] std::string place_of(const YamlEvent& event);

/// Steps through the one document of a text. Tags and aliases are gone from the events: `!!python/tuple` is
/// read as the sequence that it is put on, and an alias becomes the scalar, or the sequence of at most
/// `kMostAliased` scalars, that its anchor names. Every other tag and every other anchor is refused.
/// @errors package_yaml, package_yaml_alias, package_yaml_tag, and those of `visit`; `where` is the place
[[nodiscard]] Result<void> visit_yaml(std::string_view text,
                                      const std::function<Result<void>(const YamlEvent&)>& visit);

inline constexpr std::size_t kMostAliased = 32;  ///< scalars in an anchored sequence
/// Anchors of a document, and aliases. A package that is written by hand or by the reference has a few.
inline constexpr std::size_t kMostAnchors = 64, kMostAliases = 256;
inline constexpr std::size_t kMostAliasedBytes = 1024;  ///< text of what one anchor names

}  // namespace learndock::package
