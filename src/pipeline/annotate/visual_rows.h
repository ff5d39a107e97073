// What a video's frames say of its situation -> rows of contexts, context_status, context_frames
// and scenes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "context/visual_scorer.h"
#include "pipeline/annotate/chunk_run.h"
#include "table/table.h"

namespace mien {

class VisualRows {
 public:
  using Sink = std::function<Status(const std::string& table, const Table& batch)>;

  // `contexts`: ids of those that are scored, `thresholds` from where on each is present. All but
  // `options`, `contexts` and `thresholds` is copied; they must outlive this.
  VisualRows(std::string video_id, const VisualOptions& options,
             const std::vector<std::string>& contexts, const std::vector<double>& thresholds);

  // Frames in order, without their pictures; `shot` is the number of the shot that the frame
  // belongs to.
  void add(const AnalysedFrame& frame, int shot);

  // Every table once. `failure` empty: contexts were assessed; else the reason why not, and only
  // context_status has rows. Nothing where no contexts are asked for.
  Status finish(const std::string& failure, const Sink& sink) const;

 private:
  struct Scene {
    std::int64_t frames = 0;
    std::int64_t faces = 0;
    std::int64_t first_us = 0;
    std::int64_t last_us = 0;
    int cuts = 0;
    std::int64_t steps = 0;  // between frames of one shot
    double motion = 0;       // summed over steps
    std::int64_t pictures = 0;
    double brightness = 0;  // summed over pictures
  };

  void add_scene(const FrameFaces& frame, int shot);
  Table context_rows() const;
  Table status_rows(const std::string& failure) const;
  Table frame_rows() const;
  Table scene_rows() const;

  std::string video_id_;
  const VisualOptions& options_;
  const std::vector<std::string>& contexts_;
  const std::vector<double>& thresholds_;
  std::vector<FrameContexts> frames_;
  Scene scene_;
  int shot_ = 0;
  std::vector<float> signature_;  // of the frame before
};

}  // namespace mien
