#pragma once

#include <cstddef>

// The helper is a program of its own with three roles. It needs the C library alone, because it also runs
// where nothing else of this program can be seen; the room carries it as bytes and starts it from memory.
namespace learndock::sandbox {

/// Outside the sandbox: makes the job's control groups and scratch folder, starts the job, ends it when the
/// program that asked for it has gone, waits until all its processes are gone, and removes what it made.
int keep(int count, char** words);
/// Inside the sandbox, as the last step before the job: limits, Landlock, no further descriptors.
int confine(int count, char** words);
/// Inside the sandbox, in place of a job: tries what must not succeed and prints what came of it.
int probe();

/// Writes a line "what: the system's words" to a descriptor. @return 125, the exit code of a failed start
int complain(int descriptor, const char* what, const char* subject);
/// Restricts this process to these folders. Nothing happens where the kernel has no Landlock. @return 0, or
/// -1
int restrict_files(const char* const* readable, std::size_t readable_count, const char* const* writable,
                   std::size_t writable_count);

}  // namespace learndock::sandbox
