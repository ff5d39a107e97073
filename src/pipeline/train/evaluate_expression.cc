#include "pipeline/train/evaluate_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <system_error>

#include "base/ascii_case.h"
#include "pipeline/rate/rating_list.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/train/rated_persons.h"
#include "store/database.h"
#include "survey/clip_list.h"
#include "training/dataset.h"
#include "training/rated_labels.h"
#include "training/splits.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Matches = std::vector<std::pair<std::string, std::string>>;

// Where a rated clip's scores come from.
struct Place {
  std::uint32_t clip = 0;  // of the ratings
  std::string video;
  std::int64_t track = -1, start_us = 0, end_us = 0;  // -1: the whole video
  std::string person, source;
  std::vector<double> sum;  // of each column, weighted
  std::vector<double> weight;
};

class Places {
 public:
  Places(const Ratings& ratings, std::size_t columns) : columns_(columns) {
    for (std::uint32_t i = 0; i < ratings.clips.size(); ++i) number_.emplace(ratings.clips[i], i);
  }

  void add(const std::string& id, Place place) {
    const auto found = number_.find(id);
    if (found == number_.end()) return;
    place.clip = found->second;
    place.sum.assign(columns_, 0);
    place.weight.assign(columns_, 0);
    number_.erase(found);
    of_video_[place.video].push_back(places_.size());
    places_.push_back(std::move(place));
  }
  bool wants(const std::string& id) const { return number_.contains(id); }

  // Adds one row's scores, which stand from column `first` on.
  void score(const Table& rows, std::size_t row, std::size_t first, bool windows) {
    const auto found = of_video_.find(std::get<std::string>(rows.at(row, "video_id")));
    if (found == of_video_.end()) return;
    for (const std::size_t at : found->second) {
      Place& place = places_[at];
      if ((place.track >= 0) != windows) continue;
      double shared = 1;
      if (windows) {
        if (std::get<std::int64_t>(rows.at(row, "track_id")) != place.track) continue;
        const auto end = std::min(place.end_us, std::get<std::int64_t>(rows.at(row, "end_us")));
        const auto start =
            std::max(place.start_us, std::get<std::int64_t>(rows.at(row, "start_us")));
        shared = static_cast<double>(end - start);
        if (shared <= 0) continue;
      }
      for (std::size_t c = 0; c < columns_; ++c) {
        if (rows.column(first + c).is_null(row)) continue;
        place.sum[c] += shared * rows.column(first + c).doubles()[row];
        place.weight[c] += shared;
      }
    }
  }

  std::vector<Place>& all() { return places_; }
  std::vector<std::string> missing() const {
    std::vector<std::string> ids;
    for (const auto& [id, number] : number_) ids.push_back(id);
    return ids;
  }

 private:
  std::size_t columns_;
  std::map<std::string, std::uint32_t> number_;  // of clips that have no place yet
  std::vector<Place> places_;
  std::map<std::string, std::vector<std::size_t>> of_video_;
};

Status place_clips(const fs::path& study, Places& places) {
  MIEN_TRY(list, ClipList::read_if_there(study));
  if (!list.has_value()) return Ok{};
  for (const SurveyClip& clip : list->clips()) {
    Place place;
    place.video = clip.video_id;
    place.track = clip.track_id;
    place.start_us = clip.start_us;
    place.end_us = clip.end_us;
    place.person = clip.person.empty() ? place.video : clip.person;
    place.source = clip.source.empty() ? place.video : clip.source;
    places.add(clip.id, std::move(place));
  }
  return Ok{};
}

Status place_videos(Database& database, const fs::path& study, const std::string& expressions,
                    Places& places) {
  std::map<std::string, std::string> uploader;
  const std::vector<fs::path> corpus = {study / "corpus.parquet"};
  std::error_code ignored;
  if (fs::exists(corpus[0], ignored)) {
    MIEN_TRY(schema, database.read_schema(corpus[0]));
    if (schema.index_of("uploader") >= 0) {
      MIEN_TRY_VOID(database.query("SELECT video_id, uploader FROM " + sql_read_parquet(corpus) +
                                       " WHERE uploader IS NOT NULL AND uploader <> ''",
                                   [&](const Table& rows) -> Status {
                                     for (std::size_t i = 0; i < rows.rows(); ++i) {
                                       uploader[std::get<std::string>(rows.at(i, "video_id"))] =
                                           std::get<std::string>(rows.at(i, "uploader"));
                                     }
                                     return Ok{};
                                   }));
    }
  }
  return database.query("SELECT video_id FROM " + expressions, [&](const Table& rows) -> Status {
    for (const std::string& id : rows.column("video_id").strings()) {
      if (!places.wants(id)) continue;
      Place place;
      place.video = place.person = place.source = id;
      if (const auto by = uploader.find(id); by != uploader.end()) place.source = by->second;
      places.add(id, std::move(place));
    }
    return Ok{};
  });
}

// The pairs asked for, then those that names tell; kUsage where a column or label is not there.
Result<Matches> match(const EvaluateExpressionRequest& request, const TableSchema& schema,
                      const Ratings& ratings) {
  Matches matches = request.matches;
  std::set<std::string> taken;
  for (const auto& [column, label] : matches) {
    taken.insert(label);
    if (schema.index_of(column) < 0)
      return Error{ErrorCode::kUsage, "the study has no column '" + column + "'"};
    if (std::ranges::find(ratings.labels, label) == ratings.labels.end())
      return Error{ErrorCode::kUsage, "no rating is of the label '" + label + "'"};
  }
  for (const std::string& label : ratings.labels) {
    const std::string column = request.channel + "_" + ascii_lower_case(label);
    if (!taken.contains(label) && schema.index_of(column) >= 0) matches.emplace_back(column, label);
  }
  if (!matches.empty()) return matches;
  std::string columns, labels;
  for (const auto& column : schema.columns) {
    if (column.name.starts_with(request.channel + "_")) columns += " " + column.name;
  }
  for (const std::string& label : ratings.labels) labels += " " + label;
  return Error{ErrorCode::kUsage,
               fmt::format("no label of the ratings ({} ) has a column of the channel '{}' ({} ); "
                           "remedy: --match COLUMN=LABEL, as often as needed",
                           labels, request.channel, columns)};
}

std::string selected(const std::string& keys, const Matches& matches) {
  std::string columns = keys;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    columns += fmt::format(", CAST({} AS DOUBLE) AS score_{}", sql_identifier(matches[i].first), i);
  }
  return "SELECT " + columns + " FROM ";
}

}  // namespace

Result<EvaluateExpressionSummary> evaluate_expression(const EvaluateExpressionRequest& request) {
  DatabaseOptions options;
  options.threads = request.threads;
  MIEN_TRY(database, Database::open(options));
  MIEN_TRY(ratings, read_ratings(database, request.ratings, request.mode));
  MIEN_TRY(videos, study_table_files(request.study, "expressions"));
  MIEN_TRY(schema, database.read_schema(videos.front()));
  EvaluateExpressionSummary summary;
  MIEN_TRY(matches, match(request, schema, ratings));
  summary.matches = matches;

  Places places(ratings, matches.size());
  MIEN_TRY_VOID(place_clips(request.study, places));
  MIEN_TRY_VOID(place_videos(database, request.study, sql_read_parquet(videos), places));
  summary.not_found = places.missing();
  if (places.all().empty()) {
    return Error{
        ErrorCode::kNotFound,
        fmt::format("{}: none of the {} rated clips is a clip or a video of the study, the "
                    "first is '{}'; remedy: ratings need the ids of the study",
                    request.ratings.string(), ratings.clips.size(), ratings.clips[0])};
  }
  MIEN_TRY_VOID(database.query(selected("video_id", matches) + sql_read_parquet(videos),
                               [&](const Table& rows) -> Status {
                                 for (std::size_t i = 0; i < rows.rows(); ++i)
                                   places.score(rows, i, 1, false);
                                 return Ok{};
                               }));
  if (std::ranges::any_of(places.all(), [](const Place& place) { return place.track >= 0; })) {
    MIEN_TRY(windows, study_table_files(request.study, "windows"));
    MIEN_TRY_VOID(database.query(
        selected("video_id, track_id, start_us, end_us", matches) + sql_read_parquet(windows),
        [&](const Table& rows) -> Status {
          for (std::size_t i = 0; i < rows.rows(); ++i) places.score(rows, i, 4, true);
          return Ok{};
        }));
  }

  MIEN_TRY(persons, read_rated_persons(database, request.ratings));
  std::ranges::sort(places.all(), {}, &Place::clip);
  std::vector<std::uint32_t> clips;
  std::vector<DatasetClip> owners;
  std::vector<float> scores;
  bool probabilities = true;
  for (const Place& place : places.all()) {
    clips.push_back(place.clip);
    DatasetClip owner;
    const auto told = persons.find(ratings.clips[place.clip]);
    owner.person = told == persons.end() ? place.person : told->second;
    owner.source = place.source;
    owners.push_back(owner);
    for (std::size_t c = 0; c < matches.size(); ++c) {
      const double score = place.weight[c] > 0 ? place.sum[c] / place.weight[c]
                                               : std::numeric_limits<double>::quiet_NaN();
      if (score < 0 || score > 1) probabilities = false;
      scores.push_back(static_cast<float>(score));
    }
  }
  const Ratings rated = only_clips(ratings, clips);
  const std::vector<std::uint32_t> clusters = clusters_of(owners);
  EvaluationInput input;
  for (const auto& [column, label] : matches) input.labels.push_back(label);
  input.scores = scores;
  input.ratings = &rated;
  if (rated.mode == RatingMode::kValue) {
    const auto [lowest, highest] = value_range(rated);
    input.lowest_value = lowest;
    input.highest_value = highest;
  }
  input.clusters = clusters;
  input.probabilities = probabilities && rated.mode == RatingMode::kChoice;
  input.seed = request.seed;
  input.threads = request.threads;
  summary.evaluation = evaluate(input);
  for (const std::string& label : ratings.labels) {
    if (std::ranges::find(input.labels, label) == input.labels.end())
      summary.unmatched.push_back(label);
  }
  return summary;
}

nlohmann::ordered_json to_json(const EvaluateExpressionSummary& summary) {
  nlohmann::ordered_json matches = nlohmann::ordered_json::object();
  for (const auto& [column, label] : summary.matches) matches[column] = label;
  nlohmann::ordered_json json = to_json(summary.evaluation);
  json["scores"] = matches;
  json["labels_without_score"] = summary.unmatched;
  json["clips_not_found"] = summary.not_found;
  return json;
}

}  // namespace mien
