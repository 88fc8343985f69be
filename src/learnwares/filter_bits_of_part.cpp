#include "learnwares/filter_bits_of_part.hpp"

#include "learnwares/ascending.hpp"

#include <bit>
#include <utility>

namespace learndock::learnwares {
namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};

std::uint64_t lowest(unsigned count) { return count == 64 ? kAll : (std::uint64_t{1} << count) - 1; }

/// A run of consecutive bits of a mask, and its place when the mask's gaps are closed.
struct ClosedRun {
  unsigned first, length, closed;
};

/// The runs of a mask, from the lowest. Most masks are one run, or few.
template <class Use>
void each_run(std::uint64_t mask, Use use) {
  for (unsigned closed = 0; mask != 0;) {
    const auto first = static_cast<unsigned>(std::countr_zero(mask));
    const auto length = static_cast<unsigned>(std::countr_one(mask >> first));
    use(ClosedRun{first, length, closed});
    closed += length;
    mask &= ~(lowest(length) << first);
  }
}

/// The bits of `word` where the mask has them, moved together.
std::uint64_t close_gaps(std::uint64_t word, std::uint64_t mask) {
  if (mask == kAll || (word & mask) == 0) return word & mask;
  std::uint64_t closed = 0;
  each_run(mask,
           [&](const ClosedRun& run) { closed |= (word >> run.first & lowest(run.length)) << run.closed; });
  return closed;
}

/// The reverse of close_gaps: the lowest bits of `word`, moved to where the mask has bits.
std::uint64_t open_gaps(std::uint64_t word, std::uint64_t mask) {
  if (mask == kAll || word == 0) return word;
  std::uint64_t opened = 0;
  each_run(mask,
           [&](const ClosedRun& run) { opened |= (word >> run.closed & lowest(run.length)) << run.first; });
  return opened;
}

/// A sequence of bits to which a few are appended at a time.
class BitQueue {
 public:
  explicit BitQueue(std::size_t bits) : words_(bits / 64 + 2, 0) {}

  /// @param bits  those above `count` are 0
  void append(std::uint64_t bits, unsigned count) {
    const unsigned offset = end_ % 64;
    words_[end_ / 64] |= bits << offset;
    if (offset != 0) words_[end_ / 64 + 1] |= bits >> (64 - offset);
    end_ += count;
  }
  /// The 64 bits from `first` on; 0 after the last.
  [[nodiscard]] std::uint64_t from(std::size_t first) const {
    const unsigned offset = first % 64;
    const std::uint64_t low = words_[first / 64] >> offset;
    return offset == 0 ? low : low | words_[first / 64 + 1] << (64 - offset);
  }
  [[nodiscard]] std::vector<std::uint64_t> words(std::size_t count) && {
    words_.resize(count);
    return std::move(words_);
  }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t end_ = 0;
};

/// The positions of the keys among the sequences; `known` gets the bits of those that are there.
std::vector<SnapshotPosition> positions_of(std::span<const LearnwareNumber> keys,
                                           std::span<const LearnwareNumber> sequences,
                                           std::span<std::uint64_t> known) {
  std::vector<SnapshotPosition> positions;
  positions.reserve(keys.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    at = first_not_below(sequences, at, keys[i]);
    if (at == sequences.size()) break;
    if (sequences[at] != keys[i]) continue;
    positions.push_back(SnapshotPosition::at(at));
    known[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  return positions;
}

}  // namespace

FilterBitsOfPart::FilterBitsOfPart(std::span<const LearnwareNumber> keys,
                                   std::span<const LearnwareNumber> sequences, const SemanticIndex& index)
    : count_(keys.size()), known_((keys.size() + 63) / 64, 0) {
  const std::vector<FilterBit> items = index.items_at(positions_of(keys, sequences, known_));
  if (items.size() == keys.size()) known_ = std::vector<std::uint64_t>();
  for (const FilterBit item : items) {
    const std::uint32_t word = item.value() / 64;
    if (words_at_.empty() || words_at_.back() != word) {
      words_at_.push_back(word);
      bits_.push_back(0);
    }
    bits_.back() |= std::uint64_t{1} << (item.value() % 64);
  }
  words_at_.shrink_to_fit();
  bits_.shrink_to_fit();
}

std::vector<std::uint64_t> FilterBitsOfPart::bits_for_part(std::span<const std::uint64_t> selected) const {
  BitQueue found(count_);
  for (std::size_t i = 0; i < words_at_.size(); ++i)
    found.append(close_gaps(selected[words_at_[i]], bits_[i]),
                 static_cast<unsigned>(std::popcount(bits_[i])));
  const std::size_t words = (count_ + 63) / 64;
  if (known_.empty()) return std::move(found).words(words);
  std::vector<std::uint64_t> bits(words);
  std::size_t before = 0;
  for (std::size_t w = 0; w < words; before += static_cast<std::size_t>(std::popcount(known_[w])), ++w)
    bits[w] = open_gaps(found.from(before), known_[w]);
  return bits;
}

void FilterBitsOfPart::clear_part(std::span<std::uint64_t> selected) const {
  for (std::size_t i = 0; i < words_at_.size(); ++i) selected[words_at_[i]] &= ~bits_[i];
}

std::size_t FilterBitsOfPart::bytes() const {
  return sizeof(std::uint32_t) * words_at_.capacity() +
         sizeof(std::uint64_t) * (bits_.capacity() + known_.capacity());
}

}  // namespace learndock::learnwares
