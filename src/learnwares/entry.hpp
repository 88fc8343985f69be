#pragma once

#include "learndock/base/ids.hpp"
#include "learndock/specification/semantic.hpp"
#include "learndock/specification/statistical.hpp"

#include "specification/space_id.hpp"
#include "specification/space_kernels.hpp"

#include <array>
#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::learnwares {

/// Properties that many learnwares share: family of spaces, kernel and languages. One object keeps them for
/// all of these.
struct Traits {
  std::optional<specification::SpaceFamily> family = {};  ///< none: there is no statistical specification
  std::optional<compute::Kernel> kernel = {};  ///< used in place of the learnwares' own (see SpaceKernels)
  std::vector<std::string> languages = {};
  auto operator<=>(const Traits&) const = default;
};

/// Makes equal traits one object, which lives as long as it is referred to. @threads safe
class TraitsPool {
 public:
  [[nodiscard]] std::shared_ptr<const Traits> shared(Traits traits);

 private:
  std::mutex mutex_;
  std::map<Traits, std::weak_ptr<const Traits>> known_;
  std::size_t swept_ = 0;  // number of traits left after the last removal of unused ones
};

/// The data that `make_entry` makes an entry from.
struct EntryFields {
  LearnwareNumber sequence;  ///< insertion order
  LearnwareId id;
  std::string name;
  std::string folded_name;  ///< name and description as text search compares them (see fold_case)
  std::string folded_description;
  specification::SemanticTexts values;  ///< of the vocabularies; others are dropped
  /// The specification with the kernel in use, under which the learnware is compared.
  std::optional<specification::RkmeSpecification> specification;
  std::optional<compute::Kernel> own_kernel;  ///< the one it was stored with, if another is in use
  /// <L, L> by the dock's backend; NaN: computed when a search first needs it.
  double self_inner = std::numeric_limits<double>::quiet_NaN();
};

/// <L, L> of one learnware, NaN until a search first needs it; racing searches store the same value.
struct SelfTerms {
  std::atomic<double> in_force =
      std::numeric_limits<double>::quiet_NaN();  ///< by the dock's backend, kernel in use
  /// By the dock's backend under the learnware's own kernel, if another is in use.
  std::atomic<double> own = std::numeric_limits<double>::quiet_NaN();
  std::atomic<double> reference = std::numeric_limits<double>::quiet_NaN();  ///< cpu_reference, own kernel
  std::atomic<double> direct = std::numeric_limits<double>::quiet_NaN();     ///< as in stored parts
};

/// The head of a learnware's texts and numbers packed into bytes; name, folded name, folded description and
/// id follow. Stored (see SEGMENT.md): do not change.
struct EntryHead {
  specification::SemanticBits values = 0;
  double gamma = 0;          ///< of the specification as stored
  std::uint32_t points = 0;  ///< of the reduced set; 0: no specification
  std::uint32_t traits = 0;  ///< in a file: the number of the entry's traits
  std::uint32_t name = 0, folded_name = 0, folded_description = 0, id = 0;  ///< bytes of each text
  [[nodiscard]] std::size_t bytes() const {
    return sizeof(EntryHead) + std::size_t{name} + folded_name + folded_description + id;
  }
};
static_assert(sizeof(EntryHead) == 40);

/// A record decoded for searching: forty bytes that point at the rest, which is in a mapped file or, for
/// recent learnwares, in memory. The reduced set is in memory only if no stored part has it; Snapshot::set_of
/// reads it wherever it is. Immutable except for self terms. @threads safe
class Entry {
 public:
  /// @param row  an EntryHead and its texts; it, the traits and the specification outlive the entry
  /// @param specification null: it is in a stored part, or there is none
  Entry(LearnwareNumber sequence, const char* row, const Traits& traits,
        const specification::RkmeSpecification* specification = nullptr)
      : sequence_(sequence), row_(row), traits_(&traits), specification_(specification) {}
  ~Entry() { delete self_terms_.load(std::memory_order_relaxed); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  [[nodiscard]] LearnwareNumber sequence() const { return sequence_; }
  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] std::string_view folded_name() const;
  [[nodiscard]] std::string_view folded_description() const;
  [[nodiscard]] std::string_view id() const;
  [[nodiscard]] LearnwareId learnware_id() const;
  [[nodiscard]] const char* row() const { return row_; }
  [[nodiscard]] const Traits& traits() const { return *traits_; }
  [[nodiscard]] specification::SemanticBits values() const { return head().values; }

  [[nodiscard]] bool has_specification() const { return traits_->family.has_value(); }
  /// Null if the reduced set is in a stored part.
  [[nodiscard]] const specification::RkmeSpecification* specification() const { return specification_; }
  // These need a specification:
  [[nodiscard]] compute::Kernel stored_kernel() const { return traits_->family->kernel(head().gamma); }
  [[nodiscard]] compute::Kernel kernel() const {
    return traits_->kernel ? *traits_->kernel : stored_kernel();
  }
  [[nodiscard]] specification::SpaceId space() const { return traits_->family->under(kernel()); }
  /// Bytes of points and weights, as doubles; 0 without a specification.
  [[nodiscard]] std::uint64_t specification_bytes() const;

  /// The self terms known so far. @cost memory for all of them, the first time
  [[nodiscard]] SelfTerms& self_terms() const;
  /// <L, L> by the dock's backend under the kernel in use; NaN: not known yet.
  [[nodiscard]] double self_inner() const;

 private:
  [[nodiscard]] EntryHead head() const;
  /// The text of `length` bytes after the head and the `before` bytes of other texts.
  [[nodiscard]] std::string_view text(std::size_t before, std::size_t length) const {
    return {row_ + sizeof(EntryHead) + before, length};
  }

  LearnwareNumber sequence_;
  const char* row_;
  const Traits* traits_;
  const specification::RkmeSpecification* specification_;
  mutable std::atomic<SelfTerms*> self_terms_ = nullptr;
};

/// An entry that owns everything it points at. @param pool null: its traits are not shared
[[nodiscard]] std::shared_ptr<const Entry> make_entry(EntryFields fields, TraitsPool* pool = nullptr);
/// The same learnware with its specification in memory, under the kernel in use, and no self terms. The old
/// entry is kept alive.
[[nodiscard]] std::shared_ptr<const Entry> with_specification(const std::shared_ptr<const Entry>& entry,
                                                              specification::RkmeSpecification specification);
/// The same learnware, whose reduced set is now in a stored part. @pre the entry has it in memory
[[nodiscard]] std::shared_ptr<const Entry> without_specification(const Entry& entry);

}  // namespace learndock::learnwares
