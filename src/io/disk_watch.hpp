#pragma once

namespace learndock::io {

enum class DiskCall { create, write, sync, rename, remove, make_folder, link };

/// Stands between this room and the system's calls that change files. Only tests have one.
class DiskWatch {
 public:
  virtual ~DiskWatch() = default;
  /// Before a call. @return 0, or the errno with which the call fails instead of being made
  [[nodiscard]] virtual int before(DiskCall call) = 0;
  /// In place of the system's flush of an open file or folder, after `before`.
  virtual void sync(int fd) = 0;
};

/// Sets the watch of the whole process, or none (null). Nothing may write files meanwhile.
void watch_disk(DiskWatch* watch);

}  // namespace learndock::io
