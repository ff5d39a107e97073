// What the server does for raters: who joins, which clip comes next, what was answered.
//
// One thread at a time. Calls belong into a transaction of the caller's, begun with
// begin(): many calls can share one, and with it one write to the disk. What it knows from memory
// is read anew where another process has written, and after rolled_back().
//
// Assignment: a clip goes to a rater once, a repeat excepted. It is lent for the study's lease_s
// and counts as a coming rating until then; clips with fewest ratings, given and coming, go first,
// chance decides among equals. Answers that come after their lease has ended are kept.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/sqlite.h"
#include "survey/clip_counts.h"
#include "survey/clip_list.h"
#include "survey/definition.h"

namespace mien {

struct LentClip {
  std::int64_t place = 0;  // in the rater's own order, from 0
  std::uint32_t clip = 0;
};

// Where a rater stands.
enum class RaterState { kConsent, kRating, kSessionDone, kNothingLeft, kPaused, kStopped, kClosed };
std::string_view to_string(RaterState state);

struct RaterView {
  RaterState state = RaterState::kConsent;
  std::vector<LentClip> lent;  // the first is the one to rate now
  std::int64_t answered = 0;   // of the session
  std::int64_t session_clips = 0;
  std::int64_t sessions_left = 0;
};

enum class AnswerOutcome { kRated, kNone, kCannotTell, kSkipped };
std::string_view to_string(AnswerOutcome outcome);  // "rated", "none", "cannot_tell", "skipped"

struct RaterAnswer {
  std::string id;  // made by the rater's page; the same answer sent again has the same
  std::int64_t place = 0;
  AnswerOutcome outcome = AnswerOutcome::kRated;
  std::vector<std::pair<std::string, double>> values;  // choices have the value 1
  std::string comment;
  std::optional<std::int64_t> response_ms, viewed_ms;
  bool viewed_fully = false;
  double speed = 1;
  std::string revises;  // the id of the answer it takes the place of; empty: none
};

// What became of an answer: stored, known already, or refused for a reason (a code).
struct AnswerReceipt {
  enum class Kind { kStored, kKnown, kRefused } kind = Kind::kRefused;
  std::string reason;
};

struct JoinedRater {
  std::string id, token;
};

class RatingDesk {
 public:
  // Keeps references: all three must outlive it.
  static Result<RatingDesk> open(SqliteDatabase& ratings, const SurveyDefinition& definition,
                                 const ClipList& clips);

  Status begin(std::int64_t now);
  void rolled_back() { loaded_ = false; }
  Status refresh(std::int64_t now) { return load(now); }  // after others wrote in this transaction

  // kNotFound: no such invitation, or used up; kBusy: the group is full.
  Result<JoinedRater> join(std::string_view invitation, std::int64_t now);
  // The rater whose token this is; empty: nobody's.
  Result<std::string> rater_of(std::string_view token);

  Status consent(const std::string& rater, std::int64_t now);
  // Lends clips until the rater has one and the one after it.
  Result<RaterView> next(const std::string& rater, std::int64_t now);
  // The clip lent to this rater at this place; nullopt: none, or its lease has ended.
  Result<std::optional<std::uint32_t>> lent_clip(const std::string& rater, std::int64_t place,
                                                 std::int64_t now);
  Result<AnswerReceipt> answer(const std::string& rater, const RaterAnswer& answer,
                               std::int64_t now);
  Status begin_session(const std::string& rater, std::int64_t now);
  Status stop(const std::string& rater, std::int64_t now);
  // As forget_rater().
  Status withdraw(const std::string& rater, std::string_view mark, std::int64_t now);

  // The labels' positions in the definition, in the order this rater sees them.
  Result<std::vector<std::size_t>> label_order(const std::string& rater);
  Result<std::string> group_of(const std::string& rater);

 private:
  struct Rater {
    std::string group;
    std::size_t pool = 0;
    bool consented = false, stopped = false, excluded = false;
    std::int64_t sessions = 1;
    std::int64_t next_place = 0;
    std::int64_t answered = 0;  // places, skipped ones included
    std::uint64_t seed = 0;
    std::unordered_set<std::uint32_t> seen;
    std::vector<LentClip> open;                               // not answered, by place
    std::vector<std::pair<std::int64_t, std::uint32_t>> own;  // rated and not repeated yet
  };
  struct Lease {
    std::int64_t expires_ms = 0;
    std::uint32_t clip = 0;
    std::size_t pool = 0;
  };
  struct Plan {
    std::uint32_t clip = 0;
    const char* kind = "new";
    std::int64_t repeat = 0;
  };

  static std::string lease_key(const std::string& rater, std::int64_t place);
  RatingDesk(SqliteDatabase& ratings, const SurveyDefinition& definition, const ClipList& clips);
  Status load(std::int64_t now);
  Status load_counts();
  Status load_leases(std::int64_t now);
  Result<Rater*> rater(const std::string& id);
  Status load_assignments(const std::string& id, Rater& rater);
  std::size_t pool_of(std::string_view group) const;
  void end_leases(std::int64_t now);
  void lend(const std::string& id, const Rater& rater, const LentClip& lent, bool counts,
            std::int64_t expires);
  Status renew_leases(const std::string& id, Rater& rater, std::int64_t now);
  std::optional<Plan> plan_next(Rater& rater);
  std::optional<Plan> plan_catch(const Rater& rater) const;
  std::optional<Plan> plan_repeat(Rater& rater) const;
  Status lend_next(const std::string& id, Rater& rater, const Plan& plan, std::int64_t now);
  Status note_session(const std::string& id, const Rater& rater, std::int64_t now);
  std::string refusal(const RaterAnswer& answer) const;
  Status insert_answer(const std::string& id, const RaterAnswer& answer, std::int64_t now);

  SqliteDatabase* ratings_;
  const SurveyDefinition* definition_;
  const ClipList* clips_;
  bool loaded_ = false;
  bool paused_ = false;
  std::int64_t version_ = -1;
  std::vector<ClipCounts> pools_;
  std::unordered_map<std::string, Rater> raters_;  // those that asked for something
  std::unordered_map<std::string, Lease> leases_;  // by rater and place; those that count
  std::priority_queue<std::pair<std::int64_t, std::string>,
                      std::vector<std::pair<std::int64_t, std::string>>, std::greater<>>
      ends_;
};

}  // namespace mien
