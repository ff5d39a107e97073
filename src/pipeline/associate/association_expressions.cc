// The expressions' rows.
#include <algorithm>
#include <cmath>

#include "base/missing.h"
#include "pipeline/associate/association_readers.h"
#include "stats/parallel.h"

namespace mien {

namespace {

// Probabilities stay in [0, 1]; other channels are in units of their own.
bool is_probability(const std::string& column) {
  const std::string channel = split_channel(column).channel;
  return channel == "label" || channel == "basic7";
}

// Takes score columns out of the rows of `values`, in place.
void drop_scores(const std::vector<std::size_t>& dropped, StudyVideos& videos) {
  const std::size_t width = videos.layout.columns();
  std::vector<std::size_t> kept;
  for (std::size_t v = 0; v < width; ++v) {
    if (!std::binary_search(dropped.begin(), dropped.end(), v)) kept.push_back(v);
  }
  std::size_t to = 0;
  for (std::size_t video = 0; video < videos.index.size(); ++video) {
    for (const std::size_t v : kept) videos.values[to++] = videos.values[video * width + v];
  }
  videos.values.resize(to);
  for (auto at = dropped.rbegin(); at != dropped.rend(); ++at) {
    videos.layout.expressions.erase(videos.layout.expressions.begin() +
                                    static_cast<std::ptrdiff_t>(*at));
  }
}

}  // namespace

ExpressionReader::ExpressionReader(const AssociationPlan& plan, StudyVideos& videos)
    : plan_(plan), videos_(videos), seen_(plan.videos, 0), found_(plan.scores.size()) {
  no_expressions_ = videos.reason_code("no_expressions");
  no_face_ = videos.reason_code("no_scored_face");
  missing_ = videos.reason_code("missing_expression");
  out_of_range_ = videos.reason_code("score_out_of_range");
  std::size_t column = plan.scores.size();
  for (const PlannedCovariate& covariate : plan.covariates) {
    if (covariate.from_expressions) {
      own_columns_.push_back(column);
      own_missing_.push_back(videos.reason_code("missing_" + covariate.column));
    }
    column += covariate.width();
  }
  for (const std::string& score : plan.scores) bounded_.push_back(is_probability(score) ? 1 : 0);
}

std::vector<std::string> ExpressionReader::columns() const {
  std::vector<std::string> columns = {"video_id"};
  for (const std::string& score : plan_.scores) columns.push_back(sql_identifier(score));
  for (const PlannedCovariate& covariate : plan_.covariates) {
    if (!covariate.from_expressions) continue;
    columns.push_back("CAST(" + sql_identifier(covariate.column) + " AS DOUBLE)");
  }
  return columns;
}

Status ExpressionReader::add(const ScanBatch& batch) {
  std::vector<std::uint32_t> places = videos_named(batch, 0, videos_.index);
  std::int64_t unknown = 0;
  for (std::uint32_t& video : places) {
    if (video == VideoIndex::kNone) {
      ++unknown;
      continue;
    }
    if (std::atomic_ref(seen_[video]).exchange(1) == 0) continue;
    std::uint32_t first = twice_;
    while (video < first && !twice_.compare_exchange_weak(first, video)) {
    }
    video = VideoIndex::kNone;
  }
  unknown_ += unknown;
  known_ += static_cast<std::int64_t>(places.size()) - unknown;
  add_scores(batch, places);
  add_covariates(batch, places);
  return Ok{};
}

void ExpressionReader::add_scores(const ScanBatch& batch,
                                  const std::vector<std::uint32_t>& places) {
  const std::size_t width = videos_.layout.columns();
  for (std::size_t e = 0; e < plan_.scores.size(); ++e) {
    const auto scores = batch.doubles(1 + e);
    std::int64_t found = 0;
    for (std::size_t r = 0; r < places.size(); ++r) {
      if (places[r] == VideoIndex::kNone) continue;
      const double score = batch.is_null(1 + e, r) ? kNaN : scores[r];
      videos_.values[places[r] * width + e] = score;
      found += std::isfinite(score) ? 1 : 0;
    }
    found_[e] += found;
  }
}

void ExpressionReader::add_covariates(const ScanBatch& batch,
                                      const std::vector<std::uint32_t>& places) {
  const std::size_t width = videos_.layout.columns();
  for (std::size_t k = 0; k < own_columns_.size(); ++k) {
    const std::size_t field = 1 + plan_.scores.size() + k;
    for (std::size_t r = 0; r < places.size(); ++r) {
      if (places[r] == VideoIndex::kNone) continue;
      const double value = batch.is_null(field, r) ? kNaN : batch.doubles(field)[r];
      videos_.values[places[r] * width + own_columns_[k]] = value;
      if (!std::isfinite(value)) videos_.leave_out(places[r], own_missing_[k]);
    }
  }
}

// `columns`: the scores that count.
void ExpressionReader::judge(std::uint32_t first, std::uint32_t last,
                             const std::vector<std::size_t>& columns) {
  const std::size_t width = videos_.layout.columns();
  for (std::uint32_t video = first; video < last; ++video) {
    if (seen_[video] == 0) {
      videos_.leave_out(video, no_expressions_);
      continue;
    }
    const double* row = videos_.values.data() + video * width;
    std::size_t missing = 0;
    bool is_outside = false;
    for (const std::size_t e : columns) {
      if (!std::isfinite(row[e])) {
        ++missing;
      } else if (bounded_[e] != 0 && (row[e] < 0 || row[e] > 1)) {
        is_outside = true;
      }
    }
    if (missing == columns.size()) {
      videos_.leave_out(video, no_face_);
    } else if (missing > 0) {
      videos_.leave_out(video, missing_);
    } else if (is_outside) {
      videos_.leave_out(video, out_of_range_);
    }
  }
}

Status ExpressionReader::finish(int threads) {
  if (twice_ != VideoIndex::kNone) {
    return Error{
        ErrorCode::kCorrupt,
        "expressions: the video '" + std::string(videos_.index.id(twice_)) + "' appears twice"};
  }
  videos_.remarks.unknown_expressions = unknown_;
  videos_.remarks.known_expressions = known_;
  std::vector<std::size_t> empty;
  std::vector<std::size_t> columns;
  for (std::size_t e = 0; e < found_.size(); ++e) (found_[e] == 0 ? empty : columns).push_back(e);
  constexpr std::uint32_t kPiece = 1U << 16U;
  const std::uint32_t count = videos_.index.size();
  for_each_piece((count + kPiece - 1) / kPiece, threads, [&](std::size_t piece) {
    const auto first = static_cast<std::uint32_t>(piece) * kPiece;
    judge(first, std::min(count - first, kPiece) + first, columns);
  });
  if (!empty.empty()) drop_scores(empty, videos_);
  return Ok{};
}

}  // namespace mien
