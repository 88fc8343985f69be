#pragma once

#include "learndock/compute/scan_codes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace learndock::compute {

/// Queries of one scan as the kernels read them. Against integer codes a query is rounded to bytes: its
/// vector is step * p with whole p; two bytes a coordinate are 128 high + low, and each makes one "lane" of
/// products.
struct ScanQueries {
  CodeType type = CodeType::int8;
  std::size_t count = 0;   ///< queries
  unsigned bytes = 1;      ///< lanes a query: 1 or 2; floats have one
  std::size_t groups = 0;  ///< of 4 coordinates (integer codes) or coordinates (floats)
  /// Lane l, group g: 4 signed bytes at words[panel_start(l) + ...]; kept in groups of lanes as
  /// packed_kernels keeps points.
  std::vector<std::int32_t> words;
  std::vector<float> values;  ///< the same for float codes

  /// What turns a product into a lower bound, per query.
  struct Terms {
    float step = 1;          ///< of the rounded query
    float offset = 0;        ///< (levels - 1) * sum p: v = 2 q - (levels - 1)
    float vector_norm = 0;   ///< |rounded query|^2, rounded up
    float vector_error = 0;  ///< |a_U - rounded query|, rounded up
    float residual = 0;      ///< r_U, rounded up
    float squared_norm = 0;  ///< ||mu_U||^2, rounded down
    float rounding = 0;      ///< share of ||mu_L||^2 + ||mu_U||^2 that covers all fp32 rounding
  };
  std::vector<Terms> terms;

  /// What tells from a product alone that a bound exceeds a limit (scan_kernels.cpp, may_be_within).
  struct Test {
    float scale = 2, offset = 0;  ///< twice the inner product with v is scale * product - offset
    float code_error = 0;         ///< 2 |rounded query|
    float vector_error = 0;       ///< 2 |a_U - rounded query|
    float residual = 0;           ///< 2 r_U
    float base = 0;               ///< kept_share * ||mu_U||^2
  };
  std::vector<Test> tests;
  float kept_share = 1;  ///< one minus what rounding may have added to either side, of the squared norms

  [[nodiscard]] std::size_t lanes() const { return count * bytes; }
};

[[nodiscard]] ScanQueries prepare_queries(CodeType type, std::size_t padded_dimension,
                                          std::span<const EmbeddingView> queries, unsigned bytes);

}  // namespace learndock::compute
