// Who rates which clip next, and what is stored.
#include "survey/rating_desk.h"

#include <gmock/gmock.h>

#include <map>
#include <regex>

#include "rating/reliability.h"
#include "store/durable_file.h"
#include "survey/clip_list.h"
#include "survey/definition.h"
#include "survey/desk_fixture.h"
#include "survey/label_studio.h"
#include "survey/oversight.h"
#include "survey/rating_database.h"
#include "survey/rating_desk.h"
#include "survey/rating_import.h"
#include "survey/rating_rows.h"

namespace mien {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace t = testing;
using testing::Desk;
using testing::with;

TEST(Desk, ClipsReachTheirTargetAndNoRaterSeesOneTwice) {
  Desk d(20);
  std::vector<std::string> raters;
  for (int i = 0; i < 5; ++i) raters.push_back(d.join(i % 2 == 0 ? "north" : "south"));
  // All at the same time, one clip each in turn.
  for (int round = 0; round < 40; ++round) {
    for (const std::string& rater : raters) {
      const RaterView view = d.next(rater);
      if (!view.lent.empty()) (void)d.answer(rater, view.lent[0].place);
    }
  }
  const StudyProgress progress = study_progress(*d.ratings, d.definition, *d.clips).value();
  EXPECT_EQ(progress.ratings, 60);
  for (const ClipSummary& clip : progress.clips) {
    EXPECT_EQ(clip.ratings[0] + clip.ratings[1], 3) << clip.clip;
  }
  EXPECT_EQ(d.ratings
                ->integer("SELECT count(*) FROM (SELECT rater, clip FROM assignments GROUP BY "
                          "rater, clip HAVING count(*) > 1)")
                .value(),
            0);
  EXPECT_EQ(d.next(raters[0]).state, RaterState::kNothingLeft);
}

TEST(Desk, BalancesWhileRatersCome) {
  Desk d(30);
  for (int i = 0; i < 4; ++i) {
    const std::string rater = d.join();
    for (int k = 0; k < 15; ++k) (void)d.answer(rater, d.next(rater).lent[0].place);
  }
  // 60 answers and 4 clips lent, of 30 clips: 2 each, but for what a rater had seen already. Two
  // raters may have left the same clip without an answer, so what was lent is counted.
  EXPECT_EQ(study_progress(*d.ratings, d.definition, *d.clips)->ratings, 60);
  int clips = 0;
  ASSERT_TRUE(d.ratings
                  ->each("SELECT count(*) FROM assignments GROUP BY clip", {},
                         [&](const SqlRow& row) -> Status {
                           ++clips;
                           EXPECT_GE(row.integer(0), 1);
                           EXPECT_LE(row.integer(0), 3);
                           return Ok{};
                         })
                  .ok());
  EXPECT_EQ(clips, 30);
}

TEST(Desk, LeasesEndAndLateAnswersAreKept) {
  Desk d(2, with(t::kSmallStudy, "ratings_per_clip = 3", "ratings_per_clip = 1"));
  const std::string slow = d.join(), quick = d.join();
  EXPECT_EQ(d.next(slow).lent.size(), 2U);
  EXPECT_EQ(d.next(quick).state, RaterState::kNothingLeft);
  EXPECT_TRUE(d.desk->lent_clip(slow, 0, d.now).value().has_value());
  EXPECT_FALSE(d.desk->lent_clip(quick, 0, d.now).value().has_value());
  d.now += 61'000;
  ASSERT_TRUE(d.desk->begin(d.now).ok());
  EXPECT_FALSE(d.desk->lent_clip(slow, 0, d.now).value().has_value());
  const RaterView view = d.next(quick);
  ASSERT_EQ(view.lent.size(), 2U);
  EXPECT_EQ(d.answer(slow, 0).kind, AnswerReceipt::Kind::kStored);
  EXPECT_EQ(d.answer(quick, view.lent[0].place).kind, AnswerReceipt::Kind::kStored);
}

TEST(Desk, AnAnswerSentAgainCountsOnceAndAForgedOneNever) {
  Desk d(5);
  const std::string rater = d.join(), other = d.join();
  (void)d.next(rater);
  EXPECT_EQ(d.answer(rater, 0).kind, AnswerReceipt::Kind::kStored);
  EXPECT_EQ(d.answer(rater, 0).kind, AnswerReceipt::Kind::kKnown);
  EXPECT_EQ(d.answer(rater, 0, "joy", "another-id-of-this-answer").reason, "answered_already");
  EXPECT_EQ(d.answer(other, 0, "joy", rater + "-answer-0").reason, "id_of_another");
  EXPECT_EQ(d.answer(other, 0).reason, "not_assigned");
  EXPECT_EQ(d.answer(rater, 99).reason, "not_assigned");
  EXPECT_EQ(d.answer(rater, 1, "fear").reason, "unknown_label");
  EXPECT_EQ(d.ratings->integer("SELECT count(*) FROM answers").value(), 1);
}

TEST(Desk, ARevisedAnswerStandsInPlaceOfTheFirst) {
  Desk d(5);
  const std::string rater = d.join();
  (void)d.next(rater);
  (void)d.answer(rater, 0, "joy");
  RaterAnswer again;
  again.id = "the-second-thought-of-it";
  again.revises = rater + "-answer-0";
  again.values = {{"awe", 1}};
  EXPECT_EQ(d.desk->answer(rater, again, d.now)->kind, AnswerReceipt::Kind::kStored);
  const auto answers = given_answers(*d.ratings, d.definition, AnswerScope::kAll).value();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_THAT(answers[0].values, ElementsAre(std::pair(1U, 1.0)));
  EXPECT_EQ(d.ratings->integer("SELECT count(*) FROM answers").value(), 2);
}

TEST(Desk, KnowsTheSameAfterARestart) {
  Desk d(6);
  const std::string rater = d.join();
  (void)d.answer(rater, d.next(rater).lent[0].place);
  const RaterView before = d.next(rater);
  d.reopen();
  const RaterView after = d.next(rater);
  EXPECT_EQ(before.lent[0].clip, after.lent[0].clip);
  EXPECT_EQ(before.lent[1].place, after.lent[1].place);
  EXPECT_EQ(after.answered, 1);
}

TEST(Desk, CatchesAndRepeatsComeAndAreJudged) {
  Desk d(40, with(t::kSmallStudy, "lease_s = 60",
                  "lease_s = 60\ncatch_every = 8\nrepeat_every = 6\nrepeat_gap = 4") +
                 "[[catch]]\nclip = \"c3\"\nexpected = [\"awe\"]\n[[catch]]\nclip = "
                 "\"c7\"\nexpected = [\"joy\", \"calm\"]\n");
  const std::string rater = d.join();
  d.rate_all(rater, "joy");
  const StudyProgress progress = study_progress(*d.ratings, d.definition, *d.clips).value();
  const RaterSummary& seen = progress.raters[0];
  EXPECT_EQ(seen.catches, 2);
  EXPECT_EQ(seen.catches_failed, 1);
  EXPECT_GE(seen.repeats, 3);
  EXPECT_EQ(seen.repeats_equal, seen.repeats);
  EXPECT_EQ(seen.median_response_ms, 1200);
  EXPECT_FALSE(seen.speeder);
  EXPECT_EQ(progress.ratings, 38);  // catches and repeats do not count
  EXPECT_EQ(d.ratings
                ->integer("SELECT min(a.place - b.place) >= 4 FROM assignments a JOIN "
                          "assignments b ON a.clip = b.clip AND a.repeat = 1 AND b.repeat = 0")
                .value(),
            1);
}

TEST(Desk, QuotasOfGroups) {
  std::string text = with(t::kSmallStudy, "name = \"north\"",
                          "name = \"north\"\nratings_per_clip = 1\nmost_raters = 1");
  text = with(text, "name = \"south\"", "name = \"south\"\nratings_per_clip = 2");
  Desk d(4, text);
  d.rate_all(d.join("north"), "joy");
  d.rate_all(d.join("south"), "awe");
  d.rate_all(d.join("south"), "awe");
  const StudyProgress progress = study_progress(*d.ratings, d.definition, *d.clips).value();
  for (const ClipSummary& clip : progress.clips) EXPECT_THAT(clip.ratings, ElementsAre(1, 2, 0));
  const std::string token = add_invitation(*d.ratings, d.definition, "north", 1, d.now).value();
  EXPECT_EQ(d.desk->join(token, d.now).error().code, ErrorCode::kBusy);
}

TEST(Desk, ExclusionIsReversibleAndFreesClips) {
  Desk d(3, with(t::kSmallStudy, "ratings_per_clip = 3", "ratings_per_clip = 1"));
  const std::string one = d.join(), two = d.join();
  d.rate_all(one, "joy");
  EXPECT_EQ(d.next(two).state, RaterState::kNothingLeft);
  EXPECT_FALSE(exclude_rater(*d.ratings, one, "", d.now).ok()) << "without a reason";
  ASSERT_TRUE(exclude_rater(*d.ratings, one, "always the first word", d.now).ok());
  ASSERT_TRUE(d.desk->refresh(d.now).ok());
  EXPECT_EQ(d.next(one).state, RaterState::kClosed);
  EXPECT_EQ(d.next(two).lent.size(), 2U);
  EXPECT_TRUE(given_answers(*d.ratings, d.definition, AnswerScope::kAnalysis)->empty());
  ASSERT_TRUE(include_rater(*d.ratings, one, "was asked", d.now).ok());
  EXPECT_EQ(given_answers(*d.ratings, d.definition, AnswerScope::kAnalysis)->size(), 3U);
  EXPECT_EQ(d.ratings->text("SELECT reason FROM exclusions").value(), "always the first word");
}

TEST(Desk, AWithdrawnRaterLeavesNothing) {
  Desk d(3);
  const std::string rater = d.join();
  d.rate_all(rater, "joy");
  ASSERT_TRUE(add_payment(*d.ratings, rater, 5, "EUR", "", d.now).ok());
  ASSERT_TRUE(d.desk->withdraw(rater, "mark", d.now).ok());
  ASSERT_TRUE(settle(*d.ratings).ok());
  for (const char* name : {"ratings.db", "ratings.db-wal"}) {
    const auto bytes = read_whole_file(d.folder.path() / "rating" / name);
    EXPECT_EQ(bytes.value().find(rater), std::string::npos) << name;
  }
  EXPECT_EQ(d.ratings->integer("SELECT count(*) FROM answers").value(), 0);
  EXPECT_EQ(d.ratings->integer("SELECT count(*) FROM payments WHERE rater IS NULL").value(), 1);
  EXPECT_EQ(forget_rater(*d.ratings, rater, "mark", d.now).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace mien
