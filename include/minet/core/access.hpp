// Files and folders as the system has them, with errors of our own instead of std::filesystem's.
#pragma once

#include <filesystem>
#include <vector>

namespace minet {

// InputError, which says why, unless the file (or folder) can be opened for reading; WorkError
// where this process is the cause (no descriptors, an I/O error). A device or FIFO is not opened.
void expect_readable(const std::filesystem::path& path);

// Tries what writing `target` takes: makes a temporary beside it and removes it. For work of hours,
// which should not find out at its end. Errors as of FileWriter.
void expect_writable(const std::filesystem::path& target);

// Makes the folder and those above it, unless they exist. WorkError.
void make_folders(const std::filesystem::path& folder);

// What is in a folder, sorted by name. InputError.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder);

// Where temporary files go (TMPDIR, else /tmp). WorkError if it is no folder.
std::filesystem::path temporary_folder();

}  // namespace minet
