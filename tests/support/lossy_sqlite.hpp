#pragma once

#include "support/lossy_disk.hpp"

namespace learndock::testing {

/// While it lives, SQLite's files are on a LossyDisk: its default file system is one that tells the disk of
/// each write and flush, and is refused when the power has failed.
class LossySqlite {
 public:
  explicit LossySqlite(LossyDisk& disk);
  ~LossySqlite();
  LossySqlite(const LossySqlite&) = delete;
  LossySqlite& operator=(const LossySqlite&) = delete;
};

}  // namespace learndock::testing
