// Answers as ratings, out and in.
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
      ASSERT_TRUE(
          (name == "a.json"
               ? export_label_studio(*d.ratings, d.definition, AnswerScope::kAll, file)
               : export_ratings(*d.ratings, d.definition, d.clips.get(), AnswerScope::kAll, file))
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

TEST(Export, OneViewAlone) {
  Desk d(2);
  d.rate_all(d.join(), "joy");
  const ClipList clips = ClipList::parse(R"({"version": 1, "clips": [
        {"id": "c0", "mp4": "a.mp4", "duration_s": 1, "video_id": "v", "view": "face"},
        {"id": "c1", "mp4": "b.mp4", "duration_s": 1, "video_id": "v", "view": "scene"}]})",
                                         "clips.json")
                             .value();
  const std::filesystem::path file = d.folder.path() / "scene.csv";
  const auto exported = [&](std::string_view view, const ClipList* list) {
    return export_ratings(*d.ratings, d.definition, list, AnswerScope::kAll, file, view);
  };
  ASSERT_TRUE(exported("scene", &clips).ok());
  Database database = Database::open().value();
  const auto answers = read_rating_table(database, file).value();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].clip, "c1");
  EXPECT_EQ(exported("scene", nullptr).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(exported("portrait", &clips).error().message, HasSubstr("portrait"));
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
