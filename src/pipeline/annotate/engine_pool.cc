#include "pipeline/annotate/engine_pool.h"

#include <future>
#include <utility>

namespace mien {

Status EnginePool::open_first() {
  reserve(1);
  MIEN_TRY(first, engine(0));
  if (options_.channels.head && !head_) {
    MIEN_TRY(opened, ExpressionHead::open(models_, options_.channels.head->id));
    head_ = std::move(opened);
    head_column_ = first->scorer.head_columns().value_or(0);
  }
  return Ok{};
}

void EnginePool::reserve(int count) {
  const auto wanted = static_cast<std::size_t>(count);
  if (engines_.size() < wanted) engines_.resize(wanted);
}

Result<Engine*> EnginePool::engine(int index) {
  std::unique_ptr<Engine>& engine = engines_.at(static_cast<std::size_t>(index));
  if (engine == nullptr) {
    auto opening = std::async(std::launch::async,
                              [this] { return ChannelScorer::open(models_, options_.channels); });
    MIEN_TRY(analyser, FrameAnalyser::open(models_, options_.face));
    MIEN_TRY(scorer, opening.get());
    std::optional<VisualScorer> contexts;
    if (options_.contexts.any()) {
      MIEN_TRY(opened, VisualScorer::open(models_, options_.contexts));
      contexts = std::move(opened);
    }
    engine = std::make_unique<Engine>(
        Engine{std::move(analyser), std::move(scorer), std::move(contexts), on_frame_});
  }
  return engine.get();
}

const std::vector<std::string>& EnginePool::contexts() const {
  static const std::vector<std::string> kNone;
  const std::optional<VisualScorer>& scorer = engines_.front()->contexts;
  return scorer.has_value() ? scorer->contexts() : kNone;
}

const std::vector<double>& EnginePool::context_thresholds() const {
  static const std::vector<double> kNone;
  const std::optional<VisualScorer>& scorer = engines_.front()->contexts;
  return scorer.has_value() ? scorer->thresholds() : kNone;
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
    if (engine == nullptr) continue;
    add(engine->analyser.stage_times());
    add(engine->scorer.stage_times());
    if (engine->contexts.has_value()) add(engine->contexts->stage_times());
  }
  if (head_) add({{"head", head_->clock().calls, head_->clock().seconds}});
  return total;
}

}  // namespace mien
