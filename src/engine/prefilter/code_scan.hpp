#pragma once

#include "engine/prefilter/prefilter.hpp"

#include <memory>
#include <span>

namespace learndock::engine {

/// Makes a prefilter whose backend scans certified codes from end to end. `codes` must outlive it.
/// @errors device_memory (a device has no room)
[[nodiscard]] Result<std::unique_ptr<Prefilter>> code_scan(const compute::ScanCodesView& codes,
                                                           std::shared_ptr<const compute::Backend> backend);

/// Codes of many embeddings, made on `threads` threads.
/// @errors invalid_argument (values beyond the code's range)
[[nodiscard]] Result<compute::ScanCodes> encode(compute::CodeType type, std::span<const Embedding> embeddings,
                                                unsigned threads);

}  // namespace learndock::engine
