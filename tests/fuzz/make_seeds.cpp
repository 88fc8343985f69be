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
  write(folder / "spellings", RawZip{{raw_directory("./"), raw_file("./e\u0301", "x"),
                                      raw_file("\u1112\u1161\u11ab/\u0e33", "y"), windows_file("a\\b", "z")}}
                                  .bytes());
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

void write_specifications(const std::filesystem::path& folder) {
  write(
      folder / "spec_json_fuzz" / "table",
      R"({"z":[[0.5,2],[3,4e-07]],"beta":[0.25,0.75],"gamma":0.1,"num_points":9,"type":"RKMETableSpecification"})");
  write(folder / "spec_json_fuzz" / "scales",
        R"({"z":[[1]],"beta":[1],"gamma":0.1,"scales":3,"type":"RKMETableSpecification"})");
  write(
      folder / "spec_json_fuzz" / "semantic",
      R"({"Data":{"Values":["Table"],"Type":"Class"},"Name":{"Values":"n"},"Input":{"Dimension":2,"Description":{"0":"a"}}})");
  // One point (1, 2) of weight 1 as floats, byte by byte as src/specification/FORMAT.md says; the target sets
  // the checksum.
  using namespace std::string_literals;
  write(folder / "spec_binary_fuzz" / "table",
        "LDRK\x01\x00\x01\x04\x01\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00"s +
            "\x9a\x99\x99\x99\x99\x99\xb9\x3f"s + std::string(8, '\0') + std::string(4, '\0') +
            "\x00\x00\x80\x3f\x00\x00\x00\x40"s + "\x00\x00\x00\x00\x00\x00\xf0\x3f"s + std::string(4, '\0'));
  write(folder / "spec_binary_fuzz" / "scales",
        "LDRK\x02\x00\x01\x04\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00"s +
            "\x9a\x99\x99\x99\x99\x99\xb9\x3f"s + "\x03"s + std::string(8, '\0') + std::string(4, '\0') +
            "\x00\x00\x80\x3f"s + "\x00\x00\x00\x00\x00\x00\xf0\x3f"s + std::string(4, '\0'));
  write(folder / "table_fuzz" / "csv", "a,\"b \"\"c\"\"\",label\r\n1,NA,x\r\n-2.5e3,4,y\r\n");
  write(folder / "table_sniff_fuzz" / "semicolons", "\x10sep=;\n\"h\";b;;\r\n1,5;2010-01-02;;\r\n;3;;\r\n"s);
  write(folder / "table_sniff_fuzz" / "wide_characters", "\x01\xFF\xFE" +
                                                             "a\0\t\0b\0\n\0"
                                                             "1\0\t\0002\0\n\0"s);
  write(folder / "table_sniff_fuzz" / "comments", "\x03# made\n#a,b\n1,2.5\n\n3,\n"s);
  write(folder / "table_sniff_fuzz" / "json", "\0{\"a\": [1]}"s);
  write(folder / "table_fuzz" / "npy",
        "\x93NUMPY\x01\x00\x3e\x00"s + "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }  \n"s +
            "\x01\x02"s);
}

/// Checksums are left zero; the target sets them. Byte by byte as src/store/SEGMENT.md says.
void write_segments(const std::filesystem::path& folder) {
  const auto wide = [](std::uint64_t value) { return le64(value); };
  const auto head = [&](std::uint32_t kind, std::uint64_t items, std::uint64_t table,
                        std::uint32_t sections) {
    return "LDSEGMNT" + le32(1) + le32(kind) + wide(1) + wide(items) + wide(0) + wide(table) +
           le32(sections) + le32(1 << 20) + std::string(8, '\0');
  };
  const auto entry = [&](std::uint32_t id, std::uint32_t alignment, std::uint64_t offset,
                         std::uint64_t length) {
    return le32(id) + le32(alignment) + wide(offset) + wide(length);
  };
  const std::string checksum(4, '\0');
  write(folder / "empty", head(1, 0, 64, 0));
  write(folder / "sections", head(1, 2, 192, 3) + "0123456789" + std::string(54, '\0') + "abc" +
                                 std::string(61, '\0') + entry(1, 64, 64, 10) + entry(9, 64, 128, 0) +
                                 entry(2, 128, 128, 3) + checksum + checksum);
  write(
      folder / "manifest",
      "learndock-index 1 0 00000000\n"
      R"({"version":3,"next_number":7,"covers":12,"segments":[{"file":"segment-0000000000000005.lds","header_checksum":1,"items":10}],"deleted":null,"options":{"a":"b"}})"
      "\n");
}

/// The first byte picks the parser, the body reader; then the kind of framing and the size of a piece.
void write_bodies(const std::filesystem::path& folder) {
  const std::string chunked = std::string("\x08\x02\x03");
  write(folder / "chunks", chunked + "1;name=value\r\n{\r\n00a ;x=\"y z\"\r\n0123456789\r\n0\r\n\r\n");
  write(folder / "trailers", chunked + "2\r\n{}\r\n0\r\nTrailer: ignored\r\nX-B:\r\n\r\nGET / HTTP/1.1\r\n");
  write(folder / "length", std::string("\x08\x10\x05") + "0123456789abcdefGET / HTTP/1.1\r\n");
}

/// The first byte picks the parser of a whole message.
void write_messages(const std::filesystem::path& folder) {
  const std::string head = "\tPOST /v1/search HTTP/1.1\r\nHost: localhost\r\n";
  write(folder / "message", head + "Content-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n");
  write(folder / "message_in_chunks", head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
}

void write_frames(const std::filesystem::path& folder) {
  const auto frame = [](const std::string& header, const std::string& array) {
    return "LDF1" + le32(header.size()) + header + array;
  };
  write(folder / "facts", frame(R"({"kind":"facts","input_shape":[3],"output_shape":null})", ""));
  write(folder / "array",
        frame(R"({"kind":"array","array":{"type":"float32","shape":[2,1]}})", std::string(8, '\0')));
  write(folder / "error", frame(R"({"kind":"error","of":"load","message":"no"})", ""));
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
  write_specifications(folder);
  write_segments(folder / "segment_fuzz");
  write_bodies(folder / "http_fuzz");
  write_messages(folder / "http_fuzz");
  write_frames(folder / "frame_fuzz");
  write(folder / "package_fuzz" / "example",
        to_fuzz_input({kManifestText, kStatisticalText, kSemanticText, "numpy\n", "extra/file.bin"}));
  write(folder / "package_fuzz" / "encodings",
        to_fuzz_input({std::string("\xff\xfe{\0}\0", 6), kStatisticalText, "",
                       "# coding: latin-1\n-r a\\\n.txt\n./\xe9 # -i x\n", "e\u0301"}));
  write(folder / "package_fuzz" / "defaults", to_fuzz_input({"", kStatisticalText, "", "x", "a.pyc"}));
  return 0;
}
