#pragma once

#include "learndock/base/result.hpp"
#include "learndock/numeric/aligned_vector.hpp"
#include "learndock/numeric/matrix.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace learndock::compute {

/// Items coded together. Part of stored layouts: do not change.
inline constexpr std::size_t kBlockItems = 32;

/// How the coordinates of an embedding are stored. Values are part of stored layouts: do not renumber.
enum class CodeType : std::uint8_t { fp32 = 0, fp16 = 1, int8 = 2, int4 = 3 };

/// "fp32", "fp16", "int8", "int4".
[[nodiscard]] std::string_view code_type_name(CodeType type);
[[nodiscard]] std::optional<CodeType> code_type_of_name(std::string_view name);

/// One learnware's embedding for the prefilter: coordinates a = P mu in an orthonormal basis of the space's
/// subspace, what the subspace leaves out r = ||(I - P) mu||, and ||mu||^2 = |a|^2 + r^2.
/// A query is described in the same way.
struct EmbeddingView {
  std::span<const double> coordinates;
  double residual = 0;
  double squared_norm = 0;
};

/// What is kept of an item beside its code, for the bound
///   MMD^2 >= n_L + n_U - 2 (t <v, a_U> + e u_perp + r_L r_U),   u_perp^2 = |a_U|^2 - <v, a_U>^2 / |v|^2
/// where v is the item's integer code vector, t = <a, v> / |v|^2 its best scale and e = |a - t v| the code's
/// error, known exactly: the bound holds for every code width (B3).
enum class Factor : std::uint8_t {
  scale = 0,
  code_error = 1,
  residual = 2,
  squared_norm = 3,
  inverse_code_norm = 4
};
inline constexpr std::size_t kFactors = 5;

/// Codes of many embeddings in blocks of 32 items, coordinates in groups, so that one vector register or one
/// warp holds the same coordinates of neighbouring items. Non-owning.
///
/// Padded dimension D: `dimension` rounded up to a multiple of 8; padding has no influence on any product.
///   fp32, fp16: item i, coordinate k at element ((i / 32) * D + k) * 32 + i % 32
///   int8:  byte ((i / 32) * D + (k / 4) * 4) * 32 + (i % 32) * 4 + k % 4 holds q in 0..255, v_k = 2 q - 255
///   int4:  byte ((i / 32) * D / 2 + (k / 8) * 4) * 32 + (i % 32) * 4 + k % 4; k % 8 < 4 is its low half,
///   else its
///          high half; q in 0..15, v_k = 2 q - 15
///   factor f of item i at factors[((i / 32) * kFactors + f) * 32 + i % 32]
/// Padding coordinates of int8 and int4 hold q = 0 and meet a query that is zero there; padding items have an
/// infinite squared norm, so no scan returns them; they may stand between others (`close_block`).
struct ScanCodesView {
  CodeType type = CodeType::int8;
  const std::byte* codes = nullptr;
  const float* factors = nullptr;
  std::size_t count = 0;
  std::size_t dimension = 0;

  [[nodiscard]] std::size_t padded_dimension() const { return (dimension + 7) / 8 * 8; }
  [[nodiscard]] std::size_t blocks() const { return (count + kBlockItems - 1) / kBlockItems; }
  [[nodiscard]] std::size_t block_bytes() const;                           ///< of the codes of 32 items
  [[nodiscard]] double code_value(std::size_t item, std::size_t k) const;  ///< v_k; for oracles, slow
  [[nodiscard]] bool is_padding(std::size_t item) const;
  [[nodiscard]] float factor(std::size_t item, Factor which) const {
    return factors[(item / kBlockItems * kFactors + static_cast<std::size_t>(which)) * kBlockItems +
                   item % kBlockItems];
  }
};

/// Owns what a ScanCodesView shows.
class ScanCodes {
 public:
  ScanCodes(CodeType type, std::size_t dimension) : type_(type), dimension_(dimension) {}
  /// Codes one more embedding; errors and norms are computed in fp64 and rounded so that the bound stays
  /// valid.
  /// @errors invalid_argument: another dimension, negative or not finite values, coordinates longer than the
  /// squared
  ///         norm allows
  [[nodiscard]] Result<void> add(const EmbeddingView& embedding);
  /// Fills the last block up with padding items, so that the next item begins one.
  void close_block();
  /// One more item, coded as `item` of `other`, which is of the same type and dimension.
  void add_coded(const ScanCodesView& other, std::size_t item);
  /// Puts the items of `other` after its own. Both of one type and dimension; this one's blocks full.
  void append(const ScanCodes& other);
  [[nodiscard]] ScanCodesView view() const;

 private:
  /// Room for one more item; its lane.
  std::size_t open_lane();

  CodeType type_;
  std::size_t dimension_;
  std::size_t count_ = 0;
  AlignedVector<std::byte> codes_;
  AlignedVector<float> factors_;
};

/// An item and the certified lower bound of its MMD^2 to the query.
struct ScanHit {
  std::uint64_t item = 0;
  float lower_bound = 0;
};

/// Blocks of a scan for whose items more is known than their codes say.
struct BlockRange {
  std::uint32_t first = 0, count = 0;  ///< blocks of 32 items
  float lower_bound = 0;               ///< no item in them lies lower, for any query of the job
};

struct ScanJob {
  std::span<const EmbeddingView> queries;
  /// Bit i set: item i may be returned. Null: all may. [ceil(count / 64)]
  const std::uint64_t* allowed = nullptr;
  /// Bytes a query coordinate is rounded to against int8 and int4 codes: 2 is tight, 1 is twice as fast; its
  /// error is part of the bound either way. fp32 and fp16 codes ignore it.
  unsigned query_bytes = 2;
  /// Only these blocks are scanned, each item's bound being the larger of its own and its range's: a range
  /// above what is still looked for is not read. Disjoint, ascending in their bound. Empty: all blocks.
  std::span<const BlockRange> ranges = {};
};

}  // namespace learndock::compute
