#pragma once

#include "base/utf8.hpp"

namespace learndock::package {

using learndock::append_utf8;
using learndock::decode_utf8;
using learndock::is_control;
using learndock::is_deceptive;
using learndock::printable;
using learndock::take_code_point;

}  // namespace learndock::package
