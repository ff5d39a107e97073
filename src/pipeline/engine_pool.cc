#include "pipeline/engine_pool.h"

#include <utility>

namespace mien {

Status EnginePool::grow_to(int count) {
  while (static_cast<int>(engines_.size()) < count) {
    MIEN_TRY(analyser, FrameAnalyser::open(models_, options_.face));
    MIEN_TRY(scorer, ChannelScorer::open(models_, options_.channels));
    engines_.push_back(std::make_unique<Engine>(Engine{std::move(analyser), std::move(scorer)}));
  }
  return Ok{};
}

std::vector<StageTime> EnginePool::stage_times() const {
  std::vector<StageTime> total;
  const auto add = [&total](const std::vector<StageTime>& times) {
    for (const StageTime& time : times) {
      auto it = total.begin();
      while (it != total.end() && it->stage != time.stage) ++it;
      if (it == total.end()) it = total.insert(it, {time.stage, 0, 0});
      it->calls += time.calls;
      it->seconds += time.seconds;
    }
  };
  for (const auto& engine : engines_) {
    add(engine->analyser.stage_times());
    add(engine->scorer.stage_times());
  }
  return total;
}

}  // namespace mien
