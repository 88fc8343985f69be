#pragma once

#include "learndock/base/result.hpp"

#include "blobs/blob_store.hpp"

#include <filesystem>
#include <memory>

namespace learndock::blobs {

/// `directory/ab/cdef...`: temporary file, fsync, rename, directory fsync. Leftover temporaries are removed
/// on open.
[[nodiscard]] Result<std::unique_ptr<BlobStore>> open_local_blob_store(
    const std::filesystem::path& directory);

/// A store for `path_of` and `list` alone: nothing is created or removed.
[[nodiscard]] std::unique_ptr<BlobStore> read_local_blob_store(const std::filesystem::path& directory);

}  // namespace learndock::blobs
