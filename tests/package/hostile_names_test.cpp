// Malformed archives: names, identity and kinds of entries.
#include "package/hostile_case.hpp"

namespace learndock::package {
namespace {

using enum ErrorCode;

std::string repeated(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += piece;
  return out;
}

std::vector<HostileCase> path_cases() {
  return {
      {"PathParent", zip_path_traversal, named("../evil.py")},
      {"PathNestedParent", zip_path_traversal, named("a/../../evil.py")},
      {"PathInnerParent", zip_path_traversal, named("a/../b.py")},
      {"PathBackslashParent", zip_path_traversal, named("a\\..\\b.py")},
      {"PathAbsolute", zip_path_absolute, named("/etc/passwd")},
      {"PathDrive", zip_path_absolute, named("C:\\evil.py")},
      {"PathDriveRelative", zip_path_absolute, named("c:evil.py")},
      {"PathUnc", zip_path_absolute, named("\\\\server\\share\\evil.py")},
      {"PathBackslash", zip_path_invalid, named("a\\b.py")},
      {"PathNul", zip_path_invalid, named(with_nul())},
      {"PathControl", zip_path_invalid, named("a\nb.py")},
      {"PathEscape", zip_path_invalid, named("a\x1b[2Jb.py")},
      {"PathC1Control", zip_path_invalid,
       named("a\xc2\x9b"
             "b.py")},
      {"PathTooLong", zip_path_length, named(std::string(513, 'a'))},
      {"PathTooDeep", zip_path_length, named("a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q.py")},
      {"PathTrailingDot", zip_path_invalid, named("a./b.py")},
      {"PathTrailingSpace", zip_path_invalid, named("b.py ")},
      {"PathDeviceName", zip_path_invalid, named("data/nul.txt")},
      {"PathDevicePort", zip_path_invalid, named("COM1")},
      {"PathInvalidUtf8", zip_path_invalid,
       named("a\xff"
             "b.py")},
      {"PathOverlongUtf8", zip_path_invalid, named("a\xc0\xafpasswd")},
      {"PathSurrogate", zip_path_invalid, named("a\xed\xa0\x80")},
      {"PathBidiControl", zip_path_invalid, named("a\xe2\x80\xaegpj.py")},
      {"PathMarkWithoutLetter", zip_path_invalid, named("\u0301.py")},
      {"PathMarkOnASlash", zip_path_invalid, named("a/\u0338b.py")},
      {"PathGraphemeJoiner", zip_path_invalid, named("a\u034fb.py")},
      {"PathHangulFiller", zip_path_invalid, named("a\u1160b.py")},
      {"PathManyMarks", zip_path_invalid, named("a" + repeated("\u0301", 32) + ".py")},
      {"PathManyMarksWhenNormalised", zip_path_invalid, named("a" + repeated("\u0344", 16))},
      {"PathThousandMarks", zip_path_invalid, named("a" + repeated("\u0301\u0323", 500))},
      {"PathLongerWhenNormalised", zip_path_length, named(repeated("\u0958", 100))},
      {"PathFarTooLong", zip_path_length, named(std::string(3000, 'a'))},
      {"PathEmptyPart", zip_path_invalid, named("a//b.py")},
      {"PathDotPart", zip_path_invalid, named("a/./b.py")},
      {"PathOnlyDot", zip_path_invalid, named(".")},
      {"PathDotThenParent", zip_path_traversal, named("./../evil.py")},
      {"PathDotThenAbsolute", zip_path_absolute, named(".//etc/passwd")},
      {"PathEmptyName", zip_path_invalid, named("")},
      {"PathAlternateStream", zip_path_invalid, named("model.py:hidden")},
      {"PathUnicodeExtraDiffers", zip_path_invalid, with_entry([](RawEntry& entry) {
         entry.central.extra = extra_field(0x7075, "\x01" + le32(crc_of("extra.bin")) + "other.bin");
       })},
      {"PathUnicodeExtraStale", zip_path_invalid, with_entry([](RawEntry& entry) {
         entry.local.extra = extra_field(0x7075, "\x01" + le32(1) + "extra.bin");
       })},
  };
}

/// The example with one more file, packed where '\\' separates folders.
auto from_windows(std::string name) {
  return with_zip([name](RawZip& zip) { zip.entries.push_back(windows_file(name, "x")); });
}

std::vector<HostileCase> windows_cases() {
  return {
      {"WindowsParent", zip_path_traversal, from_windows("..\\evil.py")},
      {"WindowsInnerParent", zip_path_traversal, from_windows("a\\..\\..\\evil.py")},
      {"WindowsMixedParent", zip_path_traversal, from_windows("a/..\\evil.py")},
      {"WindowsDotThenParent", zip_path_traversal, from_windows(".\\..\\evil.py")},
      {"WindowsRooted", zip_path_absolute, from_windows("\\evil.py")},
      {"WindowsUnc", zip_path_absolute, from_windows("\\\\server\\share\\evil.py")},
      {"WindowsDrive", zip_path_absolute, from_windows("C:\\evil.py")},
      {"WindowsEmptyPart", zip_path_invalid, from_windows("a\\\\b.py")},
      {"WindowsDevice", zip_path_invalid, from_windows("a\\nul\\b.py")},
      {"WindowsMarkOnASeparator", zip_path_invalid, from_windows("a\\\u0338b.py")},
      {"WindowsTooDeep", zip_path_length, from_windows("a\\b\\c\\d\\e\\f\\g\\h\\i\\j\\k\\l\\m\\n\\o\\p\\q")},
      {"WindowsBothSeparators", zip_duplicate, with_zip([](RawZip& zip) {
         zip.entries.push_back(windows_file("a\\b.py", "x"));
         zip.entries.push_back(windows_file("a/b.py", "y"));
       })},
      {"WindowsFolderAndFile", zip_duplicate, with_zip([](RawZip& zip) {
         zip.entries.push_back(windows_file("a", "x"));
         zip.entries.push_back(windows_file("a\\b.py", "y"));
       })},
      {"WindowsLocalHeaderDiffers", zip_mismatch, with_zip([](RawZip& zip) {
         zip.entries.push_back(windows_file("a\\b.py", "x"));
         zip.entries.back().local.name = "a/b.py";
       })},
  };
}

std::vector<HostileCase> identity_cases() {
  return {
      {"SameNameTwice", zip_duplicate, two_named("a.py", "a.py")},
      {"SameDirectoryTwice", zip_duplicate, two_named("a/", "a/")},
      {"CaseOnlyDiffers", zip_duplicate, two_named("Weights.bin", "weights.BIN")},
      {"CaseOnlyDiffersInFolder", zip_duplicate, two_named("Data/a", "data/b")},
      {"CaseOnlyDiffersBeyondAscii", zip_duplicate, two_named("\xc3\x84.py", "\xc3\xa4.py")},
      {"ComposedAndDecomposed", zip_duplicate, two_named("caf\u00e9.py", "cafe\u0301.py")},
      {"TwoOrdersOfMarks", zip_duplicate, two_named("a\u0323\u0301", "a\u0301\u0323")},
      {"ComposedAndDecomposedFolder", zip_duplicate, two_named("caf\u00e9/", "cafe\u0301/")},
      {"DecomposedInAnotherCase", zip_duplicate, two_named("caf\u00e9.py", "CAFE\u0301.py")},
      {"WithAndWithoutDot", zip_duplicate, two_named("a.py", "./a.py")},
      {"TopFolderTwice", zip_duplicate, two_named("./", "./")},
      {"FileAndDirectory", zip_duplicate, two_named("a", "a/")},
      {"FileAndImpliedDirectory", zip_duplicate, two_named("a/b", "a")},
      {"ManifestTwice", zip_duplicate, named("learnware.yaml")},
      {"ManifestInTwoCases", zip_duplicate, named("Learnware.yaml")},
      {"TwoRoots", package_roots,
       [] {
         RawZip zip;
         for (const auto& [name, content] : example_files())
           zip.entries.push_back(raw_file("a/" + name, content));
         zip.entries.push_back(raw_file("b/learnware.yaml", kManifestText));
         return zip.bytes();
       }},
      {"ReservedNameOtherCase", package_reserved_name,
       [] {
         auto files = example_files();
         files.erase("semantic_specification.json");
         files["Semantic_Specification.json"] = kSemanticText;
         return raw_zip_of(files).bytes();
       }},
      {"ReservedNameAsFolder", package_reserved_name,
       [] {
         auto files = example_files();
         files.erase("semantic_specification.json");
         files["semantic_specification.json/a"] = "x";
         return raw_zip_of(files).bytes();
       }},
      {"ReservedDockFolder", package_reserved_name, named(".learndock/verdict.json")},
  };
}

std::vector<HostileCase> kind_cases() {
  return {
      {"KindSymlink", zip_file_kind, with_kind(0120777)},
      {"KindSymlinkThenThrough", zip_file_kind, with_zip([](RawZip& zip) {
         zip.entries.push_back(raw_file("link", "/etc"));
         zip.entries.back().attributes = 0120777u << 16;
         zip.entries.push_back(raw_file("link2/passwd", "x"));
       })},
      {"KindCharacterDevice", zip_file_kind, with_kind(0020666)},
      {"KindBlockDevice", zip_file_kind, with_kind(0060666)},
      {"KindFifo", zip_file_kind, with_kind(0010644)},
      {"KindSocket", zip_file_kind, with_kind(0140755)},
      {"KindHardLink", zip_file_kind, with_entry([](RawEntry& entry) {
         entry.central.extra = extra_field(0x000d, std::string(12, '\0') + "target");
       })},
      {"KindAsiLink", zip_file_kind, with_entry([](RawEntry& entry) {
         entry.local.extra = extra_field(0x756e, std::string(14, '\0') + "/etc/passwd");
       })},
      {"KindDirectoryWithContent", zip_file_kind, with_zip([](RawZip& zip) {
         zip.entries.push_back(raw_file("folder/", "hidden"));
         zip.entries.back().attributes = (040755u << 16) | 0x10;
       })},
      {"KindDirectoryWithHiddenBytes", zip_file_kind, with_zip([](RawZip& zip) {
         zip.entries.push_back(raw_directory("folder/"));
         zip.entries.back().data = "hidden bytes";
         zip.entries.back().both(&RawHeader::packed, 12u).both(&RawHeader::method, std::uint16_t{8});
       })},
      {"KindFileSaysDirectory", zip_file_kind, with_kind(0040755)},
      {"KindDirectorySaysFile", zip_file_kind, with_zip([](RawZip& zip) {
         zip.entries.push_back(raw_directory("folder/"));
         zip.entries.back().attributes = 0100644u << 16;
       })},
  };
}

class HostileNames : public ::testing::TestWithParam<HostileCase> {};

TEST_P(HostileNames, GivesItsCodeAndLeavesNothing) { expect_refused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Corpus, HostileNames,
                         ::testing::ValuesIn(joined(path_cases(), windows_cases(), identity_cases(),
                                                    kind_cases())),
                         case_name);

}  // namespace
}  // namespace learndock::package
