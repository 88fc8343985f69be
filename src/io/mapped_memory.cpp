// The only file that handles SIGBUS. The system sends it to a thread that touches a page of a mapped file
// which the file no longer has, or which its disk cannot read. The handler runs in that thread, between two
// of its instructions, and therefore takes no lock and no memory: it looks up the address in the live
// mappings, which are in a list of tables that only grows.
#include "io/mapped_memory.hpp"

#include "io/file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace learndock::io {

/// One live mapping, or a free place. `turn` is odd while it is live and grows with each change, so that the
/// handler notices a place that was given to another mapping while it looked.
struct MappedRegion {
  std::atomic<std::uint64_t> turn{0};
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::size_t> size{0};
  std::atomic<bool> lost{false};
};

namespace {

struct RegionTable {
  std::array<MappedRegion, 256> regions;
  std::atomic<RegionTable*> next{nullptr};
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              std::atomic<RegionTable*>::is_always_lock_free);

RegionTable first_table;
std::mutex registering;
struct sigaction handler_before;

/// Maps zeros over the whole mapping: one call whatever its size, so that threads that read it see one state.
/// Nothing of a damaged file is used, so a part of it need not be kept. The mark is set first, so that no
/// thread sees zeros and no mark. It is a bare system call: to the thread sanitizer `mmap` is a write to all
/// of the mapping, which races with the threads that read it, as it is meant to.
bool replace_by_zeros(MappedRegion& region, std::uintptr_t begin, std::size_t size) {
  region.lost.store(true);
  return ::syscall(SYS_mmap, begin, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1L, 0L) != -1;
}

bool replace_mapping_at(std::uintptr_t address) {
  for (RegionTable* table = &first_table; table != nullptr; table = table->next.load())
    for (MappedRegion& region : table->regions) {
      const std::uint64_t turn = region.turn.load();
      const std::uintptr_t begin = region.begin.load();
      const std::size_t size = region.size.load();
      if (turn % 2 == 0 || address < begin || address - begin >= size || region.turn.load() != turn) continue;
      return replace_by_zeros(region, begin, size);
    }
  return false;
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  // A code above 0 is the system's own: `kill -BUS` names no address.
  const bool replaced =
      info->si_code > 0 && replace_mapping_at(reinterpret_cast<std::uintptr_t>(info->si_addr));
  errno = error;
  if (replaced) return;
  if ((handler_before.sa_flags & SA_SIGINFO) != 0) {
    handler_before.sa_sigaction(signal, info, context);
  } else if (handler_before.sa_handler != SIG_DFL && handler_before.sa_handler != SIG_IGN) {
    handler_before.sa_handler(signal);
  } else {  // ends the process as it would have without this handler
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }
}

void install_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, &handler_before);
  });
}

/// A free place; tables are never removed, the handler may be looking at them.
MappedRegion& free_region() {
  for (RegionTable* table = &first_table;; table = table->next.load()) {
    for (MappedRegion& region : table->regions)
      if (region.turn.load() % 2 == 0) return region;
    if (table->next.load() == nullptr) table->next.store(new RegionTable());
  }
}

MappedRegion& live_region(void* begin, std::size_t size) {
  const std::lock_guard lock(registering);
  MappedRegion& region = free_region();
  region.begin.store(reinterpret_cast<std::uintptr_t>(begin));
  region.size.store(size);
  region.lost.store(false);
  region.turn.fetch_add(1);
  return region;
}

}  // namespace

Result<MappedMemory> MappedMemory::map(int fd, std::size_t size, const std::filesystem::path& path) {
  install_handler();
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return Failure(system_error(errno, "map", path));
  MappedMemory mapped;
  mapped.bytes_ = {static_cast<std::byte*>(memory), size};
  mapped.region_ = &live_region(memory, size);
  return mapped;
}

MappedMemory::~MappedMemory() {
  if (region_ == nullptr) return;
  {
    const std::lock_guard lock(registering);
    region_->turn.fetch_add(1);
  }
  ::munmap(bytes_.data(), bytes_.size());
}

void MappedMemory::forget(std::size_t bytes) const {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t whole = std::min(bytes, bytes_.size()) / page * page;
  // A hint; a page that stays costs memory and nothing else.
  if (whole > 0 && !lost()) ::madvise(bytes_.data(), whole, MADV_DONTNEED);
}

bool MappedMemory::lost() const { return region_ != nullptr && region_->lost.load(); }

}  // namespace learndock::io
