// The media zoo: one file of each kind that a corpus of millions holds, honest, broken or made to
// hurt, with what is expected of it. docs/media-zoo.md is its table.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace mien::testing {

struct ZooFile {
  std::string id;
  std::string what;  // in words, for the table
  // Makes the file at `path`; `seed` is a short honest MP4 (H.264, index in front).
  std::function<void(const std::filesystem::path& path, const std::filesystem::path& seed)> make;
  std::string ending;  // of its name
  std::string status;
  std::string reason;  // empty: none
};

std::vector<ZooFile> honest_files();   // containers, codecs, rotations, rates, colours
std::vector<ZooFile> broken_files();   // indices, times, cut and flipped bytes
std::vector<ZooFile> hostile_files();  // sizes, bombs, disguises, what is no regular file

}  // namespace mien::testing
