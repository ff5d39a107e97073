// What the researcher's page asks.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "serve/messages.h"
#include "serve/rating_api.h"
#include "survey/label_studio.h"
#include "survey/oversight.h"
#include "survey/rating_database.h"
#include "survey/rating_rows.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kClipsOfPage = 500;
constexpr std::int64_t kMostUses = 1'000'000;

// The value of "key=value" in a query; empty: not there.
std::string query_value(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    if (part.starts_with(key) && part.size() > key.size() && part[key.size()] == '=') {
      return std::string(part.substr(key.size() + 1));
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return "";
}

Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Json rater_json(const RaterSummary& rater) {
  return {{"id", rater.id},
          {"group", rater.group},
          {"state", rater.state},
          {"answers", rater.answers},
          {"skipped", rater.skipped},
          {"cannot_tell", rater.cannot_tell},
          {"catches", rater.catches},
          {"catches_failed", rater.catches_failed},
          {"repeats", rater.repeats},
          {"repeats_equal", rater.repeats_equal},
          {"median_response_ms", number_or_null(rater.median_response_ms)},
          {"speeder", rater.speeder},
          {"excluded", rater.excluded.empty() ? Json() : Json(rater.excluded)},
          {"sessions_done", rater.sessions_done},
          {"pay_due", rater.pay_due},
          {"paid", rater.paid}};
}

// How many clips have 0, 1, 2... ratings, all groups together.
std::vector<std::int64_t> clips_by_ratings(const StudyProgress& progress) {
  std::vector<std::int64_t> counts(1, 0);
  for (const ClipSummary& clip : progress.clips) {
    std::int64_t all = 0;
    for (const std::int64_t one : clip.ratings) all += one;
    if (static_cast<std::size_t>(all) >= counts.size()) {
      counts.resize(static_cast<std::size_t>(all) + 1, 0);
    }
    ++counts[static_cast<std::size_t>(all)];
  }
  return counts;
}

Json progress_json(const StudyProgress& progress, const SurveyDefinition& definition) {
  Json groups = Json::array(), raters = Json::array();
  for (const GroupSummary& group : progress.groups) {
    groups.push_back({{"name", group.name},
                      {"raters", group.raters},
                      {"ratings", group.ratings},
                      {"target", group.target}});
  }
  for (const RaterSummary& rater : progress.raters) raters.push_back(rater_json(rater));
  return {{"title", definition.texts.at(definition.languages.front()).title},
          {"simulated", definition.simulated},
          {"paused", progress.paused},
          {"ratings", progress.ratings},
          {"target", progress.target},
          {"clips", progress.clips.size()},
          {"clips_by_ratings", clips_by_ratings(progress)},
          {"pay_amount", definition.pay_amount},
          {"pay_currency", definition.pay_currency},
          {"groups", std::move(groups)},
          {"raters", std::move(raters)}};
}

Json clips_json(const StudyProgress& progress, std::string_view from_text) {
  std::size_t from = 0;
  std::from_chars(from_text.data(), from_text.data() + from_text.size(), from);
  Json clips = Json::array();
  for (std::size_t i = from; i < progress.clips.size() && i - from < kClipsOfPage; ++i) {
    clips.push_back({{"clip", progress.clips[i].clip}, {"ratings", progress.clips[i].ratings}});
  }
  return {{"from", from}, {"of", progress.clips.size()}, {"clips", std::move(clips)}};
}

// A caller's error as a refusal; others are the server's.
Result<HttpResponse> told(const Status& status, const Json& otherwise) {
  if (status.ok()) return json_response(otherwise);
  const Error& error = status.error();
  if (error.code == ErrorCode::kNotFound) return refusal(404, "not_found", error.message);
  if (error.code == ErrorCode::kUsage) return refusal(400, "refused", error.message);
  return error;
}

}  // namespace

Result<HttpResponse> RatingApi::for_researcher(const HttpRequest& request, std::int64_t now) {
  const std::string_view what = std::string_view(request.path).substr(14);
  const auto body = object_of(
      request.body, {"rater", "reason", "paused", "amount", "currency", "note", "group", "uses"});
  if (!body.has_value())
    return refusal(400, "malformed", "the body is no object this request takes");
  bool wrong = false;
  const std::string rater = text_of(*body, "rater", wrong);
  const std::string reason = text_of(*body, "reason", wrong, 2000);
  if (what == "exclude" || what == "include") {
    if (wrong) return refusal(400, "malformed", "rater and reason are texts");
    const Status status = what == "exclude" ? exclude_rater(ratings_, rater, reason, now)
                                            : include_rater(ratings_, rater, reason, now);
    if (status.ok()) MIEN_TRY_VOID(desk_->refresh(now));
    return told(status, {{"done", true}});
  }
  if (what == "pause") {
    const bool paused = truth_of(*body, "paused", wrong);
    if (wrong || !body->contains("paused"))
      return refusal(400, "malformed", "paused is true or false");
    const Status status = set_paused(ratings_, paused, now);
    if (status.ok()) MIEN_TRY_VOID(desk_->refresh(now));
    return told(status, {{"paused", paused}});
  }
  if (what == "pay") {
    const double amount = number_of(*body, "amount", 0, wrong);
    const std::string currency = text_of(*body, "currency", wrong, 20);
    const std::string note = text_of(*body, "note", wrong, 2000);
    if (wrong) return refusal(400, "malformed", "amount is a number, currency and note are texts");
    return told(add_payment(ratings_, rater, amount, currency, note, now), {{"done", true}});
  }
  if (what == "invite") {
    const std::string group = text_of(*body, "group", wrong);
    const std::int64_t uses = whole_of(*body, "uses", wrong).value_or(1);
    if (wrong || uses < 1 || uses > kMostUses)
      return refusal(400, "malformed", "uses is a number from 1");
    auto token = add_invitation(ratings_, definition_, group, uses, now);
    if (!token.ok()) return told(token.error(), {});
    return json_response({{"invitation", *token}});
  }
  return refusal(404, "not_found", "there is nothing here");
}

Result<HttpResponse> RatingApi::researcher_asks(const HttpRequest& request,
                                                SqliteDatabase& ratings) {
  const std::string_view what = std::string_view(request.path).substr(14);
  if (what == "export") return export_for(request.query, ratings);
  if (what == "reliability") {
    auto read = study_ratings(ratings, definition_);
    if (!read.ok() && read.error().code == ErrorCode::kCorrupt) {
      return json_response({{"none", true}});  // nobody has answered yet
    }
    if (!read.ok()) return std::move(read).error();
    return json_response(options_.reliability(*read));
  }
  if (what != "progress" && what != "clips") {
    return refusal(404, "not_found", "there is nothing here");
  }
  MIEN_TRY(progress, study_progress(ratings, definition_, clips_));
  if (what == "progress") return json_response(progress_json(progress, definition_));
  return json_response(clips_json(progress, query_value(request.query, "from")));
}

Result<HttpResponse> RatingApi::export_for(const std::string& query, SqliteDatabase& ratings) {
  const std::string format = query_value(query, "format");
  const AnswerScope scope =
      query_value(query, "scope") == "all" ? AnswerScope::kAll : AnswerScope::kAnalysis;
  HttpResponse response;
  if (format == "csv")
    response.content_type = "text/csv; charset=utf-8";
  else if (format == "parquet")
    response.content_type = "application/vnd.apache.parquet";
  else if (format != "json")
    return refusal(400, "format", "format is csv, parquet or json");
  const std::string name = format == "csv"       ? "ratings.csv"
                           : format == "parquet" ? "ratings.parquet"
                                                 : "ratings.json";
  response.file = rating_folder(study_) / ("." + std::to_string(getpid()) + "-" + name);
  response.remove_file = true;
  response.download_name = name;
  if (format == "json") {
    MIEN_TRY_VOID(export_label_studio(ratings, definition_, scope, response.file));
  } else {
    MIEN_TRY_VOID(export_ratings(ratings, definition_, &clips_, scope, response.file));
  }
  return response;
}

}  // namespace mien
