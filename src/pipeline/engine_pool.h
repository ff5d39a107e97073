// The networks that analyse frames, one set a thread, kept from video to video.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "expression/channel.h"
#include "face/frame_analyser.h"
#include "model/model_set.h"
#include "pipeline/annotate_options.h"

namespace mien {

// The networks of one thread.
struct Engine {
  FrameAnalyser analyser;
  ChannelScorer scorer;
};

// Opens engines as they are needed and keeps them for the next video.
class EnginePool {
 public:
  EnginePool(const ModelSet& models, const AnnotateOptions& options)
      : models_(models), options_(options) {}

  Status grow_to(int count);
  Engine& engine(int index) { return *engines_[static_cast<std::size_t>(index)]; }
  std::vector<StageTime> stage_times() const;  // summed over engines
  const std::vector<ColumnSpec>& channel_columns() const {
    return engines_.front()->scorer.columns();
  }

 private:
  const ModelSet& models_;
  const AnnotateOptions& options_;
  std::vector<std::unique_ptr<Engine>> engines_;
};

}  // namespace mien
