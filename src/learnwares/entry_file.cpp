#include "learnwares/entry_file.hpp"

#include "learndock/base/json.hpp"

#include "io/crc32c.hpp"
#include "learnwares/ascending.hpp"
#include "store/segment_writer.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

namespace learndock::learnwares {
namespace {

constexpr std::uint32_t kEntryKind = 0x52544E45;  // the bytes "ENTR"
/// The version of the contents. It also grows when letters are folded or values are read in another way.
constexpr std::uint64_t kEntryFormat = 2;

/// Section ids. Stored: do not renumber.
enum EntrySection : std::uint32_t { kSource = 1, kTraits = 2, kSequences = 3, kStarts = 4, kRows = 5 };

/// The format with the meaning of the value bits: a changed vocabulary is another format.
std::uint64_t entry_format() {
  std::string values;
  for (const specification::SemanticVocabulary& vocabulary : specification::semantic_vocabularies())
    for (const std::string_view value : vocabulary.values) (values += value) += '\n';
  return kEntryFormat | std::uint64_t{io::crc32c(std::as_bytes(std::span(values)))} << 32;
}

struct SourceFields {
  std::uint64_t format = 0;
  std::uint64_t catalog_version = 0;
  std::int64_t last_created_unix_ms = 0;
};
static_assert(sizeof(SourceFields) == 24);

Json to_json(const Traits& traits) {
  Json json = Json::object();
  if (!traits.family) return json;
  json["type"] = traits.family->kind->number;
  json["shape"] = traits.family->shape;
  json["scales"] = traits.family->scales;
  json["languages"] = traits.languages;
  return json;
}

/// Throws the library's exception for damaged data. @return nothing when the kind is unknown
std::optional<Traits> traits_from(const Json& json) {
  Traits traits;
  if (!json.contains("type")) return traits;
  const auto kind = specification::kind_of_number(json.at("type").get<std::uint64_t>());
  if (!kind) return std::nullopt;
  traits.family = specification::SpaceFamily{*kind, json.at("shape").get<std::vector<std::size_t>>(),
                                             json.at("scales").get<std::uint32_t>()};
  traits.languages = json.at("languages").get<std::vector<std::string>>();
  return traits;
}

/// Numbers different traits, without regard to the kernel in use.
class TraitsTable {
 public:
  std::uint32_t number_of(const Traits& traits) {
    if (&traits == last_) return last_number_;
    Traits stored = traits;
    stored.kernel.reset();
    const auto [place, fresh] = numbers_.try_emplace(std::move(stored), numbers_.size());
    if (fresh) list_.push_back(to_json(traits));
    last_ = &traits;
    return last_number_ = static_cast<std::uint32_t>(place->second);
  }
  [[nodiscard]] std::string text() const { return to_text(list_); }

 private:
  std::map<Traits, std::size_t> numbers_;
  Json list_ = Json::array();
  const Traits* last_ = nullptr;  // neighbours mostly share theirs
  std::uint32_t last_number_ = 0;
};

EntryHead head_of(const char* row) {
  EntryHead head;
  std::memcpy(&head, row, sizeof head);
  return head;
}

/// Appends an entry's row as the file stores it.
void append_row(const Entry& entry, std::uint32_t traits, std::string& rows) {
  EntryHead head = head_of(entry.row());
  head.traits = traits;
  rows.append(reinterpret_cast<const char*>(&head), sizeof head);
  rows.append(entry.row() + sizeof head, head.bytes() - sizeof head);
}

constexpr std::size_t kWrittenTogether = std::size_t{1} << 20;

/// The objects that entries of a file point at.
struct MappedEntries {
  std::shared_ptr<const EntryFile> file;
  std::vector<Traits> traits;
  std::deque<Entry> entries;
};

Failure damaged(const store::Segment& segment, std::string what) {
  return fail(ErrorCode::corrupt, std::move(what), segment.path().string(),
              "remove the file: it is made again from the catalogue");
}

}  // namespace

Result<void> EntryFile::write(const std::filesystem::path& path, const EntrySource& source,
                              std::span<const std::shared_ptr<const Entry>> entries) {
  LEARNDOCK_TRY(store::SegmentWriter writer,
                store::SegmentWriter::create(path, {kEntryKind, source.catalog_version}));
  const SourceFields fields{entry_format(), source.catalog_version, source.last_created_unix_ms};
  LEARNDOCK_CHECK(writer.add_section(kSource, std::span<const SourceFields>(&fields, 1)));
  std::vector<LearnwareNumber> sequences;
  std::vector<std::uint64_t> starts{0};
  TraitsTable traits;
  LEARNDOCK_CHECK(writer.begin_section(kRows, store::kLargeSectionAlignment));
  std::string rows;
  for (const auto& entry : entries) {
    sequences.push_back(entry->sequence());
    const std::size_t before = rows.size();
    append_row(*entry, traits.number_of(entry->traits()), rows);
    starts.push_back(starts.back() + rows.size() - before);
    if (rows.size() < kWrittenTogether && entry != entries.back()) continue;
    LEARNDOCK_CHECK(writer.append(std::as_bytes(std::span(rows))));
    rows.clear();
  }
  writer.end_section();
  const std::string text = traits.text();
  LEARNDOCK_CHECK(writer.add_section(kTraits, std::span(text)));
  LEARNDOCK_CHECK(writer.add_section(kSequences, std::span<const LearnwareNumber>(sequences)));
  LEARNDOCK_CHECK(writer.add_section(kStarts, std::span<const std::uint64_t>(starts)));
  return writer.finish(entries.size()).map([](const auto&) {});
}

Result<std::shared_ptr<const EntryFile>> EntryFile::open(const std::filesystem::path& path,
                                                         unsigned threads) {
  LEARNDOCK_TRY(std::shared_ptr<const store::Segment> segment,
                store::Segment::open(path, {.everything = true, .threads = threads}));
  std::shared_ptr<EntryFile> file(new EntryFile(std::move(segment)));
  LEARNDOCK_CHECK(file->read());
  LEARNDOCK_CHECK(file->intact());
  return file;
}

Result<void> EntryFile::read() {
  if (segment_->info().kind != kEntryKind) return damaged(*segment_, "this is not a learnware cache");
  LEARNDOCK_TRY(const std::span<const SourceFields> fields, segment_->values<SourceFields>(kSource));
  if (fields.size() != 1) return damaged(*segment_, "the learnware cache does not say what it was made from");
  if (fields[0].format != entry_format())
    return fail(ErrorCode::unsupported, "the learnware cache is another version's",
                segment_->path().string());
  source_ = {fields[0].catalog_version, fields[0].last_created_unix_ms};
  LEARNDOCK_TRY(const std::span<const char> text, segment_->values<char>(kTraits));
  JsonLimits limits;
  limits.max_bytes = text.size();
  limits.max_memory = SIZE_MAX;  // the section was written by this program and is whole
  LEARNDOCK_TRY(const Json list, parse_json({text.data(), text.size()}, limits));
  try {
    for (const Json& one : list) {
      auto traits = traits_from(one);
      if (!traits) return damaged(*segment_, "a kind of specification is unknown");
      traits_.push_back(std::move(*traits));
    }
  } catch (const Json::exception& error) {
    return damaged(*segment_, std::string("traits cannot be read: ") + error.what());
  }
  LEARNDOCK_TRY(sequences_, segment_->values<LearnwareNumber>(kSequences));
  LEARNDOCK_TRY(starts_, segment_->values<std::uint64_t>(kStarts));
  LEARNDOCK_TRY(rows_, segment_->values<char>(kRows));
  return check_rows();
}

Result<void> EntryFile::check_rows() const {
  const std::size_t n = segment_->info().items;
  bool sound = n > 0 && sequences_.size() == n && starts_.size() == n + 1 && starts_[0] == 0 &&
               starts_[n] == rows_.size();
  for (std::size_t i = 0; i < n && sound; ++i) {
    const std::uint64_t start = starts_[i], end = starts_[i + 1];
    sound = start <= end && end <= rows_.size() && end - start >= sizeof(EntryHead) &&
            (i == 0 || sequences_[i - 1] < sequences_[i]);
    if (!sound) break;
    const EntryHead head = head_of(rows_.data() + start);
    sound = head.bytes() == end - start && head.traits < traits_.size() &&
            (head.points > 0) == traits_[head.traits].family.has_value();
  }
  if (!sound) return damaged(*segment_, "the tables of the learnware cache do not fit each other");
  return {};
}

std::string_view EntryFile::last_id() const {
  const std::uint64_t start = starts_[starts_.size() - 2], end = starts_.back();
  const std::uint32_t id = head_of(rows_.data() + start).id;
  if (id > end) return {};  // zeros, for the file is lost meanwhile
  return {rows_.data() + end - id, id};
}

void EntryFile::release_pages() const {
  for (const std::uint32_t section : {kRows, kStarts, kSequences})
    static_cast<void>(segment_->advise(section, store::Access::unneeded));
}

std::vector<std::shared_ptr<const Entry>> EntryFile::entries(const std::shared_ptr<const EntryFile>& file,
                                                             const std::vector<LearnwareNumber>* live,
                                                             const specification::SpaceKernels& kernels) {
  auto mapped = std::make_shared<MappedEntries>();
  mapped->file = file;
  mapped->traits = file->traits_;
  for (Traits& traits : mapped->traits)
    if (traits.family) traits.kernel = kernels.kernel_of(*traits.family);
  std::vector<std::shared_ptr<const Entry>> all;
  all.reserve(live == nullptr ? file->sequences_.size() : live->size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < file->sequences_.size(); ++i) {
    const LearnwareNumber sequence = file->sequences_[i];
    if (live != nullptr) {
      at = first_not_below(*live, at, sequence);
      if (at == live->size()) break;
      if ((*live)[at] != sequence) continue;
    }
    const char* const row = file->rows_.data() + file->starts_[i];
    const Entry& entry = mapped->entries.emplace_back(sequence, row, mapped->traits[head_of(row).traits]);
    all.emplace_back(mapped, &entry);
  }
  return all;
}

}  // namespace learndock::learnwares
