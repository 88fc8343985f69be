// The format is described byte by byte in FORMAT.md.
#include "learndock/specification/codec_binary.hpp"

#include "learndock/base/json.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace learndock::specification {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the binary form is little-endian and written as is");

/// Version 2 holds the number of scales, which version 1 takes to be one; it is written only where it is
/// needed.
constexpr std::uint16_t kOneScale = 1, kManyScales = 2;
/// The extra block nests a file's keys one level deeper than the file did.
constexpr std::size_t kMaxExtraDepth = JsonLimits{}.max_depth + 2;

class Writer {
 public:
  template <class T>
  void put(T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out_.append(bytes, sizeof value);
  }
  void put_bytes(std::string_view bytes) { out_.append(bytes); }
  std::string take() { return std::move(out_); }
  [[nodiscard]] const std::string& bytes() const { return out_; }

 private:
  std::string out_;
};

/// Reads from a bounded span; the first read past the end makes it bad and every later one too.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  T get() {
    T value{};
    const std::string_view taken = take(sizeof value);
    if (!taken.empty()) std::memcpy(&value, taken.data(), sizeof value);
    return value;
  }
  std::string_view take(std::size_t count) {
    if (bad_ || count > bytes_.size()) {
      bad_ = true;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  [[nodiscard]] bool bad() const { return bad_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
  bool bad_ = false;
};

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

bool fits_float(double value) { return static_cast<double>(static_cast<float>(value)) == value; }

Failure broken(std::string message) { return fail(ErrorCode::spec_binary, std::move(message)); }

Result<void> read_extra(std::string_view text, RkmeSpecification& spec) {
  if (text.empty()) return {};
  LEARNDOCK_TRY(const Json json, parse_json(text, {.max_depth = kMaxExtraDepth}));
  if (!json.is_object() || !json.contains("language") || !json["language"].is_array() ||
      !json.contains("extra"))
    return broken("the extra block is not {\"language\": [...], \"extra\": ...}");
  for (const Json& code : json["language"]) {
    if (!code.is_string()) return broken("a language is not a string");
    if (spec.kind->has_languages) spec.languages.push_back(code.get<std::string>());
  }
  spec.extra = json["extra"];
  return {};
}

template <class Stored>
std::vector<double> unpack(std::string_view bytes) {
  std::vector<double> values(bytes.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof stored, sizeof stored);
    values[i] = static_cast<double>(stored);
  }
  return values;
}

/// The fields before the kernel.
struct Head {
  std::size_t count = 0, dimension = 1, width = 0;
};

/// Magic, version and checksum. @return the version
Result<std::uint16_t> check_frame(std::string_view bytes) {
  if (!bytes.starts_with(kBinaryMagic))
    return broken("this is not a binary specification (it does not begin with LDRK)");
  if (bytes.size() < sizeof(std::uint32_t)) return broken("the specification is cut short");
  const std::size_t content = bytes.size() - sizeof(std::uint32_t);
  Reader begin(bytes.substr(0, content)), trailer(bytes.substr(content));
  begin.take(kBinaryMagic.size());
  const auto version = begin.get<std::uint16_t>();
  if (!begin.bad() && version != kOneScale && version != kManyScales)
    return broken(fmt::format("binary specification version {}, this program reads {} and {}", version,
                              kOneScale, kManyScales));
  if (trailer.get<std::uint32_t>() != checksum(bytes.substr(0, content)))
    return broken("the checksum does not match: the bytes were damaged or cut");
  return version;
}

Result<Head> read_head(Reader& in, RkmeSpecification& spec) {
  Head head;
  const auto kind = kind_of_number(in.get<std::uint8_t>());
  head.width = in.get<std::uint8_t>();
  head.count = in.get<std::uint32_t>();
  const std::size_t rank = in.get<std::uint32_t>();
  if (in.bad() || !kind || (head.width != 4 && head.width != 8) || rank == 0 || rank > kMaxRank)
    return broken("the header holds values outside the format");
  spec.kind = *kind;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t extent = in.get<std::uint32_t>();
    if (extent == 0 || head.dimension > SpecificationLimits{}.max_values / extent)
      return broken("the point shape is empty or too large");
    head.dimension *= extent;
    spec.trailing_shape.push_back(extent);
  }
  return head;
}

Result<compute::Kernel> read_kernel(Reader& in, std::uint16_t version) {
  compute::Kernel kernel{in.get<double>(), 1};
  if (version == kOneScale) return kernel;
  kernel.scales = in.get<std::uint8_t>();
  if (!in.bad() && (kernel.scales < 2 || kernel.scales > compute::kMaxScales))
    return broken(
        fmt::format("the kernel has {} scales, version 2 holds 2 to {}", kernel.scales, compute::kMaxScales));
  return kernel;
}

}  // namespace

std::string to_binary(const RkmeSpecification& spec) {
  const auto& values = spec.points.values();
  const bool single = std::all_of(values.begin(), values.end(), fits_float);
  const std::string extra = extra_text(spec);
  Writer out;
  out.put_bytes(kBinaryMagic);
  out.put(spec.kernel.scales > 1 ? kManyScales : kOneScale);
  out.put(spec.kind->number);
  out.put(static_cast<std::uint8_t>(single ? 4 : 8));
  out.put(static_cast<std::uint32_t>(spec.points.rows()));
  out.put(static_cast<std::uint32_t>(spec.trailing_shape.size()));
  for (const std::size_t extent : spec.trailing_shape) out.put(static_cast<std::uint32_t>(extent));
  out.put(spec.kernel.gamma);
  if (spec.kernel.scales > 1) out.put(static_cast<std::uint8_t>(spec.kernel.scales));
  out.put(spec.num_points);
  out.put(static_cast<std::uint32_t>(extra.size()));
  out.put_bytes(extra);
  for (const double value : values) single ? out.put(static_cast<float>(value)) : out.put(value);
  for (const double weight : spec.weights) out.put(weight);
  out.put(checksum(out.bytes()));
  return out.take();
}

Result<RkmeSpecification> from_binary(std::string_view bytes) {
  LEARNDOCK_TRY(const std::uint16_t version, check_frame(bytes));
  Reader in(bytes.substr(0, bytes.size() - sizeof(std::uint32_t)));
  in.take(kBinaryMagic.size() + sizeof version);
  RkmeSpecification spec;
  LEARNDOCK_TRY(const Head head, read_head(in, spec));
  LEARNDOCK_TRY(spec.kernel, read_kernel(in, version));
  spec.num_points = in.get<std::uint64_t>();
  const auto extra_bytes = in.get<std::uint32_t>();
  if (in.bad() || extra_bytes > SpecificationLimits{}.max_extra_bytes)
    return broken("the extra block is cut short or too large");
  LEARNDOCK_CHECK(read_extra(in.take(extra_bytes), spec));
  const std::size_t values = head.count * head.dimension;
  if (head.count > SpecificationLimits{}.max_points || in.bad() ||
      in.left() != values * head.width + head.count * sizeof(double))
    return broken(fmt::format("{} points of {} values do not match the length", head.count, head.dimension));
  const std::string_view points = in.take(values * head.width);
  spec.points = Matrix<double>(head.count, head.dimension,
                               head.width == 4 ? unpack<float>(points) : unpack<double>(points));
  spec.weights = unpack<double>(in.take(head.count * sizeof(double)));
  LEARNDOCK_CHECK(validate(spec));
  return spec;
}

}  // namespace learndock::specification
