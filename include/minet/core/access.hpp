// Access checks and folder listings that throw this project's errors instead of std::filesystem's.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace minet {

// Throws unless the file or folder can be opened for reading: InputError with the reason, or
// WorkError if the cause is ours (no descriptors left, an I/O error). Never opens a device or FIFO.
void expect_readable(const std::filesystem::path& path);

// Checks that `target` can be written, by creating and removing a temporary file beside it, so that
// long work does not fail at its end. Throws what FileWriter throws.
void expect_writable(const std::filesystem::path& target);

// InputError if `output` is the same file as one of the inputs (empty paths are skipped): an input
// is never overwritten, whatever the options.
void refuse_inputs(const std::filesystem::path& output,
                   const std::vector<std::filesystem::path>& inputs);

// InputError unless the path's extension, in any case, is one of these: ".npy". `what` names the
// path in the message: "--out".
void expect_extension(std::string_view what, const std::filesystem::path& path,
                      const std::vector<std::string>& extensions);

// Creates the folder and its parents if they do not exist. WorkError.
void make_folders(const std::filesystem::path& folder);

// The contents of a folder, sorted by name. InputError.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder);

// TMPDIR, or /tmp if it is not set. WorkError if that is not a folder.
std::filesystem::path temporary_folder();

}  // namespace minet
