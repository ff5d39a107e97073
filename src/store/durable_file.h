// Files and folders that exist whole or not at all: written under a temporary name, synced to the
// disk, renamed. A crash leaves at most a temporary name behind (see `is_temporary_name`).
//
// Errors are kIo and name the place, what the system said and a remedy.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mien {

// ".NAME.tmp-PID-N" in the same folder as `path`: a name that nobody else uses at this moment, on
// this machine or another that shares the folder; N comes from the system's random numbers.
std::filesystem::path temporary_name_for(const std::filesystem::path& path);
bool is_temporary_name(const std::filesystem::path& path);

Status write_file_durably(const std::filesystem::path& path, std::string_view bytes);

// The same for bytes that need not lie in memory together: `source` hands them to `sink`, one piece
// after the other. An error of either ends the writing and is given back.
using ByteSink = std::function<Status(std::string_view bytes)>;
using ByteSource = std::function<Status(const ByteSink& sink)>;
Status write_file_durably(const std::filesystem::path& path, const ByteSource& source);

// Syncs the file or folder itself.
Status sync_path(const std::filesystem::path& path);

// Renames `from` to `to` (replacing a file, or an empty folder) and syncs the folder that holds
// them. What is renamed must have been synced by the caller.
Status rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

// Puts the folder `from` (beside it, its files synced) in the place of `to` and removes what was
// there. Readers see the old or the new folder; only where the file system cannot exchange two
// names does `to` vanish for a moment, and a crash then leaves the old one under
// `replaced_name_for(to)`, from where `clear_left_overs` brings it back. Others may do the same at
// the same moment: the last one's stays.
Status replace_folder_durably(const std::filesystem::path& from, const std::filesystem::path& to);
std::filesystem::path replaced_name_for(const std::filesystem::path& path);  // ".NAME.replaced"

// After a crash, in a folder of Mien's own: an old folder whose new one never came is put back,
// otherwise it is removed, as is every temporary name. Nobody else may be writing there.
Status clear_left_overs(const std::filesystem::path& parent);

// The same for the temporary names of `path` alone, in a folder that is not Mien's own.
Status clear_left_overs_of(const std::filesystem::path& path);

// Makes `folder` and its parents where they are missing.
Status make_folders(const std::filesystem::path& folder);

Result<std::string> read_whole_file(const std::filesystem::path& path);

// "remedy: ..." for an errno: what somebody can do about a full disk or a missing permission.
std::string io_remedy(int error_number);

}  // namespace mien
