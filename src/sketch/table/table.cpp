#include "learndock/sketch/table.hpp"

#include "io/file.hpp"
#include "sketch/table/column_findings.hpp"
#include "sketch/table/csv_table.hpp"
#include "sketch/table/foreign_format.hpp"
#include "sketch/table/mapped_file.hpp"
#include "sketch/table/npy.hpp"
#include "sketch/table/unpack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace learndock::sketch {
namespace {

/// Values of an array in its file that are looked at for its profiles. The array may be larger than the
/// memory.
constexpr std::size_t kProfiledValues = 2'000'000;

/// An array that is used in place is not read whole for its profiles, others are read anyway.
std::size_t rows_to_profile(const NpyArray& array, const TableOptions& options) {
  if (used_in_place(array, options) == nullptr) return array.rows;
  return std::min(array.rows, std::max<std::size_t>(1, kProfiledValues / array.cols));
}

TableOptions with_source(TableOptions options, const std::filesystem::path& path) {
  options.source = path.string();
  return options;
}

/// Calls `use` with the content of `bytes`: unpacked where they are packed.
template <class T, class Use>
Result<T> with_content(std::string_view bytes, const TableOptions& options, Use use) {
  LEARNDOCK_TRY(const std::optional<std::string> content,
                unpack(bytes, options.max_unpacked_bytes, options.source));
  if (!content) return use(bytes);
  if (is_packed(*content))
    return fail(ErrorCode::table_format, "the file is packed twice", {}, "unpack it once");
  return use(std::string_view(*content));
}

Result<Table> parse_table(std::string_view bytes, const TableOptions& options) {
  return with_content<Table>(bytes, options, [&](std::string_view content) {
    return content.starts_with(kNpyMagic) ? parse_npy(content, options) : parse_csv(content, options);
  });
}

std::string delimiter_name(char delimiter) {
  switch (delimiter) {
    case ',':
      return "comma";
    case ';':
      return "semicolon";
    case '\t':
      return "tab";
    case '|':
      return "pipe";
    default:
      return std::string(1, delimiter);
  }
}

void add_findings(TableProfile& profile, const TableOptions& options) {
  const Rows seen = profile.profiled_rows < profile.rows ? Rows::first : Rows::all;
  ColumnFindings findings = find_in_columns(profile.columns, options, seen);
  const auto& columns = profile.columns;
  if (findings.unusable) {
    profile.unusable = findings.unusable->message;
    profile.fix = findings.unusable->fix;
  }
  const bool any = std::any_of(columns.begin(), columns.end(), [](auto& c) { return c.chosen; });
  if (!any && !columns.empty() && !findings.unusable) {
    profile.unusable = "no column of numbers is left";
    profile.fix = "leave fewer columns out";
  }
  profile.flags = std::move(findings.flags);
  std::move(findings.warnings.begin(), findings.warnings.end(), std::back_inserter(profile.warnings));
}

Result<TableProfile> profile_npy(std::string_view bytes, const TableOptions& options) {
  LEARNDOCK_TRY(const NpyArray array, npy_array(bytes, options));
  TableProfile profile;
  profile.format = "npy";
  profile.rows = array.rows;
  profile.profiled_rows = rows_to_profile(array, options);
  profile.columns = profiles_of(array, profile.profiled_rows, options);
  LEARNDOCK_TRY(NpyChoice features, choose_features(array, profile.columns, options));
  profile.warnings = std::move(features.warnings);
  add_findings(profile, options);
  return profile;
}

Result<TableProfile> profile_csv(std::string_view bytes, const TableOptions& options) {
  LEARNDOCK_CHECK(check_is_text(bytes, options));
  LEARNDOCK_TRY(const DecodedText decoded, decode(bytes, options.encoding, options.source));
  LEARNDOCK_TRY(CsvHead head, read_csv_head(decoded.text(), options));
  LEARNDOCK_TRY(CsvColumns read, read_csv_columns(std::move(head), options));
  TableProfile profile;
  profile.format = "csv";
  profile.encoding = name_of(decoded.encoding);
  profile.delimiter = delimiter_name(read.dialect.delimiter);
  profile.decimal = std::string(1, read.dialect.decimal);
  profile.header = read.header;
  profile.rows = profile.profiled_rows = read.rows;
  profile.columns = std::move(read.columns);
  profile.warnings = std::move(read.warnings);
  add_findings(profile, options);
  return profile;
}

}  // namespace

Result<Table> read_table(const std::filesystem::path& path, const TableOptions& options) {
  LEARNDOCK_TRY(const std::string bytes, io::read_file(path, std::size_t{16} << 30));
  auto table = parse_table(bytes, with_source(options, path));
  if (!table) return pass_on(std::move(table).error(), path.string());
  return table;
}

Result<TableProfile> profile_table(const std::filesystem::path& path, const TableOptions& given) {
  const TableOptions options = with_source(given, path);
  const auto profile_of = [&](std::string_view bytes) {
    return with_content<TableProfile>(bytes, options, [&](std::string_view content) {
      return content.starts_with(kNpyMagic) ? profile_npy(content, options) : profile_csv(content, options);
    });
  };
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) {  // a pipe cannot be mapped
    LEARNDOCK_TRY(const std::string bytes, io::read_file(path, std::size_t{16} << 30));
    auto profile = profile_of(bytes);
    if (!profile) return pass_on(std::move(profile).error(), path.string());
    return profile;
  }
  LEARNDOCK_TRY(const std::shared_ptr<const MappedFile> mapping, MappedFile::open(path));
  auto profile = profile_of(mapping->bytes());
  if (auto intact = mapping->intact(); !intact) return pass_on(std::move(intact).error(), path.string());
  if (!profile) return pass_on(std::move(profile).error(), path.string());
  return profile;
}

TableFile::TableFile(Table table)
    : table_(std::make_shared<const Table>(std::move(table))),
      values_(table_->values.view()),
      columns_(table_->columns),
      warnings_(table_->warnings) {}

Result<TableFile> TableFile::open(const std::filesystem::path& path, const TableOptions& options) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) {  // a pipe cannot be mapped
    LEARNDOCK_TRY(Table table, read_table(path, options));
    return TableFile(std::move(table));
  }
  LEARNDOCK_TRY(const std::shared_ptr<const MappedFile> mapping, MappedFile::open(path));
  auto table = in_mapping(mapping, with_source(options, path));
  if (auto intact = mapping->intact(); !intact) return pass_on(std::move(intact).error(), path.string());
  if (!table) return pass_on(std::move(table).error(), path.string());
  return table;
}

Result<void> TableFile::intact() const { return mapping_ ? mapping_->intact() : Result<void>(); }

Result<TableFile> TableFile::in_mapping(const std::shared_ptr<const MappedFile>& mapping,
                                        const TableOptions& options) {
  const std::string_view bytes = mapping->bytes();
  if (bytes.starts_with(kNpyMagic)) {
    LEARNDOCK_TRY(const NpyArray array, npy_array(bytes, options));
    if (const float* const values = used_in_place(array, options); values != nullptr) {
      TableFile file;
      file.mapping_ = mapping;
      file.values_ = {values, array.rows, array.cols};
      file.warnings_ =
          find_in_columns(profiles_of(array, rows_to_profile(array, options), options), options, Rows::first)
              .warnings;
      return file;
    }
  }
  LEARNDOCK_TRY(Table table, parse_table(bytes, options));
  return TableFile(std::move(table));
}

}  // namespace learndock::sketch
