#include "survey/rating_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/secret.h"
#include "base/sha256.h"
#include "survey/rating_database.h"

namespace mien {

namespace {

constexpr std::size_t kLentAtOnce = 2;  // the clip to rate and the one to load meanwhile
constexpr std::size_t kLongestComment = 4000;
bool counts_towards_target(AnswerOutcome outcome) {
  return outcome == AnswerOutcome::kRated || outcome == AnswerOutcome::kNone;
}

}  // namespace

std::string_view to_string(RaterState state) {
  switch (state) {
    case RaterState::kConsent:
      return "consent";
    case RaterState::kRating:
      return "rating";
    case RaterState::kSessionDone:
      return "session_done";
    case RaterState::kNothingLeft:
      return "nothing_left";
    case RaterState::kPaused:
      return "paused";
    case RaterState::kStopped:
      return "stopped";
    default:
      return "closed";
  }
}

std::string_view to_string(AnswerOutcome outcome) {
  switch (outcome) {
    case AnswerOutcome::kRated:
      return "rated";
    case AnswerOutcome::kNone:
      return "none";
    case AnswerOutcome::kCannotTell:
      return "cannot_tell";
    default:
      return "skipped";
  }
}

RatingDesk::RatingDesk(SqliteDatabase& ratings, const SurveyDefinition& definition,
                       const ClipList& clips)
    : ratings_(&ratings), definition_(&definition), clips_(&clips) {}

Result<RatingDesk> RatingDesk::open(SqliteDatabase& ratings, const SurveyDefinition& definition,
                                    const ClipList& clips) {
  for (const CatchClip& one : definition.catches) {
    if (clips.index_of(one.clip) < 0) {
      return Error{ErrorCode::kMismatch,
                   fmt::format("rating.toml: catch: '{}' is no clip of clips.json; remedy: name a "
                               "clip that is there",
                               one.clip)};
    }
  }
  return RatingDesk(ratings, definition, clips);
}

Status RatingDesk::begin(std::int64_t now) {
  MIEN_TRY(version, ratings_->outside_version());
  if (version != version_) loaded_ = false;
  version_ = version;
  if (!loaded_) MIEN_TRY_VOID(load(now));
  end_leases(now);
  return Ok{};
}

Result<JoinedRater> RatingDesk::join(std::string_view invitation, std::int64_t now) {
  std::int64_t id = 0;
  std::string group;
  MIEN_TRY_VOID(
      ratings_->each("SELECT id, group_name FROM invitations WHERE token_hash = ? AND used < uses",
                     {sha256_of_bytes(invitation)}, [&](const SqlRow& row) -> Status {
                       id = row.integer(0);
                       group = row.text(1);
                       return Ok{};
                     }));
  const SurveyGroup* found = definition_->group(group);
  if (id == 0 || found == nullptr) {
    return Error{ErrorCode::kNotFound, "this invitation is not known, or was used up"};
  }
  if (found->most_raters > 0) {
    MIEN_TRY(have, ratings_->integer("SELECT count(*) FROM raters WHERE group_name = ?", {group}));
    if (have.value_or(0) >= found->most_raters) {
      return Error{ErrorCode::kBusy, "this group has all the raters it needs"};
    }
  }
  JoinedRater joined{"r" + random_token(6), random_token(24)};
  const auto seed = static_cast<std::int64_t>(std::stoull(random_token(7), nullptr, 16));
  MIEN_TRY_VOID(ratings_->run("UPDATE invitations SET used = used + 1 WHERE id = ?", {id}));
  MIEN_TRY_VOID(ratings_->run(
      "INSERT INTO raters(id, token_hash, group_name, language, seed, joined_ms, state) "
      "VALUES (?, ?, ?, ?, ?, ?, 'active')",
      {joined.id, sha256_of_bytes(joined.token), group, found->language, seed, now}));
  std::vector<std::size_t> order(definition_->labels.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  Random random(static_cast<std::uint64_t>(seed));
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  for (std::size_t i = 0; i < order.size(); ++i) {
    MIEN_TRY_VOID(
        ratings_->run("INSERT INTO label_orders VALUES (?, ?, ?)",
                      {joined.id, static_cast<std::int64_t>(i), definition_->labels[order[i]].id}));
  }
  MIEN_TRY_VOID(add_event(*ratings_, now, joined.id, "joined", ""));
  return joined;
}

Result<std::string> RatingDesk::rater_of(std::string_view token) {
  MIEN_TRY(id,
           ratings_->text("SELECT id FROM raters WHERE token_hash = ?", {sha256_of_bytes(token)}));
  return id.value_or("");
}

Status RatingDesk::consent(const std::string& id, std::int64_t now) {
  MIEN_TRY(one, rater(id));
  if (one->consented) return Ok{};
  MIEN_TRY_VOID(ratings_->run("UPDATE raters SET consented_ms = ? WHERE id = ?", {now, id}));
  one->consented = true;
  return add_event(*ratings_, now, id, "consented", "");
}

Result<RaterView> RatingDesk::next(const std::string& id, std::int64_t now) {
  MIEN_TRY(one, rater(id));
  RaterView view;
  view.session_clips = definition_->session_clips;
  view.sessions_left = definition_->sessions - one->sessions;
  view.answered = one->answered - (one->sessions - 1) * definition_->session_clips;
  if (one->excluded)
    view.state = RaterState::kClosed;
  else if (one->stopped)
    view.state = RaterState::kStopped;
  else if (!one->consented)
    view.state = RaterState::kConsent;
  else if (paused_)
    view.state = RaterState::kPaused;
  else
    view.state = RaterState::kRating;
  if (view.state != RaterState::kRating) return view;
  MIEN_TRY_VOID(renew_leases(id, *one, now));
  const std::int64_t end = one->sessions * definition_->session_clips;
  while (one->open.size() < kLentAtOnce && one->next_place < end) {
    const std::optional<Plan> plan = plan_next(*one);
    if (!plan.has_value()) break;
    MIEN_TRY_VOID(lend_next(id, *one, *plan, now));
  }
  view.lent = one->open;
  if (view.lent.empty()) {
    MIEN_TRY_VOID(note_session(id, *one, now));
    view.state = one->next_place >= end ? RaterState::kSessionDone : RaterState::kNothingLeft;
  }
  return view;
}

Result<std::optional<std::uint32_t>> RatingDesk::lent_clip(const std::string& id,
                                                           std::int64_t place, std::int64_t now) {
  std::optional<std::uint32_t> clip;
  MIEN_TRY_VOID(ratings_->each(
      "SELECT clip FROM assignments WHERE rater = ? AND place = ? AND answer IS NULL AND "
      "expires_ms > ?",
      {id, place, now}, [&](const SqlRow& row) -> Status {
        const int index = clips_->index_of(row.text(0));
        if (index >= 0) clip = static_cast<std::uint32_t>(index);
        return Ok{};
      }));
  return clip;
}

Result<AnswerReceipt> RatingDesk::answer(const std::string& id, const RaterAnswer& given,
                                         std::int64_t now) {
  using Kind = AnswerReceipt::Kind;
  MIEN_TRY(one, rater(id));
  MIEN_TRY(known, ratings_->text("SELECT rater FROM answers WHERE id = ?", {given.id}));
  if (known.has_value()) {
    if (*known != id) return AnswerReceipt{Kind::kRefused, "id_of_another"};
    return AnswerReceipt{Kind::kKnown, ""};
  }
  if (!one->consented) return AnswerReceipt{Kind::kRefused, "no_consent"};
  std::string clip, kind, before, before_kind;
  MIEN_TRY_VOID(ratings_->each(
      "SELECT a.clip, a.kind, coalesce(a.answer, ''), coalesce(b.kind, '') FROM assignments a LEFT "
      "JOIN answers b ON b.id = a.answer WHERE a.rater = ? AND a.place = ?",
      {id, given.place}, [&](const SqlRow& row) -> Status {
        clip = row.text(0);
        kind = row.text(1);
        before = row.text(2);
        before_kind = row.text(3);
        return Ok{};
      }));
  if (clip.empty()) return AnswerReceipt{Kind::kRefused, "not_assigned"};
  if (before != given.revises) {
    return AnswerReceipt{Kind::kRefused, before.empty() ? "nothing_to_revise" : "answered_already"};
  }
  if (std::string reason = refusal(given); !reason.empty()) {
    return AnswerReceipt{Kind::kRefused, std::move(reason)};
  }
  MIEN_TRY_VOID(insert_answer(id, given, now));
  const int index = clips_->index_of(clip);
  const bool counted = before.empty() ? leases_.erase(lease_key(id, given.place)) > 0
                                      : before_kind == "rated" || before_kind == "none";
  const bool counts = counts_towards_target(given.outcome);
  if (kind == "new" && index >= 0) {
    const auto at = static_cast<std::uint32_t>(index);
    if (counts != counted && !one->excluded) pools_[one->pool].change(at, counts ? 1 : -1);
    if (before.empty() && counts) one->own.emplace_back(given.place, at);
  }
  std::erase_if(one->open, [&](const LentClip& lent) { return lent.place == given.place; });
  if (before.empty()) {
    ++one->answered;
    if (one->answered % definition_->session_clips == 0) MIEN_TRY_VOID(note_session(id, *one, now));
  }
  return AnswerReceipt{Kind::kStored, ""};
}

// Why an answer cannot be one to what was asked; empty: it can.
std::string RatingDesk::refusal(const RaterAnswer& given) const {
  if (given.outcome == AnswerOutcome::kNone && !definition_->none) return "none_not_offered";
  if (given.outcome == AnswerOutcome::kCannotTell && !definition_->cannot_tell) {
    return "cannot_tell_not_offered";
  }
  if (!given.comment.empty() && !definition_->free_text) return "comment_not_offered";
  if (given.comment.size() > kLongestComment) return "comment_too_long";
  const bool rated = given.outcome == AnswerOutcome::kRated;
  if (rated == given.values.empty()) return rated ? "no_label" : "label_without_rating";
  if (definition_->kind == AnswerKind::kSingle && given.values.size() > 1) return "two_labels";
  if (definition_->kind == AnswerKind::kIntensity && rated &&
      given.values.size() != definition_->labels.size()) {
    return "labels_without_amount";
  }
  std::unordered_set<std::string_view> seen;
  for (const auto& [label, value] : given.values) {
    if (definition_->label_at(label) < 0) return "unknown_label";
    if (!seen.insert(label).second) return "label_twice";
    const bool whole = value == std::floor(value);
    if (definition_->kind == AnswerKind::kIntensity
            ? !(whole && value >= 0 && value <= static_cast<double>(definition_->steps))
            : value != 1) {
      return "value_off_scale";
    }
  }
  if (rated && given.viewed_ms.has_value() &&
      static_cast<double>(*given.viewed_ms) < definition_->minimum_viewing_s * 1000) {
    return "viewed_too_short";
  }
  return "";
}

Status RatingDesk::insert_answer(const std::string& id, const RaterAnswer& given,
                                 std::int64_t now) {
  const auto whole = [](const std::optional<std::int64_t>& value) {
    return value.has_value() ? SqlValue{*value} : SqlValue{};
  };
  MIEN_TRY_VOID(ratings_->run(
      "INSERT INTO answers(id, rater, place, kind, comment, response_ms, viewed_ms, viewed_fully, "
      "speed, answered_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {given.id, id, given.place, to_string(given.outcome),
       given.comment.empty() ? SqlValue{} : SqlValue{given.comment}, whole(given.response_ms),
       whole(given.viewed_ms), std::int64_t{given.viewed_fully}, given.speed, now}));
  for (const auto& [label, value] : given.values) {
    MIEN_TRY_VOID(
        ratings_->run("INSERT INTO answer_values VALUES (?, ?, ?)", {given.id, label, value}));
  }
  if (!given.revises.empty()) {
    MIEN_TRY_VOID(
        ratings_->run("UPDATE answers SET revised_by = ? WHERE id = ?", {given.id, given.revises}));
  }
  return ratings_->run("UPDATE assignments SET answer = ? WHERE rater = ? AND place = ?",
                       {given.id, id, given.place});
}

// Once a session whose clips were all answered, or that ended because nothing was left.
Status RatingDesk::note_session(const std::string& id, const Rater& one, std::int64_t now) {
  const std::int64_t begun = (one.sessions - 1) * definition_->session_clips;
  if (one.answered <= begun) return Ok{};
  const std::string session = std::to_string(one.sessions);
  MIEN_TRY(noted,
           ratings_->integer("SELECT 1 FROM events WHERE rater = ? AND kind = 'session_done' "
                             "AND detail = ?",
                             {id, session}));
  if (noted.has_value()) return Ok{};
  return add_event(*ratings_, now, id, "session_done", session);
}

Status RatingDesk::begin_session(const std::string& id, std::int64_t now) {
  MIEN_TRY(one, rater(id));
  const bool done = one->answered >= one->sessions * definition_->session_clips;
  if (!done || one->sessions >= definition_->sessions) return Ok{};
  MIEN_TRY_VOID(ratings_->run("UPDATE raters SET sessions = sessions + 1 WHERE id = ?", {id}));
  ++one->sessions;
  return add_event(*ratings_, now, id, "session_begun", std::to_string(one->sessions));
}

Status RatingDesk::stop(const std::string& id, std::int64_t now) {
  MIEN_TRY(one, rater(id));
  if (one->stopped) return Ok{};
  MIEN_TRY_VOID(ratings_->run("UPDATE raters SET state = 'stopped' WHERE id = ?", {id}));
  one->stopped = true;
  return add_event(*ratings_, now, id, "stopped", "");
}

Status RatingDesk::withdraw(const std::string& id, std::string_view mark, std::int64_t now) {
  MIEN_TRY_VOID(forget_rater(*ratings_, id, mark, now));
  return load(now);  // clips wait for others again
}

Result<std::vector<std::size_t>> RatingDesk::label_order(const std::string& id) {
  std::vector<std::size_t> order;
  MIEN_TRY_VOID(ratings_->each("SELECT label FROM label_orders WHERE rater = ? ORDER BY position",
                               {id}, [&](const SqlRow& row) -> Status {
                                 const int at = definition_->label_at(row.text(0));
                                 if (at >= 0) order.push_back(static_cast<std::size_t>(at));
                                 return Ok{};
                               }));
  return order;
}

Result<std::string> RatingDesk::group_of(const std::string& id) {
  MIEN_TRY(one, rater(id));
  return one->group;
}

}  // namespace mien
