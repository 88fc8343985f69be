#pragma once

#include "learndock/base/result.hpp"

#include "store/kernels_check.hpp"
#include "store/segment.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace learndock::store {

/// What one version of an index consists of.
struct IndexContent {
  /// Last catalogue sequence when it was made. Decides nothing: segments hold the keys.
  std::uint64_t covers = 0;
  std::vector<std::shared_ptr<const Segment>> segments;
  std::map<std::string, std::string> options;  ///< what the index was built with
  /// The kernels that its segments are under: JSON text that the store keeps and does not read; "" for none.
  std::string kernels = {};
};

/// One version as a reader holds it; immutable, valid while held, whatever the writer does meanwhile.
struct IndexVersion {
  std::uint64_t number = 0;  ///< 0 is the empty index; grows with each commit and each rollback
  IndexContent content;
  /// Why this version cannot be answered from: one Error for each missing or damaged file. Then `content` has
  /// no segments, and the index is to be rebuilt or rolled back. Its kernels still hold, unless it is the
  /// manifest that is damaged: then there are none, and `number` is 0.
  std::vector<Error> rebuild_needed;
};

/// Opens the current version in a folder, for reading beside any writer; takes no lock and changes nothing.
/// A folder that is empty or not there is the empty index. The sections of segments are checked at first use.
/// @param readable  whether the program can read the kernels; kernels that it cannot read are damage
/// @errors io, unavailable (it never stood still); damage is not an error but `rebuild_needed`
/// @threads safe, also while a writer in this or another process commits: gives the version before or after
[[nodiscard]] Result<IndexVersion> read_index(const std::filesystem::path& directory, KernelsCheck readable);

/// The one writer of an index folder. Files: src/store/SEGMENT.md.
/// @threads safe to call concurrently
class IndexStore {
 public:
  /// Creates the folder if needed, takes its lock, and removes what an interrupted writer left.
  /// @param readable  as for `read_index`; a commit of kernels that fail it is refused, and so is a rollback
  ///                  to them
  /// @errors conflict (another writer has it open), io, no_space; damage is `current()->rebuild_needed`
  [[nodiscard]] static Result<std::unique_ptr<IndexStore>> open(const std::filesystem::path& directory,
                                                                KernelsCheck readable);
  ~IndexStore();
  IndexStore(const IndexStore&) = delete;
  IndexStore& operator=(const IndexStore&) = delete;

  [[nodiscard]] std::shared_ptr<const IndexVersion> current() const;

  /// A path in the folder that no committed file had, and its number for the segment's generation. No sweep
  /// touches it until it is committed, discarded, or the store is closed.
  struct NewSegment {
    std::filesystem::path path;
    std::uint64_t generation = 0;
  };
  [[nodiscard]] NewSegment next_segment();
  /// Gives up a path of `next_segment` or `adopt`, and the file if there is one.
  void discard(const std::filesystem::path& path);
  /// Moves a finished segment of the same file system into the folder, for what was built elsewhere.
  /// @errors not_found, corrupt, io
  [[nodiscard]] Result<std::shared_ptr<const Segment>> adopt(const std::filesystem::path& file);

  /// Makes the content current: after a crash at any point there is the old version or the new one, whole.
  /// The old one is kept for `rollback` unless it is damaged; files that neither names are removed.
  /// @param based_on  the number of the version that the content was made from
  /// @return          the new version; when this fails, `current()` says which one is current
  /// @errors conflict (another commit came first: make the content again), invalid_argument (a segment that
  ///         lies elsewhere or stands twice, kernels that cannot be read), io, no_space
  /// @cost   two small files, flushed
  [[nodiscard]] Result<std::shared_ptr<const IndexVersion>> commit(IndexContent content,
                                                                   std::uint64_t based_on);
  /// Makes the version before the last commit current again, under a new number. Calling it twice changes
  /// nothing more. @errors not_found (there is none), corrupt (it is damaged too), io, no_space
  [[nodiscard]] Result<std::shared_ptr<const IndexVersion>> rollback();

 private:
  struct State;
  explicit IndexStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace learndock::store
