#pragma once

#include "store/index_store.hpp"
#include "store/index_store_manifest.hpp"

namespace learndock::store {

/// Opens what a manifest names. What is missing or damaged stands in `rebuild_needed`.
[[nodiscard]] IndexVersion load_version(const std::filesystem::path& directory, const Manifest& manifest);

/// Numbers in the names of a folder's index files, kept or left over; it may be missing. @errors io
[[nodiscard]] Result<std::vector<std::uint64_t>> index_file_numbers(const std::filesystem::path& directory);

}  // namespace learndock::store
