#include <gmock/gmock.h>

#include <map>
#include <regex>

#include "rating/reliability.h"
#include "store/durable_file.h"
#include "survey/clip_list.h"
#include "survey/definition.h"
#include "survey/label_studio.h"
#include "survey/oversight.h"
#include "survey/rating_database.h"
#include "survey/rating_desk.h"
#include "survey/rating_import.h"
#include "survey/rating_rows.h"
#include "survey/survey_fixture.h"

namespace mien {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace t = testing;

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Definition, ReadsLanguagesGroupsAndPlan) {
  const auto read = parse_survey_definition(t::kSmallStudy, "rating.toml");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->languages, (std::vector<std::string>{"en", "ar"}));
  EXPECT_EQ(read->labels[1].words.at("ar"), "رهبة");
  EXPECT_EQ(read->group("south")->language, "ar");
  EXPECT_EQ(read->ratings_per_clip, 3);
  EXPECT_FALSE(read->simulated);
}

TEST(Definition, EveryMistakeIsAnErrorWithItsPlaceAndRemedy) {
  const std::string good = t::kSmallStudy;
  const std::map<std::string, std::string> bad = {
      {with(good, "lease_s", "leases"), "line 14: plan: 'leases' is not known; remedy: it takes"},
      {with(good, "lease_s = 60", "lease_s = \"60\""), "lease_s is not a number"},
      {with(good, "title = \"وجوه\"", ""), "texts.ar"},
      {with(good, "words.ar = \"فرح\"", ""), "there is no wording in 'ar'"},
      {with(good, "id = \"awe\"", "id = \"joy\""), "stands there twice"},
      {with(good, "language = \"ar\"", "language = \"fr\""), "none of the study's languages"},
      {with(good, "[plan]", "[plan]\ncatch_every = 5"), "catch_every without a catch clip"},
      {with(good, "[plan]", "[answers]\nchoice = \"none\"\n[plan]"),
       "choice = 'none' is not known"},
      {with(good, "[plan]", "[answers]\nsteps = 3\n[plan]"), "steps are of an intensity scale"},
      {with(good, "name = \"north\"", "name = \"north\"\nratings_per_clip = 2"), "some have none"},
      {good + "[[catch]]\nclip = \"c1\"\nexpected = [\"fear\"]\n", "'fear' is not offered"},
      {"languages = [", "remedy: write TOML"},
      {"", "languages"}};
  for (const auto& [text, message] : bad) {
    const auto read = parse_survey_definition(text, "rating.toml");
    ASSERT_FALSE(read.ok()) << message;
    EXPECT_THAT(read.error().message, AllOf(HasSubstr(message), HasSubstr("rating.toml: line")));
  }
}

TEST(Definition, TakesEveryWordOfThePage) {
  const std::string script = read_whole_file(t::source_dir() / "web/src/rate/words.ts").value();
  const std::size_t begin = script.find("kWords = {"), end = script.find("} as const");
  const std::string body = script.substr(begin, end - begin);
  const std::regex key("\n  (\\w+): ");
  std::string words;
  for (std::sregex_iterator one(body.begin(), body.end(), key), none; one != none; ++one) {
    words += (*one)[1].str() + " = \"x\"\n";
  }
  ASSERT_GT(words.size(), 300U);
  const auto read = parse_survey_definition(
      std::string(t::kSmallStudy) + "[interface.ar]\n" + words, "rating.toml");
  EXPECT_TRUE(read.ok()) << read.error().message;
}

TEST(Clips, NamesThatLeaveTheFolderAreErrors) {
  const auto list = [](const std::string& clip) {
    return ClipList::parse("{\"version\":1,\"clips\":[" + clip + "]}", "clips.json");
  };
  EXPECT_TRUE(list(R"({"id":"a","mp4":"a.mp4","duration_s":1})").ok());
  for (const char* bad :
       {R"({"id":"a","mp4":"../a.mp4","duration_s":1})", R"({"id":"a","mp4":"/a","duration_s":1})",
        R"({"id":"../a","mp4":"a.mp4","duration_s":1})", R"({"id":"a","duration_s":1})",
        R"({"id":"a","mp4":"a.mp4"})", R"({"id":"a","mp4":".a","duration_s":1})", "7"}) {
    const auto read = list(bad);
    ASSERT_FALSE(read.ok()) << bad;
    EXPECT_THAT(read.error().message, AllOf(HasSubstr("clip 1"), HasSubstr("remedy")));
  }
  EXPECT_FALSE(ClipList::parse("[]", "clips.json").ok());
  t::TemporaryFolder folder;
  t::make_study(folder.path(), 2);
  EXPECT_TRUE(ClipList::read(folder.path()).ok());
  std::filesystem::remove(folder.path() / "rating/clips/c1.mp4");
  EXPECT_THAT(ClipList::read(folder.path()).error().message, HasSubstr("clip c1"));
}

// A study with a desk, whose clock the test turns.
struct Desk {
  explicit Desk(int number, const std::string& text = t::kSmallStudy) {
    t::make_study(folder.path(), number, text);
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

  t::TemporaryFolder folder;
  SurveyDefinition definition;
  std::unique_ptr<ClipList> clips;
  std::unique_ptr<SqliteDatabase> ratings;
  std::unique_ptr<RatingDesk> desk;
  std::int64_t now = 1'000'000;
};

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
  // 60 ratings of 30 clips: 2 each, but for what is lent and not answered.
  const StudyProgress progress = study_progress(*d.ratings, d.definition, *d.clips).value();
  for (const ClipSummary& clip : progress.clips) {
    EXPECT_GE(clip.ratings[0], 1);
    EXPECT_LE(clip.ratings[0], 3);
  }
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
  ASSERT_TRUE(d.desk->withdraw(rater, d.now).ok());
  ASSERT_TRUE(settle(*d.ratings).ok());
  for (const char* name : {"ratings.db", "ratings.db-wal"}) {
    const auto bytes = read_whole_file(d.folder.path() / "rating" / name);
    EXPECT_EQ(bytes.value().find(rater), std::string::npos) << name;
  }
  EXPECT_EQ(d.ratings->integer("SELECT count(*) FROM answers").value(), 0);
  EXPECT_EQ(d.ratings->integer("SELECT count(*) FROM payments WHERE rater IS NULL").value(), 1);
  EXPECT_EQ(forget_rater(*d.ratings, rater, d.now).error().code, ErrorCode::kNotFound);
}

TEST(Ratings, OtherLabelsWithAnswersAreRefused) {
  Desk d(3);
  const std::string rater = d.join();
  (void)d.answer(rater, d.next(rater).lent[0].place);
  SurveyDefinition other = d.definition;
  other.labels.pop_back();
  EXPECT_EQ(open_ratings(d.folder.path(), other).error().code, ErrorCode::kMismatch);
  EXPECT_TRUE(open_ratings(d.folder.path(), d.definition).ok());
}

TEST(Ratings, ReliabilityOfAStudyHasLabelsThatNobodyChose) {
  Desk d(8);
  EXPECT_FALSE(study_ratings(*d.ratings, d.definition).ok());  // nobody yet
  for (int i = 0; i < 3; ++i) d.rate_all(d.join(), i == 2 ? "awe" : "joy");
  const Ratings ratings = study_ratings(*d.ratings, d.definition).value();
  EXPECT_THAT(ratings.labels, ElementsAre("awe", "calm", "joy"));
  ReliabilityOptions options;
  options.replicates = 20;
  const ReliabilityReport report = reliability_of(ratings, options);
  EXPECT_NEAR(report.labels[2].mean.estimate, 2.0 / 3, 1e-12);
  EXPECT_EQ(report.labels[1].mean.estimate, 0);
  EXPECT_TRUE(std::isnan(report.labels[1].alpha_nominal.estimate));
}

// What was exported comes back the same, by each of the formats.
TEST(Ratings, ExportAndImportAgree) {
  for (const std::string kind : {"single", "multiple", "intensity"}) {
    Desk d(4, with(t::kSmallStudy, "[plan]", "[answers]\nchoice = \"" + kind + "\"\n[plan]"));
    const std::string rater = d.join();
    for (int i = 0; i < 4; ++i) {
      RaterAnswer one;
      one.id = "answer-number-" + std::to_string(i) + "-of-it";
      one.place = d.next(rater).lent[0].place;
      one.viewed_fully = i == 0;
      one.response_ms = 700 + i;
      if (i == 2)
        one.outcome = AnswerOutcome::kNone;
      else if (i == 3)
        one.outcome = AnswerOutcome::kCannotTell;
      else if (kind == "intensity")
        one.values = {{"joy", i}, {"awe", 5}, {"calm", 2}};
      else
        one.values = {{i == 0 ? "joy" : "awe", 1}};
      ASSERT_EQ(d.desk->answer(rater, one, d.now)->reason, "");
    }
    const auto before = given_answers(*d.ratings, d.definition, AnswerScope::kAll).value();
    for (const std::string name : {"a.csv", "a.parquet", "a.json"}) {
      const std::filesystem::path file = d.folder.path() / name;
      ASSERT_TRUE((name == "a.json"
                       ? export_label_studio(*d.ratings, d.definition, AnswerScope::kAll, file)
                       : export_ratings(*d.ratings, d.definition, AnswerScope::kAll, file))
                      .ok());
      Database database = Database::open().value();
      const auto read = name == "a.json" ? parse_label_studio(read_whole_file(file).value(), name)
                                         : read_rating_table(database, file);
      ASSERT_TRUE(read.ok()) << name << read.error().message;
      Desk other(4, with(t::kSmallStudy, "[plan]", "[answers]\nchoice = \"" + kind + "\"\n[plan]"));
      const auto is_clip = [&](std::string_view clip) { return other.clips->index_of(clip) >= 0; };
      const AbsentLabel absent = kind == "intensity" ? AbsentLabel::kMissing : AbsentLabel::kZero;
      for (int round = 0; round < 2; ++round) {
        const auto counts =
            import_answers(*other.ratings, other.definition, is_clip, *read, absent, name, 1);
        ASSERT_TRUE(counts.ok()) << kind << name << counts.error().message;
        EXPECT_EQ(counts->stored, round == 0 ? 4 : 0) << kind << name;
        EXPECT_EQ(counts->known, round == 0 ? 0 : 4) << kind << name;
      }
      const auto after = given_answers(*other.ratings, other.definition, AnswerScope::kAll).value();
      ASSERT_EQ(after.size(), before.size());
      for (const GivenAnswer& answer : before) {
        const auto same = std::find_if(after.begin(), after.end(), [&](const GivenAnswer& one) {
          return one.clip == answer.clip;
        });
        ASSERT_NE(same, after.end());
        EXPECT_EQ(same->outcome, answer.outcome) << kind << name;
        EXPECT_EQ(same->values, answer.values) << kind << name;
        EXPECT_EQ(same->response_ms, answer.response_ms) << kind << name;
        if (name != "a.json") {
          EXPECT_EQ(same->viewed_fully, answer.viewed_fully);
        }
      }
    }
  }
}

TEST(Import, BadRowsStoreNothingAndAreAllNamed) {
  Desk d(2);
  const auto is_clip = [&](std::string_view clip) { return d.clips->index_of(clip) >= 0; };
  Database database = Database::open().value();
  const std::map<std::string, std::string> bad = {
      {"rater,clip,label\na,c0,joy\na,c9,joy\n", "line 3: 'c9' is no clip and no video"},
      {"rater,clip,label\na,c0,fear\n", "the label 'fear' is none of the study's"},
      {"rater,clip,label\na,c0,joy\na,c0,awe\n", "two labels chosen"},
      {"rater,clip,label,value\na,c0,joy,3\n", "off the scale 0 to 1"},
      {"rater,clip,label,value\na,c0,joy,x\n", "value 'x' is not a number"},
      {"rater,clip,label\na,c0,joy\na,c0,joy\n", "a second value"},
      {"rater,clip,label\n,c0,joy\n", "no rater"},
      {"rater,clip,label,reason\na,c0,joy,bored\n", "reason 'bored' is not known"},
      {"who,clip,label\na,c0,joy\n", "there is no column 'rater'"}};
  for (const auto& [text, message] : bad) {
    t::write_text(d.folder.path() / "bad.csv", text);
    const auto read = read_rating_table(database, d.folder.path() / "bad.csv");
    const Error error = read.ok() ? import_answers(*d.ratings, d.definition, is_clip, *read,
                                                   AbsentLabel::kZero, "bad.csv", 1)
                                        .error()
                                  : read.error();
    EXPECT_THAT(error.message, AllOf(HasSubstr(message), HasSubstr("remedy"))) << text;
  }
  for (const char* text : {"{}", "[1]", R"([{"data":{},"annotations":[]}, 3])",
                           R"([{"data":{"clip":"c0"},"annotations":[{"result":[]}]}])"}) {
    EXPECT_FALSE(parse_label_studio(text, "x.json").ok()) << text;
  }
  EXPECT_EQ(d.ratings->integer("SELECT count(*) FROM answers").value(), 0);
}

}  // namespace
}  // namespace mien
