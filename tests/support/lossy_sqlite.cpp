// SQLite's own file system does the work; this one stands before it and passes on all but what changes files.
// Which folders SQLite flushes is seen where it opens them: that is one of the system calls it lets others
// make.
#include "support/lossy_sqlite.hpp"

#include <sqlite3.h>

#include <new>
#include <optional>
#include <stdexcept>
#include <string>

namespace learndock::testing {
namespace {

using io::DiskCall;
using OpenFolder = int (*)(const char*, int*);

LossyDisk* watching = nullptr;
sqlite3_vfs* below = nullptr;
OpenFolder open_below = nullptr;
std::optional<std::filesystem::path> folder_opened;

/// A file; that of the file system below follows it in the same memory.
struct WatchedFile {
  sqlite3_file base;
  const char* path;  ///< null for one without a name
  bool flushed;      ///< at least once
};

WatchedFile& watched(sqlite3_file* file) { return *reinterpret_cast<WatchedFile*>(file); }
sqlite3_file* under(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(&watched(file) + 1); }
const sqlite3_io_methods& methods(sqlite3_file* file) { return *under(file)->pMethods; }
bool refused(DiskCall call) { return watching->before(call) != 0; }

int open_folder(const char* file, int* fd) {
  folder_opened = std::filesystem::path(file).parent_path();
  return open_below(file, fd);
}

/// Reads through SQLite: to open the file and close it again would give back the locks of this process.
std::string bytes_of(sqlite3_file* file) {
  sqlite3_int64 size = 0;
  if (methods(file).xFileSize(under(file), &size) != SQLITE_OK) throw std::runtime_error("xFileSize");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (size > 0 && methods(file).xRead(under(file), bytes.data(), static_cast<int>(size), 0) != SQLITE_OK)
    throw std::runtime_error("xRead");
  return bytes;
}

int write_watched(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  if (refused(DiskCall::write)) return SQLITE_IOERR_WRITE;
  return methods(file).xWrite(under(file), bytes, count, offset);
}

int truncate_watched(sqlite3_file* file, sqlite3_int64 size) {
  if (refused(DiskCall::write)) return SQLITE_IOERR_TRUNCATE;
  return methods(file).xTruncate(under(file), size);
}

/// Flushes really only the first time, when SQLite may flush the folder of a new file as well.
int sync_watched(sqlite3_file* file, int flags) {
  if (refused(DiskCall::sync)) return SQLITE_IOERR_FSYNC;
  folder_opened.reset();
  if (!watched(file).flushed) {
    if (const int failed = methods(file).xSync(under(file), flags); failed != SQLITE_OK) return failed;
    watched(file).flushed = true;
  }
  if (watched(file).path != nullptr) watching->flushed(watched(file).path, bytes_of(file));
  if (folder_opened) watching->flushed_folder(*folder_opened);
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = [](sqlite3_file* f) { return methods(f).xClose(under(f)); },
    .xRead = [](sqlite3_file* f, void* out, int count,
                sqlite3_int64 offset) { return methods(f).xRead(under(f), out, count, offset); },
    .xWrite = write_watched,
    .xTruncate = truncate_watched,
    .xSync = sync_watched,
    .xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return methods(f).xFileSize(under(f), size); },
    .xLock = [](sqlite3_file* f, int level) { return methods(f).xLock(under(f), level); },
    .xUnlock = [](sqlite3_file* f, int level) { return methods(f).xUnlock(under(f), level); },
    .xCheckReservedLock = [](sqlite3_file* f,
                             int* held) { return methods(f).xCheckReservedLock(under(f), held); },
    .xFileControl = [](sqlite3_file* f, int operation,
                       void* value) { return methods(f).xFileControl(under(f), operation, value); },
    .xSectorSize = [](sqlite3_file* f) { return methods(f).xSectorSize(under(f)); },
    .xDeviceCharacteristics = [](sqlite3_file* f) { return methods(f).xDeviceCharacteristics(under(f)); },
    .xShmMap = [](sqlite3_file* f, int page, int size, int extend,
                  void volatile** out) { return methods(f).xShmMap(under(f), page, size, extend, out); },
    .xShmLock = [](sqlite3_file* f, int offset, int count,
                   int flags) { return methods(f).xShmLock(under(f), offset, count, flags); },
    .xShmBarrier = [](sqlite3_file* f) { methods(f).xShmBarrier(under(f)); },
    .xShmUnmap = [](sqlite3_file* f, int remove) { return methods(f).xShmUnmap(under(f), remove); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_watched(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* given) {
  new (file) WatchedFile{{nullptr}, name, false};
  if ((flags & SQLITE_OPEN_CREATE) != 0 && refused(DiskCall::create)) return SQLITE_CANTOPEN;
  const int failed = below->xOpen(below, name, under(file), flags, given);
  if (under(file)->pMethods != nullptr) file->pMethods = &kMethods;
  return failed;
}

int remove_watched(sqlite3_vfs*, const char* name, int flush_folder) {
  if (refused(DiskCall::remove)) return SQLITE_IOERR_DELETE;
  folder_opened.reset();
  const int failed = below->xDelete(below, name, flush_folder);
  if (failed == SQLITE_OK && folder_opened) watching->flushed_folder(*folder_opened);
  return failed;
}

sqlite3_vfs above;

}  // namespace

LossySqlite::LossySqlite(LossyDisk& disk) {
  watching = &disk;
  below = sqlite3_vfs_find(nullptr);
  open_below = reinterpret_cast<OpenFolder>(below->xGetSystemCall(below, "openDirectory"));
  below->xSetSystemCall(below, "openDirectory", reinterpret_cast<sqlite3_syscall_ptr>(open_folder));
  above = *below;
  above.szOsFile = static_cast<int>(sizeof(WatchedFile)) + below->szOsFile;
  above.pNext = nullptr;
  above.zName = "lossy";
  above.xOpen = open_watched;
  above.xDelete = remove_watched;
  sqlite3_vfs_register(&above, 1);
}

LossySqlite::~LossySqlite() {
  sqlite3_vfs_unregister(&above);
  sqlite3_vfs_register(below, 1);
  below->xSetSystemCall(below, "openDirectory", nullptr);
}

}  // namespace learndock::testing
