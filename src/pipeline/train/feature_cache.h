// Features of rated clips that a study keeps, so that training again reads no video again.
//
//   STUDY/features/KEY/AB/HASH   one file a video; HASH of its id, AB its first two digits; KEY of
//                                blocks, networks and options: other ones are another folder
//
// A file holds size and time of the video's file and, of each clip, track, times and rows (half
// floats), under a SHA-256. A file that does not hold counts as not there. They are embeddings,
// which can tell people apart: nothing but training makes them, and the folder can be deleted at
// any time.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/train/clip_features.h"

namespace mien {

class FeatureCache {
 public:
  // `row_size` numbers a row; `key` says all that decides what they are.
  FeatureCache(const std::filesystem::path& study, std::string_view key, std::size_t row_size);
  // The folder of a key itself.
  FeatureCache(std::filesystem::path folder, std::size_t row_size)
      : folder_(std::move(folder)), row_size_(row_size) {}

  // The clips' rows where all are there; nullopt otherwise.
  std::optional<std::vector<ClipRows>> read(const RatedVideo& video,
                                            std::span<const RatedClip> clips) const;
  // Replaces what was there of this video. Whole or not at all.
  Status write(const RatedVideo& video, std::span<const RatedClip> clips,
               std::span<const ClipRows> rows) const;

  const std::filesystem::path& folder() const { return folder_; }
  std::size_t row_size() const { return row_size_; }

 private:
  std::filesystem::path path_of(const RatedVideo& video) const;
  std::filesystem::path folder_;
  std::size_t row_size_;
};

// The files that hold a video's features, of whatever blocks and networks.
std::vector<std::filesystem::path> cached_features_of(const std::filesystem::path& study,
                                                      const std::string& video_id);

std::filesystem::path features_folder(const std::filesystem::path& study);

}  // namespace mien
