// rating.toml and the list of clips.
#include "survey/definition.h"

#include <gmock/gmock.h>

#include <map>
#include <regex>

#include "store/durable_file.h"
#include "survey/clip_list.h"
#include "survey/survey_fixture.h"

namespace mien {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
namespace t = testing;
using testing::with;

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

TEST(Definition, ReadsHowClipsAreChosen) {
  const auto read = parse_survey_definition(
      std::string(t::kSmallStudy) +
          "[clips]\ncount = 7\nview = \"both\"\nstrata = [\"pose\"]\nmin_face_px = 60\n",
      "rating.toml");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->clips.count, 7);
  EXPECT_TRUE(read->clips.shows_face() && read->clips.shows_scene());
  EXPECT_EQ(read->clips.strata, std::vector<std::string>{"pose"});
  EXPECT_EQ(read->clips.min_face_px, 60);
  EXPECT_EQ(read->clips.per_person, 1);
  const auto refused = [](const std::string& lines) {
    const auto bad =
        parse_survey_definition(std::string(t::kSmallStudy) + "[clips]\n" + lines, "f");
    return bad.ok() ? "" : bad.error().message;
  };
  EXPECT_THAT(refused("view = \"profile\"\n"), HasSubstr("remedy: face, scene, both"));
  EXPECT_THAT(refused("strata = [\"age\"]\n"), HasSubstr("strata = 'age' is not known"));
  EXPECT_THAT(refused("counts = 7\n"), HasSubstr("'counts' is not known"));
  EXPECT_THAT(refused("count = 0\n"), HasSubstr("count is not a whole number"));
}

TEST(Definition, TheTemplateHolds) {
  const auto text = read_whole_file(t::source_dir() / "data/rating/template.toml");
  ASSERT_TRUE(text.ok()) << text.error().message;
  const auto read = parse_survey_definition(*text, "template.toml");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->labels.size(), 16U);
  // It shows the options as they stand without it.
  ClipOptions stated = read->clips;
  ClipOptions defaults;
  nlohmann::json a, b;
  each_clip_value(stated, [&](const char* key, const auto& value) { a[key] = value; });
  each_clip_value(defaults, [&](const char* key, const auto& value) { b[key] = value; });
  EXPECT_EQ(a, b);
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

}  // namespace
}  // namespace mien
