#include "sketch/table/foreign_format.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace learndock::sketch {
namespace {

using namespace std::string_view_literals;

/// How a table is made of a file. `%` stands for the file as a word of a shell, `@` for it as a Python
/// string.
constexpr std::string_view kPandas =
    R"x(python3 -c "import pandas; pandas.read_{}(@){}.to_csv('table.csv', index=False)")x";
constexpr std::string_view kNone =
    "write the numbers that the model reads as a CSV, one row for each example";

constexpr std::string_view kArff =
    R"x(convert it: python3 -c "import pandas, scipy.io.arff; pandas.DataFrame(scipy.io.arff.loadarff(@)[0]).to_csv('table.csv', index=False)")x";

struct Format {
  std::string_view name;
  std::string_view magic;
  std::size_t at;           // where the magic stands
  std::string_view reader;  // of pandas; empty: `cure` is the whole advice
  std::string_view cure;    // or what follows the reader
};

constexpr std::array kFormats = {
    Format{"an Excel workbook of the old kind (.xls)", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, 0, "excel", ""},
    Format{"a Parquet file", "PAR1\x15"sv, 0, "parquet", ""},
    Format{"an Arrow (Feather) file", "ARROW1\0\0"sv, 0, "feather", ""},
    Format{"an Avro file", "Obj\x01"sv, 0, "", kNone},
    Format{"an HDF5 file", "\x89HDF\r\n\x1A\n"sv, 0, "hdf", ""},
    Format{"a SQLite database", "SQLite format 3\0"sv, 0, "",
           "choose one of its tables: sqlite3 -header -csv % 'SELECT * FROM NAME' > table.csv"},
    Format{"a PDF document", "%PDF-"sv, 0, "", kNone},
    Format{"a PNG picture", "\x89PNG\r\n\x1A\n"sv, 0, "", kNone},
    Format{"a JPEG picture", "\xFF\xD8\xFF"sv, 0, "", kNone},
    Format{"a GIF picture", "GIF89a"sv, 0, "", kNone},
    Format{"a GIF picture", "GIF87a"sv, 0, "", kNone},
    Format{"a TIFF picture", "II*\0"sv, 0, "", kNone},
    Format{"a TIFF picture", "MM\0*"sv, 0, "", kNone},
    Format{"a WebP picture", "WEBPVP8"sv, 8, "", kNone},
    Format{"a sound", "WAVEfmt "sv, 8, "", kNone},
    Format{"an SPSS file", "$FL2"sv, 0, "spss", ""},
    Format{"a SAS file", "\xC2\xEA\x81\x60\xB3\x14\x11\xCF"sv, 12, "sas", ""},
    Format{"a Stata file", "<stata_dta>"sv, 0, "stata", ""},
    Format{
        "a MATLAB file", "MATLAB 5.0 MAT-file"sv, 0, "",
        R"x(choose one of its variables: python3 -c "import numpy, scipy.io; numpy.save('table.npy', scipy.io.loadmat(@)['NAME'])")x"},
    Format{
        "an R data file", "RDX2\n"sv, 0, "",
        R"x(choose one of its tables: Rscript -e "load(@); write.csv(NAME, 'table.csv', row.names=FALSE)")x"},
    Format{
        "an R data file", "RDX3\n"sv, 0, "",
        R"x(choose one of its tables: Rscript -e "load(@); write.csv(NAME, 'table.csv', row.names=FALSE)")x"},
    Format{"an R data file (.rds)", "X\n\0\0\0"sv, 0, "",
           R"x(convert it: Rscript -e "write.csv(readRDS(@), 'table.csv', row.names=FALSE)")x"},
    Format{"a file packed by bzip2", "1AY&SY"sv, 4, "", "unpack it: bzip2 -dc % > table.csv"},
    Format{"a file packed by xz",
           "\xFD"
           "7zXZ\0"sv,
           0, "", "unpack it: xz -dc % > table.csv"},
    Format{"a file packed by lz4", "\x04\x22\x4D\x18"sv, 0, "", "unpack it: lz4 -dc % > table.csv"},
    Format{"a 7z archive", "7z\xBC\xAF\x27\x1C"sv, 0, "", "unpack it: 7z x %"},
    Format{"a RAR archive", "Rar!\x1A\x07"sv, 0, "", "unpack it: unrar x %"},
    Format{"a tar archive", "ustar\0"sv, 257, "", "unpack it: tar -xf %"},
    Format{"a tar archive", "ustar  "sv, 257, "", "unpack it: tar -xf %"},
    Format{"a program",
           "\x7F"
           "ELF"sv,
           0, "", kNone},
    Format{"a .npy array", "\x93NUMPY"sv, 0, "",
           "name it as one: over HTTP with the media type application/x-npy"},
};

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

std::string filled_in(std::string_view pattern, std::string_view source) {
  std::string out;
  for (const char c : pattern) {
    if (c == '%')
      out += path_word(source);
    else if (c == '@')
      out += python_string(source);
    else
      out += c;
  }
  return out;
}

Error not_a_table(std::string_view name, std::string_view fix, std::string_view source) {
  return {ErrorCode::table_format,
          fmt::format("this is {}, not a table as text", name),
          {},
          filled_in(fix, source)};
}

std::string by_pandas(std::string_view reader, std::string_view rest) {
  return "convert it: " + fmt::format(fmt::runtime(kPandas), reader, rest);
}

/// Of the programs that write zip files, by the names of the first entries.
Error zip_file(std::string_view bytes, std::string_view source) {
  const std::string_view head = bytes.substr(0, 4096);
  const auto has = [&](std::string_view text) { return head.find(text) != std::string_view::npos; };
  if (has(".npy"))
    return not_a_table(
        "an .npz file of several arrays",
        R"x(save one of them: python3 -c "import numpy; z = numpy.load(@); numpy.save('table.npy', z[z.files[0]])")x",
        source);
  if (has("opendocument.spreadsheet"))
    return not_a_table("an OpenDocument spreadsheet (.ods)", by_pandas("excel", ""), source);
  if (has("word/")) return not_a_table("a Word document", kNone, source);
  if (has("xl/") || has("[Content_Types].xml"))
    return not_a_table("an Excel workbook (.xlsx)", by_pandas("excel", ""), source);
  return not_a_table("a zip archive", "unpack the table in it: unzip -p % > table.csv", source);
}

/// Pickles begin with their protocol, and end with a full stop.
bool is_pickle(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5;
}

/// JSON, HTML and XML, by what no CSV begins with.
std::optional<Error> markup(std::string_view bytes, std::string_view source) {
  if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  const std::string_view text = bytes.substr(first, 4096);
  const std::size_t second = text.find_first_not_of(" \t\r\n", 1);
  const char next = second == std::string_view::npos ? '\0' : text[second];
  if (text[0] == '{' && (next == '"' || next == '}')) {
    const std::size_t line = text.find('\n');
    const bool lines = line != std::string_view::npos && text[line - 1] == '}';
    return not_a_table(
        lines ? "JSON, one object a line" : "JSON",
        fmt::format(
            R"x(convert it: python3 -c "import pandas; pandas.read_json(@{}).to_csv('table.csv', index=False)")x",
            lines ? ", lines=True" : ""),
        source);
  }
  if (text[0] == '[' && (next == '[' || next == '{' || next == ']'))
    return not_a_table("JSON", by_pandas("json", ""), source);
  if (starts_with_word(text, "<!doctype html") || starts_with_word(text, "<html") ||
      starts_with_word(text, "<table"))
    return not_a_table("a page of HTML", by_pandas("html", "[0]"), source);
  if (starts_with_word(text, "@relation")) return not_a_table("an ARFF file of Weka", kArff, source);
  if (starts_with_word(text, "<?xml") || starts_with_word(text, "<!--"))
    return not_a_table("XML", by_pandas("xml", ""), source);
  return std::nullopt;
}

}  // namespace

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,:+-=@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) return std::string(text);
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string path_word(std::string_view source) {
  return shell_word((source.starts_with('-') ? "./" : "") + std::string(source));
}

std::string file_word(std::string_view source) {
  const std::string word = path_word(source);
  if (source.ends_with(".gz")) return fmt::format("<(gzip -dc {})", word);
  return source.ends_with(".zst") ? fmt::format("<(zstd -dc {})", word) : word;
}

std::string python_string(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\\';
    if (c == '\\') out += "\\\\\\";
    if (c == '"' || c == '$' || c == '`') out += '\\';
    out += c;
  }
  return out + "'";
}

std::optional<Error> foreign_format(std::string_view bytes, std::string_view source) {
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) return zip_file(bytes, source);
  for (const Format& format : kFormats) {
    if (bytes.size() < format.at || !bytes.substr(format.at).starts_with(format.magic)) continue;
    return not_a_table(
        format.name, format.reader.empty() ? std::string(format.cure) : by_pandas(format.reader, format.cure),
        source);
  }
  if (is_pickle(bytes))
    return not_a_table("a pickle, which may run any code when it is read",
                       "only if you trust who made it: " + by_pandas("pickle", "").substr(12), source);
  return markup(bytes, source);
}

}  // namespace learndock::sketch
