#include "engine/part/part_writer.hpp"

#include "engine/prefilter/cells.hpp"
#include "engine/prefilter/code_scan.hpp"
#include "engine/space/part_sections.hpp"
#include "store/segment_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace learndock::engine {
namespace {

template <class T>
void put(std::vector<std::byte>& bytes, const T* values, std::size_t count) {
  const auto* first = reinterpret_cast<const std::byte*>(values);
  bytes.insert(bytes.end(), first, first + count * sizeof(T));
}

/// Appends one reduced set as section 12 stores it.
void put_record(std::vector<std::byte>& bytes, const compute::ReducedSetView& set) {
  const std::size_t values = set.count * set.dimension;
  const bool single = std::all_of(set.points, set.points + values, [](double value) {
    return static_cast<double>(static_cast<float>(value)) == value;
  });
  const RecordHead head{static_cast<std::uint32_t>(set.count), single ? 4U : 8U};
  const std::size_t end = bytes.size() + record_bytes(head, set.dimension);
  put(bytes, &head, 1);
  put(bytes, set.weights, set.count);
  if (single) {
    const std::vector<float> points(set.points, set.points + values);
    put(bytes, points.data(), values);
  } else {
    put(bytes, set.points, values);
  }
  bytes.resize(end);
}

bool needs_rows(const PartWriterOptions& options) {
  return !options.prefilter ||
         (*options.prefilter != PrefilterKind::code_scan && *options.prefilter != PrefilterKind::exact_scan);
}

Result<void> write_codes(store::SegmentWriter& writer, const compute::ScanCodesView& codes) {
  const std::span bytes(codes.codes, codes.blocks() * codes.block_bytes());
  const std::span factors(codes.factors, codes.blocks() * compute::kFactors * compute::kBlockItems);
  LEARNDOCK_CHECK(writer.add_section(kCodeSection, bytes, store::kLargeSectionAlignment));
  return writer.add_section(kFactorSection, factors, store::kLargeSectionAlignment);
}

Result<void> write_cells(store::SegmentWriter& writer, const Cells& cells) {
  LEARNDOCK_CHECK(writer.add_section(kCellCentreSection, std::span<const float>(cells.centres)));
  LEARNDOCK_CHECK(writer.add_section(kCellSection, std::span<const CellFields>(cells.cells)));
  return writer.add_section(kCellOrderSection, std::span<const PartItem>(cells.order));
}

Result<void> write_rows(store::SegmentWriter& writer, const EmbeddedRows& rows) {
  LEARNDOCK_CHECK(writer.begin_section(kRowSection, store::kLargeSectionAlignment));
  for (std::size_t i = 0; i < rows.size(); ++i) LEARNDOCK_CHECK(writer.append(std::as_bytes(rows.row(i))));
  writer.end_section();
  LEARNDOCK_CHECK(writer.add_section(kRowErrorSection, std::span(rows.errors())));
  return writer.add_section(kRowExcessSection, std::span(rows.excesses()));
}

}  // namespace

struct PartWriter::State {
  store::SegmentWriter writer;
  specification::SpaceId key;
  std::shared_ptr<const FeatureSpace> space;
  PartWriterOptions options;
  compute::ScanCodes codes;
  EmbeddedRows rows;                    // filled if the prefilter may need them
  std::vector<Embedding> uncoded = {};  // fewer than a block, between batches
  std::vector<double> selves = {};
  std::vector<LearnwareNumber> keys = {};
  std::vector<std::uint64_t> id_starts = {0}, record_starts = {0};
  std::string ids = {};
  double largest_mass = 0;

  /// A device that has no room or is lost is done without: every backend's coordinates are certified alike.
  [[nodiscard]] Result<std::vector<Embedding>> embed(std::span<const compute::ReducedSetView> sets) const {
    if (options.backend == nullptr) return space->embed(sets, options.threads);
    auto embedded = space->embed(sets, *options.backend, options.threads);
    if (embedded || !compute::is_device_failure(*options.backend, embedded.error())) return embedded;
    options.device_warning->say(embedded.error());
    return space->embed(sets, options.threads);
  }

  /// Codes whole blocks, and at the end the rest too.
  Result<void> code(bool all) {
    const std::size_t count =
        all ? uncoded.size() : uncoded.size() / compute::kBlockItems * compute::kBlockItems;
    if (count == 0) return {};
    LEARNDOCK_TRY(const compute::ScanCodes more,
                  encode(options.codes, std::span(uncoded).first(count), options.threads));
    codes.append(more);
    uncoded.erase(uncoded.begin(), uncoded.begin() + static_cast<std::ptrdiff_t>(count));
    return {};
  }

  Result<void> write_prefilter(PrefilterKind kind) {
    if (kind == PrefilterKind::cells) {
      LEARNDOCK_TRY(const Cells cells, make_cells(rows, options.items_per_cell, options.threads));
      LEARNDOCK_CHECK(write_codes(writer, in_cell_order(codes.view(), cells.view()).view()));
      return write_cells(writer, cells);
    }
    LEARNDOCK_CHECK(write_codes(writer, codes.view()));
    return kind == PrefilterKind::faiss_flat || kind == PrefilterKind::hnsw ? write_rows(writer, rows)
                                                                            : Result<void>();
  }
};

PartWriter::PartWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
PartWriter::~PartWriter() = default;
PartWriter::PartWriter(PartWriter&&) noexcept = default;

Result<PartWriter> PartWriter::create(const std::filesystem::path& path, specification::SpaceId key,
                                      std::shared_ptr<const FeatureSpace> space,
                                      const PartWriterOptions& options) {
  LEARNDOCK_TRY(store::SegmentWriter writer,
                store::SegmentWriter::create(path, {kPartKind, options.generation}));
  LEARNDOCK_CHECK(writer.begin_section(kRecordSection, store::kLargeSectionAlignment));
  const std::size_t coordinates = space->coordinates();
  auto state = std::unique_ptr<State>(new State{std::move(writer), std::move(key), std::move(space), options,
                                                compute::ScanCodes(options.codes, coordinates),
                                                EmbeddedRows(coordinates)});
  if (!state->options.device_warning)
    state->options.device_warning =
        std::make_shared<compute::DeviceWarning>("a part of the index is embedded");
  return PartWriter(std::move(state));
}

Result<void> PartWriter::add(std::span<const ItemContent> items, std::span<const LearnwareNumber> keys) {
  State& state = *state_;
  std::vector<compute::ReducedSetView> sets;
  std::vector<std::byte> records;
  std::vector<std::size_t> ends;
  for (const ItemContent& item : items) {
    if (item.set.dimension != state.space->dimension())
      return fail(ErrorCode::invalid_argument,
                  fmt::format("learnware {} has dimension {}, its space {}", item.id, item.set.dimension,
                              state.space->dimension()));
    if (!codable(mass_of(item.set)))
      return fail(ErrorCode::invalid_argument,
                  fmt::format("learnware {} has weights of {:.3g} in all, beyond what codes can hold",
                              item.id, mass_of(item.set)));
    sets.push_back(item.set);
    put_record(records, item.set);
    ends.push_back(records.size());
    state.ids += item.id;
    state.id_starts.push_back(state.ids.size());
  }
  const std::uint64_t base = state.record_starts.back();
  for (const std::size_t end : ends) state.record_starts.push_back(base + end);
  LEARNDOCK_CHECK(state.writer.append(records));
  state.keys.insert(state.keys.end(), keys.begin(), keys.end());
  LEARNDOCK_TRY(std::vector<Embedding> embedded, state.embed(sets));
  for (Embedding& one : embedded) {
    state.selves.push_back(one.self);
    state.largest_mass = std::max(state.largest_mass, one.mass);
    if (needs_rows(state.options)) state.rows.add(one);
    state.uncoded.push_back(std::move(one));
  }
  return state.code(false);
}

Result<store::SegmentInfo> PartWriter::finish() {
  State& state = *state_;
  LEARNDOCK_CHECK(state.code(true));
  state.writer.end_section();
  const PrefilterKind kind = state.options.prefilter.value_or(chosen_prefilter(state.keys.size()));
  PartFields fields;
  fields.code_type = static_cast<std::uint64_t>(state.options.codes);
  fields.items = state.keys.size();
  fields.largest_mass = state.largest_mass;
  fields.prefilter = static_cast<std::uint64_t>(kind);
  LEARNDOCK_CHECK(write_space(state.writer, *state.space, fields));
  LEARNDOCK_CHECK(write_space_id(state.writer, state.key));
  LEARNDOCK_CHECK(state.write_prefilter(kind));
  LEARNDOCK_CHECK(state.writer.add_section(kSelfSection, std::span<const double>(state.selves)));
  LEARNDOCK_CHECK(state.writer.add_section(kKeySection, std::span<const LearnwareNumber>(state.keys)));
  LEARNDOCK_CHECK(state.writer.add_section(kIdStartSection, std::span<const std::uint64_t>(state.id_starts)));
  LEARNDOCK_CHECK(state.writer.add_section(kIdSection, std::span<const char>(state.ids)));
  LEARNDOCK_CHECK(
      state.writer.add_section(kRecordStartSection, std::span<const std::uint64_t>(state.record_starts)));
  return state.writer.finish(state.keys.size());
}

}  // namespace learndock::engine
