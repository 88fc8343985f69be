#pragma once

#include "learndock/base/ids.hpp"

#include <string>

namespace learndock::dock {

/// A record that searches leave out, because its content cannot be trusted.
struct DamagedRecord {
  LearnwareNumber sequence;
  LearnwareId id;
  std::string why;
};

}  // namespace learndock::dock
