#pragma once

#include "base/asset.hpp"

namespace learndock::runtime {

/// The program that runs in a package's own Python.
extern const Asset kRunnerPy;
/// What is asked of a Python of the host: its version, its place, and what is installed in it.
extern const Asset kHostPythonPy;
/// Conda packages by their names on the Python package index.
extern const Asset kCondaNamesTxt;

}  // namespace learndock::runtime
