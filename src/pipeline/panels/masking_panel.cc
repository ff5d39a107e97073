#include "pipeline/panels/masking_panel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/study/json_values.h"
#include "pipeline/study/study_tables.h"
#include "stats/correlation.h"
#include "stats/distributions.h"
#include "store/database.h"
#include "store/sql_text.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<const char*, const char*>, 3> kPairs = {
    {{"visual", "visual_visible"},
     {"visual_patches", "visual_visible"},
     {"visual", "visual_patches"}}};
constexpr std::size_t kFewestForInterval = 3;
constexpr double kConfidence = 0.95;

struct Score {
  double prob = 0;
  bool is_present = false;
};
using Scores = std::map<std::string, Score>;   // by context
using Videos = std::map<std::string, Scores>;  // assessed ones, by id
using Arms = std::map<std::string, Videos>;    // by source

// Mean and interval of one number a video.
Json estimate(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / n;
  Json lower;
  Json upper;
  if (values.size() >= kFewestForInterval) {
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    const double half = t_quantile((1 + kConfidence) / 2, n - 1) * std::sqrt(squares / (n - 1) / n);
    lower = mean - half;
    upper = mean + half;
  }
  return {{"mean", values.empty() ? Json() : Json(mean)},
          {"lower", lower},
          {"upper", upper},
          {"videos", values.size()}};
}

Json correlation(const std::vector<double>& of_videos) {
  const MeanCorrelation mean = mean_correlation(of_videos, kConfidence);
  return {{"mean", number(mean.mean)},
          {"lower", number(mean.lower)},
          {"upper", number(mean.upper)},
          {"videos", mean.n}};
}

std::string best_of(const Scores& scores) {
  const auto best =
      std::ranges::max_element(scores, {}, [](const auto& entry) { return entry.second.prob; });
  return best == scores.end() ? "" : best->first;
}

struct Changes {
  std::vector<double> mean, absolute, spearman;  // one a video
  std::size_t contexts = 0, same_best = 0;
  std::size_t first = 0, second = 0, both = 0;  // present
};

void add(const Scores& one, const Scores& other, Changes& changes) {
  std::set<std::string> names;
  for (const auto& [name, score] : one) names.insert(name);
  for (const auto& [name, score] : other) names.insert(name);
  const auto of = [](const Scores& scores, const std::string& name) {
    const auto found = scores.find(name);
    return found == scores.end() ? Score{} : found->second;
  };
  std::vector<double> a;
  std::vector<double> b;
  double sum = 0;
  double absolute = 0;
  for (const std::string& name : names) {
    const Score x = of(one, name);
    const Score y = of(other, name);
    a.push_back(x.prob);
    b.push_back(y.prob);
    sum += x.prob - y.prob;
    absolute += std::abs(x.prob - y.prob);
    changes.first += x.is_present ? 1 : 0;
    changes.second += y.is_present ? 1 : 0;
    changes.both += x.is_present && y.is_present ? 1 : 0;
  }
  const auto n = static_cast<double>(names.size());
  changes.contexts += names.size();
  changes.mean.push_back(sum / n);
  changes.absolute.push_back(absolute / n);
  changes.spearman.push_back(spearman(a, b).r);
  changes.same_best += best_of(one) == best_of(other) ? 1 : 0;
}

Json pair_json(const std::string& first, const std::string& second, const Arms& arms) {
  const auto one = arms.find(first);
  const auto other = arms.find(second);
  Changes changes;
  if (one != arms.end() && other != arms.end()) {
    for (const auto& [video, scores] : one->second) {
      const auto same = other->second.find(video);
      if (same != other->second.end() && (!scores.empty() || !same->second.empty()))
        add(scores, same->second, changes);
    }
  }
  if (changes.mean.empty()) return {};
  return {{"first", first},
          {"second", second},
          {"videos", changes.mean.size()},
          {"contexts", changes.contexts},
          {"mean_change", estimate(changes.mean)},
          {"mean_absolute_change", estimate(changes.absolute)},
          {"spearman", correlation(changes.spearman)},
          {"same_best_context", changes.same_best},
          {"present_in_first", changes.first},
          {"present_in_second", changes.second},
          {"present_in_both", changes.both}};
}

Result<Arms> read_arms(Database& database, std::span<const std::filesystem::path> statuses,
                       std::span<const std::filesystem::path> contexts) {
  Arms arms;
  const auto text = [](const Table& batch, const char* column, std::size_t row) {
    return batch.column(column).strings()[row];
  };
  MIEN_TRY_VOID(database.query("SELECT DISTINCT video_id, source FROM " +
                                   sql_read_parquet(statuses) +
                                   " WHERE status = 'ok' AND source LIKE 'visual%' ORDER BY ALL",
                               [&](const Table& batch) -> Status {
                                 for (std::size_t row = 0; row < batch.rows(); ++row)
                                   arms[text(batch, "source", row)][text(batch, "video_id", row)];
                                 return Ok{};
                               }));
  MIEN_TRY_VOID(
      database.query("SELECT video_id, source, context, score_prob, above_threshold FROM " +
                         sql_read_parquet(contexts) +
                         " WHERE source LIKE 'visual%' AND score_prob IS NOT NULL ORDER BY ALL",
                     [&](const Table& batch) -> Status {
                       for (std::size_t row = 0; row < batch.rows(); ++row) {
                         const auto arm = arms.find(text(batch, "source", row));
                         if (arm == arms.end()) continue;
                         const auto video = arm->second.find(text(batch, "video_id", row));
                         if (video == arm->second.end()) continue;
                         const Cell present = batch.at(row, "above_threshold");
                         video->second[text(batch, "context", row)] = {
                             std::get<double>(batch.at(row, "score_prob")),
                             std::holds_alternative<bool>(present) && std::get<bool>(present)};
                       }
                       return Ok{};
                     }));
  return arms;
}

Result<Json> frames_json(Database& database, std::span<const std::filesystem::path> files) {
  Json list = Json::array();
  MIEN_TRY_VOID(database.query(
      "SELECT source, count(*)::BIGINT AS frames, avg(regions)::DOUBLE AS regions, "
      "avg(filled_share)::DOUBLE AS filled, avg(on_heads_share)::DOUBLE AS on_heads, "
      "count(*) FILTER (reason IS NOT NULL)::BIGINT AS not_assessed FROM " +
          sql_read_parquet(files) +
          " WHERE source IN ('visual', 'visual_patches') GROUP BY source "
          "ORDER BY source",
      [&](const Table& batch) -> Status {
        const auto mean = [&](const char* column, std::size_t row) {
          const Cell cell = batch.at(row, column);
          return std::holds_alternative<double>(cell) ? Json(std::get<double>(cell)) : Json();
        };
        for (std::size_t row = 0; row < batch.rows(); ++row) {
          list.push_back({{"source", batch.column("source").strings()[row]},
                          {"frames", batch.column("frames").integers()[row]},
                          {"not_assessed", batch.column("not_assessed").integers()[row]},
                          {"regions_a_frame", mean("regions", row)},
                          {"filled_share", mean("filled", row)},
                          {"filled_on_heads_share", mean("on_heads", row)}});
        }
        return Ok{};
      }));
  return list;
}

}  // namespace

Result<VideoPanel> masking_panel(Database& database, const std::filesystem::path& study) {
  const VideoPanel none{
      "no video was annotated in two of the arms (mien annotate --contexts --faces "
      "masked,visible,patches)",
      {}};
  const auto statuses = study_table_files(study, "context_status");
  const auto contexts = study_table_files(study, "contexts");
  if (!statuses.ok() || !contexts.ok()) return none;
  MIEN_TRY(arms, read_arms(database, *statuses, *contexts));
  Json pairs = Json::array();
  for (const auto& [first, second] : kPairs) {
    Json pair = pair_json(first, second, arms);
    if (!pair.empty()) pairs.push_back(std::move(pair));
  }
  if (pairs.empty()) return none;
  Json result = {{"arms", std::move(pairs)},
                 {"interval", "Student's t over videos, 95%; of correlations on Fisher's scale"}};
  const auto frames = study_table_files(study, "context_frames");
  if (frames.ok()) {
    MIEN_TRY(filled, frames_json(database, *frames));
    result["filled"] = std::move(filled);
  }
  return VideoPanel{"", std::move(result)};
}

}  // namespace mien
