#include "engine/part/segment_part.hpp"

#include "engine/prefilter/stored_prefilter.hpp"
#include "engine/space/part_sections.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

namespace learndock::engine {
namespace {

class SegmentPart final : public StoredPart {
 public:
  SegmentPart(std::shared_ptr<const store::Segment> segment, ReadSpace read)
      : segment_(std::move(segment)),
        key_(std::move(read.key)),
        fields_(read.fields),
        space_(std::move(read.space)) {}

  Result<void> open(const std::shared_ptr<const compute::Backend>& backend, unsigned threads) {
    LEARNDOCK_TRY(selves_, segment_->values<double>(kSelfSection));
    LEARNDOCK_TRY(const std::span<const LearnwareNumber> keys,
                  segment_->values<LearnwareNumber>(kKeySection));
    keys_.assign(keys.begin(),
                 keys.end());  // copied before the check, so that the kept numbers are the checked ones
    LEARNDOCK_TRY(id_starts_, segment_->values<std::uint64_t>(kIdStartSection));
    LEARNDOCK_TRY(ids_, segment_->values<char>(kIdSection));
    LEARNDOCK_TRY(record_starts_, segment_->values<std::uint64_t>(kRecordStartSection));
    LEARNDOCK_CHECK(check_lengths());
    segment_->advise(kRecordSection, store::Access::random);
    LEARNDOCK_TRY(prefilters_,
                  open_prefilters(*segment_, fields_, backend, threads, [&] { return embed_all(threads); }));
    return {};
  }

  std::size_t dimension() const override { return space_.dimension(); }
  const compute::Kernel& kernel() const override { return space_.kernel(); }
  const FeatureSpace* space() const override { return &space_; }
  const Prefilter& prefilter() const override { return *prefilters_.distances; }
  Result<const Prefilter*> alignment_prefilter() const override { return prefilters_.alignment->get(); }
  double alignment_norm() const override { return prefilters_.alignment->norm(); }
  double largest_residual() const override { return prefilters_.alignment->largest_residual(); }
  std::size_t count() const override { return fields_.items; }
  double self(PartItem item) const override { return selves_[item.index()]; }
  double largest_mass() const override { return fields_.largest_mass; }
  std::span<const LearnwareNumber> keys() const override { return keys_; }
  const specification::SpaceId& space_id() const override { return key_; }
  const std::shared_ptr<const store::Segment>& segment() const override { return segment_; }
  std::string_view id(PartItem item) const override {
    // Limited again: the starts become zeros if the file is lost meanwhile (see Segment::intact).
    const std::uint64_t start = id_starts_[item.index()], end = id_starts_[item.index() + 1];
    if (start > end || end > ids_.size()) return {};
    return {ids_.data() + start, end - start};
  }

  Result<compute::ReducedSetView> set(PartItem item, std::vector<double>& memory) const override {
    const std::uint64_t start = record_starts_[item.index()],
                        length = record_starts_[item.index() + 1] - start;
    LEARNDOCK_TRY(const std::span<const std::byte> record, segment_->bytes(kRecordSection, start, length));
    RecordHead head;
    if (record.size() < sizeof head)
      return damaged(fmt::format("learnware {} has no reduced set", item.value()));
    std::memcpy(&head, record.data(), sizeof head);
    const std::size_t d = space_.dimension(), values = head.count * d;
    if ((head.width != 4 && head.width != 8) || head.count > record.size() ||
        record_bytes(head, d) != record.size())
      return damaged(
          fmt::format("the reduced set of learnware {} has a length that does not fit", item.value()));
    // Records begin at multiples of eight bytes in a page-aligned section.
    const auto* const weights = reinterpret_cast<const double*>(record.data() + sizeof head);
    if (head.width == 8)
      return compute::ReducedSetView{weights + head.count, weights, head.count, d, space_.kernel()};
    const auto* const points = reinterpret_cast<const float*>(weights + head.count);
    memory.assign(points, points + values);
    return compute::ReducedSetView{memory.data(), weights, head.count, d, space_.kernel()};
  }

 private:
  Failure damaged(std::string what) const {
    return fail(ErrorCode::corrupt, std::move(what), segment_->path().string(),
                "rebuild the index: learndock reindex");
  }

  Result<std::vector<Embedding>> embed_all(unsigned threads) const {
    std::vector<Embedding> all;
    std::vector<double> memory;
    for (PartItem item; item.index() < count(); ++item) {
      LEARNDOCK_TRY(const compute::ReducedSetView one, set(item, memory));
      std::vector<Embedding> embedded = space_.embed({&one, 1}, threads);
      all.push_back(std::move(embedded[0]));
    }
    return all;
  }

  Result<void> check_lengths() const {
    const std::size_t n = count();
    bool sound = selves_.size() == n && keys_.size() == n && id_starts_.size() == n + 1 &&
                 record_starts_.size() == n + 1 && id_starts_[0] == 0 && record_starts_[0] == 0 &&
                 id_starts_[n] == ids_.size() && std::isfinite(fields_.largest_mass);
    for (std::size_t i = 0; i < n && sound; ++i)
      sound = id_starts_[i] <= id_starts_[i + 1] && record_starts_[i] <= record_starts_[i + 1] &&
              record_starts_[i] % kRecordAlignment == 0 && std::isfinite(selves_[i]) &&
              (i == 0 || keys_[i - 1] < keys_[i]);
    if (!sound) return damaged("the tables of a part do not fit its number of learnwares");
    return {};
  }

  std::shared_ptr<const store::Segment> segment_;
  specification::SpaceId key_;
  PartFields fields_;
  FeatureSpace space_;
  std::span<const double> selves_;
  std::span<const std::uint64_t> id_starts_, record_starts_;
  // In memory, because they say which learnware an item is, also after the file is lost (see
  // Segment::intact).
  std::vector<LearnwareNumber> keys_;
  std::span<const char> ids_;
  StoredPrefilters prefilters_;
};

}  // namespace

Result<std::shared_ptr<const StoredPart>> open_part(std::shared_ptr<const store::Segment> segment,
                                                    const std::shared_ptr<const compute::Backend>& backend,
                                                    unsigned threads) {
  std::vector<std::uint32_t> checked;
  for (const store::SectionInfo& section : segment->sections())
    if (section.id != kRecordSection) checked.push_back(section.id);
  LEARNDOCK_CHECK(segment->verify(checked, threads));
  LEARNDOCK_TRY(ReadSpace read, read_space(*segment));
  auto part = std::make_shared<SegmentPart>(std::move(segment), std::move(read));
  LEARNDOCK_CHECK(part->open(backend, threads));
  LEARNDOCK_CHECK(part->segment()->intact());
  return part;
}

Result<std::shared_ptr<const StoredPart>> open_part(const std::filesystem::path& path,
                                                    const std::shared_ptr<const compute::Backend>& backend,
                                                    unsigned threads) {
  LEARNDOCK_TRY(std::shared_ptr<const store::Segment> segment, store::Segment::open(path));
  return open_part(std::move(segment), backend, threads);
}

}  // namespace learndock::engine
