// A study with a desk, whose clock the test turns.
#pragma once

#include <gtest/gtest.h>

#include "survey/clip_list.h"
#include "survey/definition.h"
#include "survey/oversight.h"
#include "survey/rating_database.h"
#include "survey/rating_desk.h"
#include "survey/survey_fixture.h"

namespace mien::testing {

struct Desk {
  explicit Desk(int number, const std::string& text = kSmallStudy) {
    make_study(folder.path(), number, text);
    definition = read_survey_definition(folder.path()).value();
    clips = std::make_unique<ClipList>(ClipList::read(folder.path()).value());
    ratings = std::make_unique<SqliteDatabase>(open_ratings(folder.path(), definition).value());
    EXPECT_TRUE(ratings->run_script("PRAGMA synchronous = OFF").ok());  // no power fails here
    reopen();
  }
  void reopen() {
    desk = std::make_unique<RatingDesk>(RatingDesk::open(*ratings, definition, *clips).value());
    EXPECT_TRUE(desk->begin(now).ok());
  }
  std::string join(const std::string& group = "north") {
    const std::string token = add_invitation(*ratings, definition, group, 1, now).value();
    const auto joined = desk->join(token, now);
    EXPECT_TRUE(joined.ok());
    EXPECT_TRUE(desk->consent(joined->id, now).ok());
    return joined->id;
  }
  RaterView next(const std::string& rater) { return desk->next(rater, now).value(); }
  AnswerReceipt answer(const std::string& rater, std::int64_t place,
                       const std::string& label = "joy", const std::string& id = "") {
    RaterAnswer one;
    one.id = id.empty() ? rater + "-answer-" + std::to_string(place) : id;
    one.place = place;
    if (label.empty())
      one.outcome = AnswerOutcome::kCannotTell;
    else
      one.values = {{label, 1}};
    one.response_ms = 1200;
    return desk->answer(rater, one, now).value();
  }
  // Rates until nothing is lent any more.
  void rate_all(const std::string& rater, const std::string& label) {
    for (RaterView view = next(rater); !view.lent.empty(); view = next(rater)) {
      ASSERT_EQ(answer(rater, view.lent[0].place, label).kind, AnswerReceipt::Kind::kStored);
    }
  }

  TemporaryFolder folder;
  SurveyDefinition definition;
  std::unique_ptr<ClipList> clips;
  std::unique_ptr<SqliteDatabase> ratings;
  std::unique_ptr<RatingDesk> desk;
  std::int64_t now = 1'000'000;
};

}  // namespace mien::testing
