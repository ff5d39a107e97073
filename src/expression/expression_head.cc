#include "expression/expression_head.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"

namespace mien {

ExpressionHead::ExpressionHead(Session session)
    : session_(std::move(session)),
      row_size_(static_cast<std::size_t>(session_.manifest().features.size())) {}

Result<ExpressionHead> ExpressionHead::open(const ModelSet& models, const std::string& id) {
  MIEN_TRY(manifest, models.find(id));
  if (manifest.role != ModelRole::kExpressionHead) {
    return Error{ErrorCode::kUnsupported,
                 manifest.path.string() + ": '" + id + "' is a model of the role " +
                     std::string(to_string(manifest.role)) +
                     ", not an expression head; name a folder that 'mien train expression' wrote"};
  }
  MIEN_TRY(session, models.open_session(id));
  return ExpressionHead(std::move(session));
}

Result<std::vector<float>> ExpressionHead::score(std::span<const float> rows) {
  MIEN_CHECK(rows.size() % row_size_ == 0, "whole rows");
  const std::size_t labels = manifest().labels.size();
  std::vector<float> missing(labels, std::numeric_limits<float>::quiet_NaN());
  const StageClock::Call call(clock_);
  const auto is_finite = [](float v) { return std::isfinite(v); };
  std::vector<float> kept;
  kept.reserve(rows.size());
  for (std::size_t at = 0; at < rows.size(); at += row_size_) {
    const auto row = rows.subspan(at, row_size_);
    if (std::ranges::any_of(row, is_finite)) kept.insert(kept.end(), row.begin(), row.end());
  }
  if (kept.empty()) return missing;
  const auto frames = static_cast<std::int64_t>(kept.size() / row_size_);
  MIEN_TRY(outputs,
           session_.run_vectors({{1, frames, static_cast<std::int64_t>(row_size_)}, kept}));
  std::vector<float> scores = std::move(outputs.front().data);
  if (scores.size() != labels || !std::ranges::all_of(scores, is_finite)) return missing;
  return scores;
}

}  // namespace mien
