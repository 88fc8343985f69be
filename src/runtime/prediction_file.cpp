#include "runtime/prediction_file.hpp"

#include "base/ascii.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <iterator>
#include <utility>

namespace learndock::runtime {
namespace {

/// The header is written again at the end with the number of rows, so its length is that of the longest.
constexpr std::size_t kNpyHeader = 512;

std::string_view npy_type(ElementType type) {
  constexpr std::array<std::string_view, 6> kNames = {"<f4", "<f8", "<i4", "<i8", "|u1", "|b1"};
  return kNames[static_cast<std::size_t>(type)];
}

/// The shortest digits that read back to the same number.
void append_element(std::string& out, const Array& array, std::size_t index) {
  const std::byte* const at = array.bytes.data() + index * size_of(array.type);
  const auto append = [&](auto value) {
    std::memcpy(&value, at, sizeof(value));
    fmt::format_to(std::back_inserter(out), "{}", value);
  };
  switch (array.type) {
    case ElementType::float32:
      return append(float{});
    case ElementType::float64:
      return append(double{});
    case ElementType::int32:
      return append(std::int32_t{});
    case ElementType::int64:
      return append(std::int64_t{});
    case ElementType::uint8:
    case ElementType::boolean:
      fmt::format_to(std::back_inserter(out), "{}", std::to_integer<unsigned>(*at));
  }
}

}  // namespace

Result<PredictionFile> PredictionFile::create(const std::filesystem::path& path) {
  LEARNDOCK_TRY(io::TemporaryFile file, io::TemporaryFile::beside(path, io::kUserFile));
  return PredictionFile(std::move(file), lower(path.extension().string()) == ".npy");
}

std::string PredictionFile::npy_header() const {
  std::string shape = fmt::format("({},", rows_);
  for (const std::uint64_t extent : sample_) shape += fmt::format(" {},", extent);
  if (!sample_.empty()) shape.pop_back();
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}), }}", npy_type(type_), shape);
  constexpr std::size_t kBefore = 10;
  text.resize(kNpyHeader - kBefore - 1, ' ');
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>((kNpyHeader - kBefore) & 0xFFU);
  header += static_cast<char>((kNpyHeader - kBefore) >> 8U);
  return header + text + "\n";
}

std::string PredictionFile::csv_header() const {
  if (width_ == 1) return "prediction\n";
  std::string header;
  for (std::uint64_t i = 0; i < width_; ++i) header += fmt::format("{}output_{}", i == 0 ? "" : ",", i);
  return header + "\n";
}

std::string PredictionFile::csv_rows(const Array& answers) const {
  std::string text;
  const std::uint64_t numbers = answers.shape[0] * width_;
  for (std::uint64_t i = 0; i < numbers; ++i) {
    append_element(text, answers, i);
    text += (i + 1) % width_ == 0 ? '\n' : ',';
  }
  return text;
}

Result<void> PredictionFile::append(const Array& answers) {
  const std::vector<std::uint64_t> sample(answers.shape.begin() + 1, answers.shape.end());
  if (!begun_) {
    begun_ = true;
    type_ = answers.type;
    sample_ = sample;
    for (const std::uint64_t extent : sample_) width_ *= extent;
    LEARNDOCK_CHECK(file_.append(npy_ ? npy_header() : csv_header()));
  } else if (sample != sample_ || answers.type != type_) {
    return fail(ErrorCode::model_contract,
                fmt::format("the answers were {} of shape {} each, and are {} of shape {} from row {} on",
                            name_of(type_), text_of(sample_), name_of(answers.type), text_of(sample), rows_));
  }
  rows_ += answers.shape[0];
  if (!npy_) return file_.append(csv_rows(answers));
  return file_.append({reinterpret_cast<const char*>(answers.bytes.data()), answers.bytes.size()});
}

Result<void> PredictionFile::finish() {
  if (npy_) LEARNDOCK_CHECK(file_.write_at(npy_header(), 0));
  LEARNDOCK_CHECK(file_.sync());
  return file_.rename_over();
}

}  // namespace learndock::runtime
