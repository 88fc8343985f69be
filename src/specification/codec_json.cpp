#include "learndock/specification/codec_json.hpp"

#include "learndock/base/json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace learndock::specification {
namespace {

std::string_view json_type(const Json& json) { return json.type_name(); }

/// A nested array of numbers, flattened row-major, with its shape; every branch must have the same shape.
struct NestedNumbers {
  std::vector<double> values;
  std::vector<std::size_t> shape;

  /// The place of an error is built on the way out: a good file pays for no paths.
  Result<void> read(const Json& json, std::size_t depth = 0) {
    if (json.is_number()) {
      if (depth != shape.size()) return ragged();
      values.push_back(json.get<double>());
      return {};
    }
    if (!json.is_array())
      return fail(ErrorCode::spec_shape, fmt::format("expected numbers, found {}", json_type(json)));
    if (depth == shape.size()) {
      if (!values.empty() || depth == kMaxRank) return ragged();
      shape.push_back(json.size());
    }
    if (json.size() != shape[depth])
      return fail(ErrorCode::spec_shape,
                  fmt::format("this row has {} values, the first one has {}", json.size(), shape[depth]), {},
                  "give all points the same length");
    for (std::size_t i = 0; i < json.size(); ++i)
      if (auto child = read(json[i], depth + 1); !child) return placed(std::move(child).error(), i);
    return {};
  }
  static Failure ragged() { return fail(ErrorCode::spec_shape, "numbers and lists are mixed at this level"); }
  template <class Step>
  static Failure placed(Error error, const Step& step) {
    error.where = fmt::format("/{}{}", step, error.where);
    return Failure(std::move(error));
  }
};

const Json* member(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

Failure missing(std::string_view key) {
  return fail(ErrorCode::spec_missing_key, fmt::format("the key \"{}\" is missing", key),
              fmt::format("/{}", key));
}

Result<void> read_points(const Json& json, RkmeSpecification& spec) {
  const Json* z = member(json, "z");
  if (z == nullptr) return missing("z");
  if (!z->is_array())
    return fail(ErrorCode::spec_shape, fmt::format("z is {}, not a list", json_type(*z)), "/z");
  NestedNumbers numbers;
  if (auto read = numbers.read(*z); !read) return NestedNumbers::placed(std::move(read).error(), "z");
  if (numbers.shape.size() < 2 || numbers.values.empty())
    return fail(ErrorCode::spec_shape, "z must be a list of points, each a list of numbers", "/z");
  spec.trailing_shape.assign(numbers.shape.begin() + 1, numbers.shape.end());
  const std::size_t k = numbers.shape[0], d = numbers.values.size() / k;
  spec.points = Matrix<double>(k, d, std::move(numbers.values));
  return {};
}

Result<void> read_weights(const Json& json, RkmeSpecification& spec) {
  const Json* beta = member(json, "beta");
  if (beta == nullptr) return missing("beta");
  if (!beta->is_array())
    return fail(ErrorCode::spec_shape, fmt::format("beta is {}, not a list", json_type(*beta)), "/beta");
  NestedNumbers numbers;
  if (auto read = numbers.read(*beta); !read) return NestedNumbers::placed(std::move(read).error(), "beta");
  if (numbers.shape.size() != 1)
    return fail(ErrorCode::spec_shape, "beta must be a list of numbers", "/beta");
  spec.weights = std::move(numbers.values);
  return {};
}

/// Python writes a count that went through an array as 500.0.
Result<std::uint64_t> read_count(const Json& json) {
  constexpr double kExactlyWhole = 9007199254740992.0;  // 2^53
  if (json.is_number_unsigned()) return json.get<std::uint64_t>();
  if (json.is_number_float()) {
    const double value = json.get<double>();
    if (value >= 0 && value <= kExactlyWhole && value == std::floor(value))
      return static_cast<std::uint64_t>(value);
  }
  return fail(ErrorCode::spec_shape, "num_points must be a count of rows", "/num_points");
}

Result<std::uint32_t> read_scales(const Json& json) {
  if (json.is_number()) {
    const double value = json.get<double>();
    for (std::uint32_t scales = 1; scales <= compute::kMaxScales; ++scales)
      if (value == scales) return scales;
  }
  return fail(ErrorCode::spec_kernel,
              fmt::format("scales is {}, not a whole number from 1 to {}",
                          json.is_number() ? fmt::format("{}", json.get<double>()) : json_type(json),
                          compute::kMaxScales),
              "/scales", "leave the key out for one Gaussian of this gamma");
}

Result<void> read_scalars(const Json& json, RkmeSpecification& spec) {
  if (const Json* gamma = member(json, "gamma"); gamma != nullptr) {
    if (!gamma->is_number())
      return fail(ErrorCode::spec_gamma, fmt::format("gamma is {}, not a number", json_type(*gamma)),
                  "/gamma");
    spec.kernel.gamma = gamma->get<double>();
  }
  if (const Json* scales = member(json, "scales"); scales != nullptr) {
    LEARNDOCK_TRY(spec.kernel.scales, read_scales(*scales));
  }
  if (const Json* count = member(json, "num_points"); count != nullptr && !count->is_null()) {
    LEARNDOCK_TRY(spec.num_points, read_count(*count));
  }
  return {};
}

Result<void> read_languages(const Json& json, RkmeSpecification& spec) {
  const Json* languages = member(json, "language");
  if (languages == nullptr || languages->is_null()) return {};
  if (!languages->is_array())
    return fail(ErrorCode::spec_shape, "language must be a list of codes", "/language");
  for (const Json& code : *languages) {
    if (!code.is_string() || code.get_ref<const std::string&>().size() > 64)
      return fail(ErrorCode::spec_shape, "a language is a short string such as \"en\"", "/language");
    spec.languages.push_back(code.get<std::string>());
  }
  return {};
}

void read_passed_keys(const Json& json, RkmeSpecification& spec) {
  Json kept;
  for (const std::span<const PassedKey> keys : {spec.kind->keys_before_points, spec.kind->keys_after_points})
    for (const PassedKey& key : keys) {
      if (kept.is_null()) kept = Json::object();
      if (const Json* value = member(json, key.name)) kept[std::string(key.name)] = *value;
    }
  spec.extra = std::move(kept);
}

Json nested(const double* values, std::span<const std::size_t> shape) {
  Json list = Json::array();
  if (shape.size() == 1) {
    for (std::size_t i = 0; i < shape[0]; ++i) list.push_back(values[i]);
    return list;
  }
  std::size_t stride = 1;
  for (const std::size_t extent : shape.subspan(1)) stride *= extent;
  for (std::size_t i = 0; i < shape[0]; ++i) list.push_back(nested(values + i * stride, shape.subspan(1)));
  return list;
}

void write_passed_keys(std::span<const PassedKey> keys, const RkmeSpecification& spec, Json& json) {
  for (const PassedKey& key : keys) {
    const Json* value = spec.extra->is_object() ? member(*spec.extra, key.name) : nullptr;
    json[std::string(key.name)] = value != nullptr ? *value : parse_json(key.otherwise).value();
  }
}

}  // namespace

Result<RkmeSpecification> from_json(const Json& json) {
  if (!json.is_object())
    return fail(ErrorCode::spec_type,
                fmt::format("a specification is a JSON object, this is {}", json_type(json)));
  RkmeSpecification spec;
  if (const Json* type = member(json, "type"); type != nullptr) {
    if (!type->is_string()) return fail(ErrorCode::spec_type, "type is not a string", "/type");
    const auto known = kind_of_name(type->get_ref<const std::string&>());
    if (!known)
      return fail(ErrorCode::spec_type,
                  fmt::format("unknown specification type \"{}\"", type->get<std::string>()), "/type",
                  "use " + kind_names());
    spec.kind = *known;
  }
  LEARNDOCK_CHECK(read_points(json, spec));
  LEARNDOCK_CHECK(read_weights(json, spec));
  LEARNDOCK_CHECK(read_scalars(json, spec));
  if (spec.kind->has_languages) LEARNDOCK_CHECK(read_languages(json, spec));
  read_passed_keys(json, spec);
  LEARNDOCK_CHECK(validate(spec));
  return spec;
}

Result<RkmeSpecification> from_json_text(std::string_view text) {
  LEARNDOCK_TRY(const Json json, parse_json(text, {.max_bytes = kMaxJsonBytes}));
  return from_json(json);
}

Json to_json(const RkmeSpecification& spec) {
  std::vector<std::size_t> shape = {spec.points.rows()};
  shape.insert(shape.end(), spec.trailing_shape.begin(), spec.trailing_shape.end());
  const KindRules& kind = *spec.kind;
  Json json = Json::object();
  write_passed_keys(kind.keys_before_points, spec, json);
  json["z"] = nested(spec.points.values().data(), shape);
  json["beta"] = spec.weights;
  write_passed_keys(kind.keys_after_points, spec, json);
  if (kind.writes_kernel) json["gamma"] = spec.kernel.gamma;
  // Without it the file is exactly of the reference's format.
  if (kind.writes_kernel && spec.kernel.scales > 1) json["scales"] = spec.kernel.scales;
  if (kind.writes_num_points) json["num_points"] = spec.num_points;
  json["type"] = kind.name();
  if (kind.has_languages) json["language"] = spec.languages;
  return json;
}

std::string to_json_text(const RkmeSpecification& spec) { return to_text(to_json(spec)); }

}  // namespace learndock::specification
