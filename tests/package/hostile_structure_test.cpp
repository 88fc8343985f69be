// Malformed archives: end records, headers, contents.
#include "package/hostile_case.hpp"

namespace learndock::package {
namespace {

using enum ErrorCode;

std::vector<HostileCase> end_cases() {
  return {
      {"EndPrependedData", zip_structure, [] { return "#!/bin/sh\n" + example_zip().bytes(); }},
      {"EndPrependedDataWithShiftedOffsets", zip_structure, with_zip([](RawZip& zip) {
         zip.entries.front().before =
             "\x7f"
             "ELF and a program";
       })},
      {"EndTrailingData", zip_structure, with_zip([](RawZip& zip) { zip.after_end = "more"; })},
      {"EndTwice", zip_structure, with_zip([](RawZip& zip) {
         // A second end record that lies inside the first one's comment and also reaches the end of the file.
         zip.comment = RawZip{}.bytes();
       })},
      {"EndCommentHoldsSignature", zip_structure,
       with_zip([](RawZip& zip) { zip.comment = "PK\x01\x02 hidden"; })},
      {"EndCommentHoldsEndSignature", zip_structure,
       with_zip([](RawZip& zip) { zip.comment = "see PK\x05\x06 here"; })},
      {"EndCountTooSmall", zip_structure, with_zip([](RawZip& zip) { zip.count = 4; })},
      {"EndCountTooLarge", zip_structure, with_zip([](RawZip& zip) { zip.count = 6; })},
      {"EndDirectoryTooLong", zip_structure, with_zip([](RawZip& zip) { zip.directory_bytes = 5000; })},
      {"EndDirectoryTooShort", zip_structure, with_zip([](RawZip& zip) { zip.directory_bytes = 100; })},
      {"EndDirectoryElsewhere", zip_structure, with_zip([](RawZip& zip) { zip.directory_offset = 7; })},
      {"EndBytesBeforeIt", zip_structure, with_zip([](RawZip& zip) { zip.before_end = "gap"; })},
      {"EndZip64LocatorElsewhere", zip_structure, with_zip([](RawZip& zip) {
         zip.zip64 = true;
         zip.locator_offset = 0;
       })},
      {"EndZip64SentinelWithoutRecord", zip_structure,
       with_zip([](RawZip& zip) { zip.directory_offset = 0xffffffff; })},
      {"EndMultiDisk", zip_multi_disk, with_zip([](RawZip& zip) { zip.disk = 1; })},
      {"EndEntryOnOtherDisk", zip_multi_disk, with_entry([](RawEntry& entry) { entry.disk = 1; })},
      {"EndNoEntries", zip_empty, [] { return RawZip{}.bytes(); }},
      {"EndCutInside", zip_truncated,
       [] {
         std::string bytes = example_zip().bytes();
         bytes.resize(bytes.size() - 5);
         return bytes;
       }},
      {"EndCutBeforeDirectory", zip_truncated, [] { return example_zip().bytes().substr(0, 300); }},
      {"NotAZipEmpty", zip_not_a_zip, just("")},
      {"NotAZipText", zip_not_a_zip, just("hello, this is a learnware")},
      {"NotAZipGzip", zip_not_a_zip, just(std::string("\x1f\x8b\x08\x00 data", 9))},
      {"NotAZipTar", zip_not_a_zip, just(std::string(257, '\0') + "ustar" + std::string(250, '\0'))},
      {"NotAZip7z", zip_not_a_zip, just("7z\xbc\xaf\x27\x1c data")},
      {"NotAZipRar", zip_not_a_zip, just("Rar!\x1a\x07 data")},
  };
}

std::vector<HostileCase> structure_cases() {
  return {
      {"LocalNameDiffers", zip_mismatch, with_entry([](RawEntry& entry) { entry.local.name = "other.bin"; })},
      {"LocalMethodDiffers", zip_mismatch, with_entry([](RawEntry& entry) { entry.local.method = 0; })},
      {"LocalSizeDiffers", zip_mismatch, with_entry([](RawEntry& entry) { entry.local.size = 7; })},
      {"LocalPackedSizeDiffers", zip_mismatch, with_entry([](RawEntry& entry) { entry.local.packed = 7; })},
      {"LocalCrcDiffers", zip_mismatch, with_entry([](RawEntry& entry) { entry.local.crc = 7; })},
      {"LocalFlagsDiffer", zip_mismatch, with_entry([](RawEntry& entry) { entry.local.flags = 0; })},
      {"LocalSizesZeroWithoutDescriptor", zip_mismatch,
       with_entry([](RawEntry& entry) { entry.local.size = entry.local.packed = entry.local.crc = 0; })},
      {"LocalNotInDirectory", zip_structure,
       with_zip([](RawZip& zip) { zip.entries[2].in_directory = false; })},
      {"LastLocalNotInDirectory", zip_structure,
       with_zip([](RawZip& zip) { zip.entries.back().in_directory = false; })},
      {"DirectoryWithoutLocal", zip_overlap, with_zip([](RawZip& zip) { zip.entries[2].in_file = false; })},
      {"OffsetIntoData", zip_overlap, with_entry([](RawEntry& entry) { entry.offset = 3; })},
      {"OffsetBeyondFile", zip_structure, with_entry([](RawEntry& entry) { entry.offset = 1u << 30; })},
      {"TwoEntriesOneData", zip_overlap, with_zip([](RawZip& zip) {
         RawEntry twin = zip.entries.front();
         twin.central.name = "twin.py";
         twin.in_file = false;
         twin.offset = 0;
         zip.entries.push_back(twin);
       })},
      {"EntryReachesIntoNext", zip_overlap, with_zip([](RawZip& zip) {
         RawEntry& entry = zip.entries.front();
         entry.both(&RawHeader::packed, entry.central.packed + 40);
       })},
      {"EntryReachesIntoDirectory", zip_overlap,
       with_entry([](RawEntry& entry) { entry.both(&RawHeader::packed, entry.central.packed + 1); })},
      {"GapBetweenEntries", zip_structure, with_zip([](RawZip& zip) { zip.entries[1].before = "gap"; })},
      {"GapBeforeDirectory", zip_structure, with_zip([](RawZip& zip) { zip.before_directory = "gap"; })},
      {"Zip64FieldTooShort", zip_structure, with_entry([](RawEntry& entry) {
         entry.central.size = 0xffffffff;
         entry.central.extra = extra_field(1, le32(1000));
       })},
      {"Zip64FieldTooLong", zip_structure, with_entry([](RawEntry& entry) {
         entry.central.size = 0xffffffff;
         entry.central.extra = extra_field(1, le64(1000) + le64(0));
       })},
      {"Zip64FieldTwice", zip_structure, with_entry([](RawEntry& entry) {
         entry.central.size = 0xffffffff;
         entry.central.extra = extra_field(1, le64(1000)) + extra_field(1, le64(1000));
       })},
      {"Zip64FieldMissing", zip_structure,
       with_entry([](RawEntry& entry) { entry.central.size = 0xffffffff; })},
      {"Zip64FieldNotAskedFor", zip_structure,
       with_entry([](RawEntry& entry) { entry.local.extra = extra_field(1, le64(1000) + le64(7)); })},
      {"ExtraFieldOverruns", zip_structure,
       with_entry([](RawEntry& entry) { entry.central.extra = le16(0x5455) + le16(40) + "short"; })},
      {"ExtraFieldStray", zip_structure, with_entry([](RawEntry& entry) { entry.local.extra = "abc"; })},
      {"DescriptorDisagrees", zip_mismatch, with_zip([](RawZip& zip) {
         zip.entries.push_back(raw_streamed("s.bin", "streamed"));
         zip.entries.back().descriptor[5] ^= 1;
       })},
      {"DescriptorMissing", zip_structure, with_zip([](RawZip& zip) {
         zip.entries.push_back(raw_streamed("s.bin", "streamed"));
         zip.entries.back().descriptor.clear();
       })},
      {"DescriptorOddLength", zip_structure, with_zip([](RawZip& zip) {
         zip.entries.push_back(raw_streamed("s.bin", "streamed"));
         zip.entries.back().descriptor += "!";
       })},
      {"EntryCommentHoldsSignature", zip_structure,
       with_entry([](RawEntry& entry) { entry.comment = "PK\x03\x04"; })},
      {"UnknownRecord", zip_structure,
       [] {
         std::string bytes = example_zip().bytes();
         bytes[bytes.find("PK\x01\x02") + 2] = 9;
         return bytes;
       }},
      {"ReservedFlag", zip_structure,
       with_entry([](RawEntry& entry) { entry.both(&RawHeader::flags, std::uint16_t{0x0820}); })},
  };
}

std::vector<HostileCase> compression_cases() {
  return {
      {"CrcWrong", zip_crc, with_entry([](RawEntry& entry) { entry.both(&RawHeader::crc, 7u); })},
      {"CrcWrongInIgnoredFile", zip_crc, with_zip([](RawZip& zip) {
         zip.entries.push_back(raw_file("__MACOSX/._a", "x"));
         zip.entries.back().both(&RawHeader::crc, 7u);
       })},
      {"DeflateDamaged", zip_crc, with_entry([](RawEntry& entry) { entry.data[0] = '\xff'; })},
      {"SizeTooSmall", zip_size, with_entry([](RawEntry& entry) { entry.both(&RawHeader::size, 999u); })},
      {"SizeTooLarge", zip_size, with_entry([](RawEntry& entry) { entry.both(&RawHeader::size, 1001u); })},
      {"BytesBehindDeflateData", zip_size, with_entry([](RawEntry& entry) {
         entry.data += "hidden";
         entry.both(&RawHeader::packed, entry.central.packed + 6);
       })},
      {"DeflateDataCut", zip_size, with_entry([](RawEntry& entry) {
         entry.data.pop_back();
         entry.both(&RawHeader::packed, entry.central.packed - 1);
       })},
      {"StoredSizesDiffer", zip_size, with_zip([](RawZip& zip) {
         zip.entries.push_back(raw_file("s.bin", "stored"));
         zip.entries.back().both(&RawHeader::size, 600u);
       })},
      {"DeflateBomb", zip_bomb, with_zip([](RawZip& zip) {
         zip.entries.push_back(raw_file("zeros.bin", std::string(std::size_t{70} << 20, '\0'), true));
       })},
      {"DeflateBombInParts", zip_bomb, with_zip([](RawZip& zip) {
         const RawEntry part = raw_file("", std::string(std::size_t{10} << 20, '\0'), true);
         for (int i = 0; i < 7; ++i) {
           zip.entries.push_back(part);
           zip.entries.back().both(&RawHeader::name, "zeros" + std::to_string(i));
         }
       })},
      {"DeclaredBomb", zip_bomb,
       with_entry([](RawEntry& entry) { entry.both(&RawHeader::size, 0xfffffffeu); })},
      {"OverlappedBomb", zip_overlap, with_zip([](RawZip& zip) {
         for (int i = 0; i < 100; ++i) {
           RawEntry twin = raw_file("twin" + std::to_string(i), std::string(5000, 'a'), true);
           twin.in_file = i == 0;
           twin.offset = static_cast<std::uint32_t>(example_zip().bytes().find("PK\x01\x02"));
           zip.entries.push_back(twin);
         }
       })},
      {"TooManyEntries", zip_limit, with_zip([](RawZip& zip) {
         for (int i = 0; i < 10'000; ++i) zip.entries.push_back(raw_file("f" + std::to_string(i), ""));
       })},
      {"MethodBzip2", zip_method,
       with_entry([](RawEntry& entry) { entry.both(&RawHeader::method, std::uint16_t{12}); })},
      {"MethodLzma", zip_method,
       with_entry([](RawEntry& entry) { entry.both(&RawHeader::method, std::uint16_t{14}); })},
      {"MethodZstd", zip_method,
       with_entry([](RawEntry& entry) { entry.both(&RawHeader::method, std::uint16_t{93}); })},
      {"MethodXz", zip_method,
       with_entry([](RawEntry& entry) { entry.both(&RawHeader::method, std::uint16_t{95}); })},
      {"MethodImplode", zip_method,
       with_entry([](RawEntry& entry) { entry.both(&RawHeader::method, std::uint16_t{6}); })},
      {"EncryptedZipCrypto", zip_encrypted,
       with_entry([](RawEntry& entry) { entry.both(&RawHeader::flags, std::uint16_t{0x0801}); })},
      {"EncryptedAes", zip_encrypted, with_entry([](RawEntry& entry) {
         entry.both(&RawHeader::extra, extra_field(0x9901, "\x02" + std::string(6, '\0')));
       })},
      {"EncryptedDirectory", zip_encrypted,
       with_entry([](RawEntry& entry) { entry.both(&RawHeader::flags, std::uint16_t{0x2800}); })},
  };
}

class HostileStructure : public ::testing::TestWithParam<HostileCase> {};

TEST_P(HostileStructure, GivesItsCodeAndLeavesNothing) { expect_refused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Corpus, HostileStructure,
                         ::testing::ValuesIn(joined(end_cases(), structure_cases(), compression_cases())),
                         case_name);

}  // namespace
}  // namespace learndock::package
