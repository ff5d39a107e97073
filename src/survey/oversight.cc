#include "survey/oversight.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "survey/rating_database.h"
#include "survey/rating_rows.h"

namespace mien {

namespace {

Status check_rater(SqliteDatabase& ratings, std::string_view rater) {
  MIEN_TRY(known, ratings.integer("SELECT 1 FROM raters WHERE id = ?", {rater}));
  if (known.has_value()) return Ok{};
  return Error{ErrorCode::kNotFound, fmt::format("'{}' is no rater of this study", rater)};
}

Status check_reason(std::string_view reason) {
  if (!reason.empty()) return Ok{};
  return Error{ErrorCode::kUsage, "a reason is missing; it is kept beside the decision"};
}

bool passes(const GivenAnswer& answer, const SurveyDefinition& definition) {
  const auto one = std::ranges::find(definition.catches, answer.clip, &CatchClip::clip);
  if (one == definition.catches.end()) return true;  // no longer a catch clip
  double most = 0;
  for (const auto& [label, value] : answer.values) most = std::max(most, value);
  return std::ranges::any_of(answer.values, [&](const auto& given) {
    return given.second > 0 && given.second == most &&
           std::ranges::find(one->expected, definition.labels[given.first].id) !=
               one->expected.end();
  });
}

double median(std::vector<std::int64_t> values) {
  if (values.empty()) return std::nan("");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  const auto upper = static_cast<double>(*middle);
  if (values.size() % 2 == 1) return upper;
  return (upper + static_cast<double>(*std::max_element(values.begin(), middle))) / 2;
}

// One rater's answers; they stand by place, so that first judgements come before repeats.
void summarise(const std::vector<const GivenAnswer*>& answers, const SurveyDefinition& definition,
               RaterSummary& to) {
  std::map<std::string_view, const GivenAnswer*> first;
  std::vector<std::int64_t> times;
  for (const GivenAnswer* answer : answers) {
    if (answer->outcome == "skipped") {
      ++to.skipped;
      continue;
    }
    if (answer->outcome == "cannot_tell")
      ++to.cannot_tell;
    else
      ++to.answers;
    if (answer->response_ms.has_value()) times.push_back(*answer->response_ms);
    if (answer->kind == "catch") {
      ++to.catches;
      if (!passes(*answer, definition)) ++to.catches_failed;
    } else if (answer->repeat == 0) {
      first[answer->clip] = answer;
    } else if (const auto before = first.find(answer->clip); before != first.end()) {
      ++to.repeats;
      auto now = answer->values, then = before->second->values;
      std::ranges::sort(now);
      std::ranges::sort(then);
      if (now == then && answer->outcome == before->second->outcome) ++to.repeats_equal;
    }
  }
  to.median_response_ms = median(std::move(times));
  to.speeder = to.median_response_ms < definition.speeder_s * 1000;
}

Status read_raters(SqliteDatabase& ratings, const SurveyDefinition& definition,
                   StudyProgress& progress) {
  return ratings.each(
      "SELECT r.id, r.group_name, r.state, coalesce((SELECT reason FROM exclusions e WHERE e.rater "
      "= "
      "r.id AND e.lifted_ms IS NULL ORDER BY id DESC LIMIT 1), ''), (SELECT count(*) FROM events v "
      "WHERE v.rater = r.id AND v.kind = 'session_done'), (SELECT coalesce(sum(amount), 0) FROM "
      "payments p WHERE p.rater = r.id AND p.currency = ?) FROM raters r ORDER BY r.joined_ms, "
      "r.id",
      {definition.pay_currency}, [&](const SqlRow& row) -> Status {
        RaterSummary rater;
        rater.id = row.text(0);
        rater.group = row.text(1);
        rater.state = row.text(2);
        rater.excluded = row.text(3);
        rater.sessions_done = row.integer(4);
        rater.pay_due = static_cast<double>(rater.sessions_done) * definition.pay_amount;
        rater.paid = row.real(5);
        progress.raters.push_back(std::move(rater));
        return Ok{};
      });
}

}  // namespace

Result<StudyProgress> study_progress(SqliteDatabase& ratings, const SurveyDefinition& definition,
                                     const ClipList& clips) {
  StudyProgress progress;
  MIEN_TRY(paused, ratings.text("SELECT value FROM facts WHERE key = 'paused'"));
  progress.paused = paused.value_or("") == "1";
  MIEN_TRY_VOID(read_raters(ratings, definition, progress));
  MIEN_TRY(answers, given_answers(ratings, definition, AnswerScope::kAll));
  std::map<std::string_view, std::vector<const GivenAnswer*>> by_rater;
  for (const GivenAnswer& answer : answers) by_rater[answer.rater].push_back(&answer);
  std::map<std::string_view, std::size_t> group_at;
  for (const SurveyGroup& group : definition.groups) {
    group_at[group.name] = progress.groups.size();
    progress.groups.push_back({group.name, 0, 0, 0});
  }
  std::vector<std::size_t> clip_at(clips.clips().size(), clips.clips().size());
  for (std::size_t i = 0; i < clips.clips().size(); ++i) {
    const std::string& id = clips.clips()[i].id;
    if (std::ranges::find(definition.catches, id, &CatchClip::clip) != definition.catches.end()) {
      continue;
    }
    clip_at[i] = progress.clips.size();
    progress.clips.push_back({id, std::vector<std::int64_t>(definition.groups.size() + 1, 0)});
  }
  for (RaterSummary& rater : progress.raters) {
    summarise(by_rater[rater.id], definition, rater);
    const auto group = group_at.find(rater.group);
    const std::size_t at = group == group_at.end() ? definition.groups.size() : group->second;
    if (at < progress.groups.size()) ++progress.groups[at].raters;
    if (!rater.excluded.empty()) continue;
    for (const GivenAnswer* answer : by_rater[rater.id]) {
      const bool counts = answer->kind == "new" && answer->repeat == 0 &&
                          (answer->outcome == "rated" || answer->outcome == "none");
      const int clip = clips.index_of(answer->clip);
      if (!counts || clip < 0 || clip_at[static_cast<std::size_t>(clip)] == clips.clips().size()) {
        continue;
      }
      ++progress.clips[clip_at[static_cast<std::size_t>(clip)]].ratings[at];
      if (at < progress.groups.size()) ++progress.groups[at].ratings;
      ++progress.ratings;
    }
  }
  const auto number = static_cast<std::int64_t>(progress.clips.size());
  for (std::size_t i = 0; i < definition.groups.size(); ++i) {
    progress.groups[i].target = number * definition.groups[i].ratings_per_clip;
    progress.target += progress.groups[i].target;
  }
  if (!definition.groups_have_targets()) progress.target = number * definition.ratings_per_clip;
  return progress;
}

Status exclude_rater(SqliteDatabase& ratings, std::string_view rater, std::string_view reason,
                     std::int64_t now) {
  MIEN_TRY_VOID(check_rater(ratings, rater));
  MIEN_TRY_VOID(check_reason(reason));
  MIEN_TRY_VOID(ratings.run("INSERT INTO exclusions(rater, reason, made_ms) VALUES (?, ?, ?)",
                            {rater, reason, now}));
  return add_event(ratings, now, rater, "excluded", reason);
}

Status include_rater(SqliteDatabase& ratings, std::string_view rater, std::string_view reason,
                     std::int64_t now) {
  MIEN_TRY_VOID(check_rater(ratings, rater));
  MIEN_TRY_VOID(check_reason(reason));
  MIEN_TRY_VOID(
      ratings.run("UPDATE exclusions SET lifted_ms = ?, lifted_reason = ? WHERE rater = ? AND "
                  "lifted_ms IS NULL",
                  {now, reason, rater}));
  if (ratings.changed_rows() == 0) {
    return Error{ErrorCode::kUsage, fmt::format("rater '{}' is not excluded", rater)};
  }
  return add_event(ratings, now, rater, "included", reason);
}

Status set_paused(SqliteDatabase& ratings, bool paused, std::int64_t now) {
  MIEN_TRY_VOID(
      ratings.run("INSERT INTO facts VALUES ('paused', ?) ON CONFLICT(key) DO UPDATE SET value = "
                  "excluded.value",
                  {paused ? "1" : "0"}));
  return add_event(ratings, now, "", paused ? "paused" : "continued", "");
}

Status add_payment(SqliteDatabase& ratings, std::string_view rater, double amount,
                   std::string_view currency, std::string_view note, std::int64_t now) {
  MIEN_TRY_VOID(check_rater(ratings, rater));
  if (!(amount > 0) || currency.empty()) {
    return Error{ErrorCode::kUsage, "a payment has an amount above 0 and a currency"};
  }
  return ratings.run(
      "INSERT INTO payments(rater, amount, currency, note, made_ms) VALUES (?, ?, ?, ?, ?)",
      {rater, amount, currency, note, now});
}

}  // namespace mien
