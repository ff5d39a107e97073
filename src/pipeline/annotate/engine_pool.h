// The networks that analyse frames, one set a thread, kept from video to video.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "context/visual_scorer.h"
#include "expression/channel.h"
#include "expression/windows.h"
#include "face/frame_analyser.h"
#include "model/model_set.h"
#include "pipeline/annotate/annotate_options.h"

namespace mien {

// The networks of one thread.
struct Engine {
  FrameAnalyser analyser;
  ChannelScorer scorer;
  std::optional<VisualScorer> contexts;  // where contexts are asked for
  std::function<void()> on_frame;        // called after every analysed frame; may be empty
};

// Opens engines as they are needed and keeps them for the next video. The first one stands for all
// where columns are asked for.
class EnginePool {
 public:
  EnginePool(const ModelSet& models, const AnnotateOptions& options)
      : models_(models), options_(options) {}

  // What engines opened from now on call after every frame, each from its own thread.
  void set_on_frame(std::function<void()> on_frame) { on_frame_ = std::move(on_frame); }

  Status open_first();
  // Makes room for engines 0 to count - 1; none is opened.
  void reserve(int count);
  // Opened at the first call, about 0.1 s. Several threads may call it at once, each with an index
  // of its own below what was reserved: so one thread's engine opens while another's works already.
  Result<Engine*> engine(int index);
  std::vector<StageTime> stage_times() const;  // summed over engines
  const std::vector<ColumnSpec>& channel_columns() const {
    return engines_.front()->scorer.columns();
  }
  // The expression head, for the thread that joins; none where none is asked for.
  HeadColumns head() { return head_ ? HeadColumns{head_column_, &*head_} : HeadColumns{}; }
  // Ids of the contexts that are scored; none where none are asked for.
  const std::vector<std::string>& contexts() const;
  const std::vector<double>& context_thresholds() const;  // one a context

 private:
  const ModelSet& models_;
  const AnnotateOptions& options_;
  std::vector<std::unique_ptr<Engine>> engines_;  // null: room for one
  std::optional<ExpressionHead> head_;
  std::size_t head_column_ = 0;
  std::function<void()> on_frame_;
};

}  // namespace mien
