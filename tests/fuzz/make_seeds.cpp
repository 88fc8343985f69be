// Writes the first inputs of the fuzz targets: sound ones, so that mutation starts past the first check.
#include "fuzz/package_input.hpp"
#include "support/example_package.hpp"
#include "support/raw_zip.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

namespace {

using namespace learndock::testing;

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

void write_zips(const std::filesystem::path& folder) {
  write(folder / "package", example_zip().bytes());
  write(folder / "stored", raw_zip_of({{"a", "stored"}, {"b/c", "again"}}, false).bytes());
  RawZip streamed{{raw_streamed("a", "first"), raw_streamed("b", "second", false),
                   raw_streamed("c", "third", true, true)}};
  streamed.comment = "comment";
  write(folder / "streamed", streamed.bytes());
  RawZip wide = raw_zip_of({{"a", "sixty-four"}});
  wide.zip64 = true;
  write(folder / "zip64", wide.bytes());
  RawEntry large = raw_file("a", "x");
  large.both(&RawHeader::size, 0xffffffffu).both(&RawHeader::packed, 0xffffffffu);
  large.both(&RawHeader::extra,
             extra_field(1, le64(1) + le64(1)) + extra_field(0x7075, "\x01" + le32(crc_of("a")) + "a"));
  write(folder / "zip64_entry", RawZip{{large, raw_directory("d/")}}.bytes());
}

void write_yamls(const std::filesystem::path& folder) {
  write(folder / "manifest", kManifestText);
  write(folder / "scalars", "[~, true, -1, 0x1F, 0o7, 1.5e-3, .5, '', \"\\u00e9\", text]\n");
  write(folder / "blocks", "a: |\n  literal\nb: >-\n  folded\n  text\n? c\n: - d\n  - {e: [f]}\n# comment\n");
  write(folder / "refused", "%YAML 1.2\n---\na: &x !!str 1\nb: *x\n<<: {c: 1}\n...\n");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: make_fuzz_seeds FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  write_zips(folder / "zip_fuzz");
  write_yamls(folder / "yaml_fuzz");
  write(folder / "package_fuzz" / "example",
        to_fuzz_input({kManifestText, kStatisticalText, kSemanticText, "numpy\n", "extra/file.bin"}));
  write(folder / "package_fuzz" / "defaults", to_fuzz_input({"", kStatisticalText, "", "x", "a.pyc"}));
  return 0;
}
