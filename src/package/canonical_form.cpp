#include "package/canonical_form.hpp"

#include "archive/zip_writer.hpp"
#include "io/digest.hpp"

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <vector>

namespace learndock::package {
namespace {

/// A file of the form: text that was written, or an entry of the contents.
struct FormFile {
  const std::string& name;
  std::uint64_t bytes = 0;
  const std::string* written = nullptr;
  std::size_t index = 0;
};

/// Calls `visit` for each file, by name.
Result<void> for_each_file(const CanonicalForm& form,
                           const std::function<Result<void>(const FormFile&)>& visit) {
  auto next = form.written.begin();
  const auto written_before = [&](const std::string* name) -> Result<void> {
    for (; next != form.written.end() && (name == nullptr || next->first < *name); ++next)
      LEARNDOCK_CHECK(visit({next->first, next->second.size(), &next->second, 0}));
    return {};
  };
  for (const auto& [name, index] : form.layout.files) {
    LEARNDOCK_CHECK(written_before(&name));
    if (form.written.contains(name)) continue;  // it comes with the next look at `written`
    LEARNDOCK_CHECK(visit({name, form.contents.entries()[index].bytes, nullptr, index}));
  }
  return written_before(nullptr);
}

Result<void> read_file(const CanonicalForm& form, const FormFile& file, const archive::Sink& sink) {
  if (file.written != nullptr) return sink(*file.written);
  return form.contents.read(file.index, sink);
}

}  // namespace

std::uint64_t CanonicalForm::bytes() const {
  constexpr std::uint64_t kHeaderBytes = 160;  // both headers with their Zip64 fields
  std::uint64_t all = kHeaderBytes;
  // Nothing is read, so that nothing can fail.
  static_cast<void>(for_each_file(*this, [&](const FormFile& file) -> Result<void> {
    all += file.bytes + 2 * file.name.size() + kHeaderBytes;
    return {};
  }));
  return all;
}

Result<std::string> CanonicalForm::digest() const {
  io::Sha256 sum;
  LEARNDOCK_CHECK(for_each_file(*this, [&](const FormFile& file) -> Result<void> {
    // Names hold no zero byte, so that no two lists of files give the same bytes.
    sum.update(file.name);
    sum.update(std::string_view("\0", 1));
    sum.update(fmt::format("{}\n", file.bytes));
    return read_file(*this, file, [&](std::string_view piece) -> Result<void> {
      sum.update(piece);
      return {};
    });
  }));
  return sum.finish();
}

Result<void> CanonicalForm::check_left_out() const {
  std::vector<bool> copied(contents.entries().size());
  for (const auto& [name, index] : layout.files) copied[index] = !written.contains(name);
  const archive::Sink nowhere = [](std::string_view) -> Result<void> { return {}; };
  for (std::size_t i = 0; i < copied.size(); ++i)
    if (!copied[i] && !contents.entries()[i].directory()) LEARNDOCK_CHECK(contents.read(i, nowhere));
  return {};
}

Result<void> CanonicalForm::write(const std::filesystem::path& target, const RoomCheck& room) const {
  if (room) LEARNDOCK_CHECK(room(bytes()));
  LEARNDOCK_TRY(archive::ZipWriter writer, archive::ZipWriter::create(target));
  const auto copy = [&](const FormFile& file) -> Result<void> {
    LEARNDOCK_CHECK(writer.begin(file.name, file.bytes));
    LEARNDOCK_CHECK(read_file(*this, file, [&](std::string_view piece) { return writer.write(piece); }));
    return writer.end();
  };
  LEARNDOCK_CHECK(for_each_file(*this, copy));
  return writer.finish();
}

}  // namespace learndock::package
