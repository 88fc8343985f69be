#pragma once

#include <nlohmann/json_fwd.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace learndock {

/// The JSON type of `base/json.hpp`, declared only: a header that names it need not read the library, whose
/// 25,000 lines were a third of the build time. Keys keep their order.
using Json = nlohmann::ordered_json;

/// An immutable JSON value as a member of a class in a public header. A default one is null. Copies share the
/// value, so a copy costs a pointer.
class JsonValue {
 public:
  JsonValue() = default;
  /// Takes a `Json` and nothing that converts to one: a list in braces would be read as an array where the
  /// writer meant an object.
  template <class J>
  requires std::same_as<std::remove_cvref_t<J>, Json> JsonValue(J&& json)
      : json_(std::make_shared<const Json>(std::forward<J>(json))) {}

  [[nodiscard]] const Json& get() const noexcept;
  const Json& operator*() const noexcept { return get(); }
  const Json* operator->() const noexcept { return &get(); }

  friend bool operator==(const JsonValue& a, const JsonValue& b);

 private:
  std::shared_ptr<const Json> json_;
};

}  // namespace learndock
