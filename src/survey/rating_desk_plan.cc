// Which clip a rater gets next, and what the desk remembers for it.
#include <algorithm>

#include "survey/rating_desk.h"

namespace mien {

namespace {

// Streams of a rater's random numbers.
constexpr std::uint64_t kCatchPlaces = 0;
constexpr std::uint64_t kRepeatPlaces = 1ULL << 32U;
constexpr std::uint64_t kChoices = 2ULL << 32U;

// Whether the place is the one of its block of `every` that chance picked. Never the first of all.
bool is_picked(std::int64_t place, std::int64_t every, std::uint64_t seed, std::uint64_t stream) {
  if (every == 0 || place == 0) return false;
  Random own = Random(seed).fork(stream + static_cast<std::uint64_t>(place / every));
  return static_cast<std::int64_t>(own.below(static_cast<std::uint64_t>(every))) == place % every;
}

Random choice_at(std::uint64_t seed, std::int64_t place) {
  return Random(seed).fork(kChoices + static_cast<std::uint64_t>(place));
}

}  // namespace

std::string RatingDesk::lease_key(const std::string& rater, std::int64_t place) {
  return rater + "/" + std::to_string(place);
}

std::size_t RatingDesk::pool_of(std::string_view group) const {
  if (!definition_->groups_have_targets()) return 0;
  const SurveyGroup* found = definition_->group(group);
  return found == nullptr ? definition_->groups.size()  // imported: a pool nobody draws from
                          : static_cast<std::size_t>(found - definition_->groups.data());
}

Status RatingDesk::load(std::int64_t now) {
  pools_.clear();
  raters_.clear();
  leases_.clear();
  ends_ = {};
  const std::size_t clips = clips_->clips().size();
  if (definition_->groups_have_targets()) {
    for (const SurveyGroup& group : definition_->groups) {
      pools_.emplace_back(clips, static_cast<std::size_t>(group.ratings_per_clip));
    }
    pools_.emplace_back(clips, 0);
  } else {
    pools_.emplace_back(clips, static_cast<std::size_t>(definition_->ratings_per_clip));
  }
  for (ClipCounts& pool : pools_) {
    for (const CatchClip& one : definition_->catches) {
      pool.never(static_cast<std::uint32_t>(clips_->index_of(one.clip)));
    }
  }
  MIEN_TRY_VOID(load_counts());
  MIEN_TRY_VOID(load_leases(now));
  MIEN_TRY(paused, ratings_->text("SELECT value FROM facts WHERE key = 'paused'"));
  paused_ = paused.value_or("") == "1";
  loaded_ = true;
  return Ok{};
}

Status RatingDesk::load_counts() {
  return ratings_->each(
      "SELECT r.group_name, a.clip, count(*) FROM assignments a JOIN raters r ON r.id = a.rater "
      "JOIN "
      "answers b ON b.id = a.answer WHERE a.kind = 'new' AND a.repeat = 0 AND b.kind IN ('rated', "
      "'none') AND NOT EXISTS(SELECT 1 FROM exclusions e WHERE e.rater = r.id AND e.lifted_ms IS "
      "NULL) GROUP BY r.group_name, a.clip",
      {}, [&](const SqlRow& row) -> Status {
        const int clip = clips_->index_of(row.text(1));
        if (clip < 0) return Ok{};
        pools_[pool_of(row.text(0))].change(static_cast<std::uint32_t>(clip),
                                            static_cast<int>(row.integer(2)));
        return Ok{};
      });
}

Status RatingDesk::load_leases(std::int64_t now) {
  return ratings_->each(
      "SELECT a.rater, a.place, a.clip, a.expires_ms, r.group_name FROM assignments a JOIN raters "
      "r "
      "ON r.id = a.rater WHERE a.kind = 'new' AND a.answer IS NULL AND a.expires_ms > ? AND "
      "r.state = 'active' AND NOT EXISTS(SELECT 1 FROM exclusions e WHERE e.rater = r.id AND "
      "e.lifted_ms IS NULL)",
      {now}, [&](const SqlRow& row) -> Status {
        const int clip = clips_->index_of(row.text(2));
        if (clip < 0) return Ok{};
        Rater rater;
        rater.pool = pool_of(row.text(4));
        lend(std::string(row.text(0)), rater, {row.integer(1), static_cast<std::uint32_t>(clip)},
             true, row.integer(3));
        return Ok{};
      });
}

Result<RatingDesk::Rater*> RatingDesk::rater(const std::string& id) {
  if (const auto known = raters_.find(id); known != raters_.end()) return &known->second;
  Rater one;
  bool found = false;
  MIEN_TRY_VOID(ratings_->each(
      "SELECT group_name, consented_ms IS NOT NULL, state, sessions, seed, EXISTS(SELECT 1 FROM "
      "exclusions e WHERE e.rater = raters.id AND e.lifted_ms IS NULL) FROM raters WHERE id = ?",
      {id}, [&](const SqlRow& row) -> Status {
        found = true;
        one.group = row.text(0);
        one.pool = pool_of(one.group);
        one.consented = row.integer(1) != 0;
        one.stopped = row.text(2) != "active";
        one.sessions = row.integer(3);
        one.seed = static_cast<std::uint64_t>(row.integer(4)) ^ definition_->seed;
        one.excluded = row.integer(5) != 0;
        return Ok{};
      }));
  if (!found) return Error{ErrorCode::kNotFound, "rater '" + id + "' is not known"};
  MIEN_TRY_VOID(load_assignments(id, one));
  return &raters_.emplace(id, std::move(one)).first->second;
}

Status RatingDesk::load_assignments(const std::string& id, Rater& one) {
  std::unordered_set<std::uint32_t> repeated;
  MIEN_TRY_VOID(ratings_->each(
      "SELECT a.place, a.clip, a.kind, coalesce(b.kind, '') FROM assignments a LEFT JOIN answers b "
      "ON b.id = a.answer WHERE a.rater = ? ORDER BY a.place",
      {id}, [&](const SqlRow& row) -> Status {
        one.next_place = row.integer(0) + 1;
        const std::string_view outcome = row.text(3);
        if (!outcome.empty()) ++one.answered;
        const int index = clips_->index_of(row.text(1));
        if (index < 0) return Ok{};
        const auto clip = static_cast<std::uint32_t>(index);
        one.seen.insert(clip);
        if (row.text(2) == "repeat") repeated.insert(clip);
        if (outcome.empty()) one.open.push_back({row.integer(0), clip});
        if (row.text(2) == "new" && (outcome == "rated" || outcome == "none")) {
          one.own.emplace_back(row.integer(0), clip);
        }
        return Ok{};
      }));
  std::erase_if(one.own, [&](const auto& own) { return repeated.contains(own.second); });
  return Ok{};
}

void RatingDesk::end_leases(std::int64_t now) {
  while (!ends_.empty() && ends_.top().first <= now) {
    const auto lease = leases_.find(ends_.top().second);
    const bool renewed = lease != leases_.end() && lease->second.expires_ms > now;
    if (lease != leases_.end() && !renewed) {
      pools_[lease->second.pool].change(lease->second.clip, -1);
      leases_.erase(lease);
    }
    ends_.pop();
  }
}

void RatingDesk::lend(const std::string& id, const Rater& rater, const LentClip& lent, bool counts,
                      std::int64_t expires) {
  if (!counts) return;
  const std::string key = lease_key(id, lent.place);
  const auto [lease, fresh] = leases_.try_emplace(key, Lease{expires, lent.clip, rater.pool});
  if (fresh) pools_[rater.pool].change(lent.clip, 1);
  lease->second.expires_ms = expires;
  ends_.emplace(expires, key);
}

Status RatingDesk::renew_leases(const std::string& id, Rater& rater, std::int64_t now) {
  const auto lease_ms = static_cast<std::int64_t>(definition_->lease_s * 1000);
  for (const LentClip& lent : rater.open) {
    MIEN_TRY_VOID(ratings_->run(
        "UPDATE assignments SET expires_ms = ? WHERE rater = ? AND place = ? AND expires_ms < ?",
        {now + lease_ms, id, lent.place, now + lease_ms / 2}));
    if (ratings_->changed_rows() == 0) continue;
    MIEN_TRY(kind, ratings_->text("SELECT kind FROM assignments WHERE rater = ? AND place = ?",
                                  {id, lent.place}));
    lend(id, rater, lent, kind == "new", now + lease_ms);
  }
  return Ok{};
}

std::optional<RatingDesk::Plan> RatingDesk::plan_next(Rater& rater) {
  if (const auto plan = plan_catch(rater)) return plan;
  if (const auto plan = plan_repeat(rater)) return plan;
  Random random = choice_at(rater.seed, rater.next_place);
  const auto clip = pools_[rater.pool].fewest(rater.seen, random);
  if (!clip.has_value()) return std::nullopt;
  return Plan{*clip, "new", 0};
}

std::optional<RatingDesk::Plan> RatingDesk::plan_catch(const Rater& rater) const {
  if (!is_picked(rater.next_place, definition_->catch_every, rater.seed, kCatchPlaces)) {
    return std::nullopt;
  }
  const std::vector<CatchClip>& catches = definition_->catches;
  const std::size_t start = choice_at(rater.seed, rater.next_place).below(catches.size());
  for (std::size_t i = 0; i < catches.size(); ++i) {
    const int clip = clips_->index_of(catches[(start + i) % catches.size()].clip);
    const auto index = static_cast<std::uint32_t>(clip);
    if (clip >= 0 && !rater.seen.contains(index)) return Plan{index, "catch", 0};
  }
  return std::nullopt;
}

std::optional<RatingDesk::Plan> RatingDesk::plan_repeat(Rater& rater) const {
  if (!is_picked(rater.next_place, definition_->repeat_every, rater.seed, kRepeatPlaces)) {
    return std::nullopt;
  }
  std::vector<std::size_t> far;
  for (std::size_t i = 0; i < rater.own.size(); ++i) {
    if (rater.next_place - rater.own[i].first >= definition_->repeat_gap) far.push_back(i);
  }
  if (far.empty()) return std::nullopt;
  const std::size_t chosen = far[choice_at(rater.seed, rater.next_place).below(far.size())];
  const Plan plan{rater.own[chosen].second, "repeat", 1};
  rater.own.erase(rater.own.begin() + static_cast<std::ptrdiff_t>(chosen));
  return plan;
}

Status RatingDesk::lend_next(const std::string& id, Rater& rater, const Plan& plan,
                             std::int64_t now) {
  const LentClip lent{rater.next_place, plan.clip};
  const std::int64_t expires = now + static_cast<std::int64_t>(definition_->lease_s * 1000);
  MIEN_TRY_VOID(ratings_->run(
      "INSERT INTO assignments(rater, place, clip, kind, repeat, leased_ms, expires_ms) VALUES (?, "
      "?, ?, ?, ?, ?, ?)",
      {id, lent.place, clips_->clips()[plan.clip].id, plan.kind, plan.repeat, now, expires}));
  lend(id, rater, lent, plan.repeat == 0 && std::string_view(plan.kind) == "new", expires);
  ++rater.next_place;
  rater.seen.insert(plan.clip);
  rater.open.push_back(lent);
  return Ok{};
}

}  // namespace mien
