// The overlay of one video: an MP4 of the analysed frames with boxes, track ids and leading labels
// drawn in. It is made by a second pass over the file, when the tracks are known, so that no
// picture is kept while frames are analysed side by side.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "media/video_writer.h"
#include "pipeline/annotate/annotate_options.h"
#include "pipeline/annotate/plan.h"
#include "report/overlay.h"

namespace mien {

struct OverlayFrame {
  std::int64_t pts_us = 0;
  std::vector<OverlayFace> faces;
};

// STUDY/overlays/ID-HASH.mp4, ID in safe characters. HASH is over the id, the file's size and time
// and the settings: an overlay that is there is current, and one that is not current is never
// taken for it.
std::filesystem::path overlay_path(const std::filesystem::path& study,
                                   const std::string& settings_hash, const StudyInput& video);

// The channel whose name a box carries: of `basic7` where there is such a channel, else of `label`.
// Gives the position of the greatest value, or -1 where none is there.
int leading_channel(const std::vector<ColumnSpec>& columns, const std::vector<float>& values);

// Reads `video` again at the options' rate and draws; the same input gives the same bytes. Frames
// of another size than the first are laid into its top left corner. `out` exists whole or not at
// all. A size that the encoder refuses (a picture of one pixel) gives no file and no error.
Status write_overlay(const std::filesystem::path& video, const AnnotateOptions& options,
                     const std::vector<OverlayFrame>& frames, const std::filesystem::path& out);

// Where the frames lie as the context networks saw them, heads filled: an MP4 of its own, named in
// the same way.
std::filesystem::path masked_path(const std::filesystem::path& study,
                                  const std::string& settings_hash, const StudyInput& video);

// Writes that MP4 frame by frame. Frames of another size than the first are laid into its top left
// corner. The file exists whole, after finish(), or not at all; not for a size that the encoder
// refuses.
class MaskedVideo {
 public:
  explicit MaskedVideo(std::filesystem::path out) : out_(std::move(out)) {}

  Status add(std::int64_t pts_us, Image image);
  Status finish();

 private:
  std::filesystem::path out_;
  std::optional<VideoWriter> writer_;
  bool is_refused_ = false;
  int width_px_ = 0;
  int height_px_ = 0;
};

// Removes what a killed process left half written, and overlays of videos as they no longer are.
// `current` is sorted.
void clear_overlays(const std::filesystem::path& study,
                    const std::vector<std::filesystem::path>& current);

}  // namespace mien
