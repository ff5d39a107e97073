// Exit statuses, suggestions, versions, and the small verbs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program/clips.h"
#include "program/program.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

TEST(CommandLine, TellsTheVersionOfEverything) {
  const ProgramRun run = run_mien({"--version"});
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_THAT(run.out, ::testing::ContainsRegex("mien [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  for (const char* what : {"ONNX Runtime 1.", "DuckDB v1.", "FFmpeg "}) {
    EXPECT_THAT(run.out, HasSubstr(what));
  }
  EXPECT_THAT(run.out, ::testing::ContainsRegex("model set [0-9a-f]{64}\n"));
}

TEST(CommandLine, SuggestsTheNearestFlagAndVerb) {
  const ProgramRun flag = run_mien({"annotate", "a.mp4", "--out", "s", "--thread", "2"});
  EXPECT_EQ(flag.exit_status, 2);
  EXPECT_THAT(flag.err, HasSubstr("did you mean '--threads'?"));
  EXPECT_EQ(flag.out, "");
  const ProgramRun verb = run_mien({"anotate", "a.mp4"});
  EXPECT_EQ(verb.exit_status, 2);
  EXPECT_THAT(verb.err, HasSubstr("did you mean 'annotate'?"));
  const ProgramRun below = run_mien({"rate", "serve", "--port", "1"});
  EXPECT_THAT(below.err, HasSubstr("Run 'mien rate serve --help' for what it takes."));
  const ProgramRun option = run_mien({"export", "s", "--tabel", "media"});
  EXPECT_EQ(option.exit_status, 2);
  EXPECT_THAT(option.err, HasSubstr("did you mean '--table'?"));
}

TEST(CommandLine, ExitsWithTwoForUsage) {
  EXPECT_EQ(run_mien({}).exit_status, 2);
  EXPECT_EQ(run_mien({"annotate"}).exit_status, 2);
  EXPECT_EQ(run_mien({"annotate", "a.mp4"}).exit_status, 2);
  EXPECT_EQ(run_mien({"annotate", "a.mp4", "--out", "s", "--rate", "-1"}).exit_status, 2);
  EXPECT_EQ(run_mien({"annotate", "a.mp4", "--out", "s", "--rate"}).exit_status, 2);
  EXPECT_EQ(run_mien({"export", "s", "--table", "media", "--format", "xml"}).exit_status, 2);
  EXPECT_EQ(run_mien({"export", "s", "--table", "media", "--format", "parquet"}).exit_status, 2);
  const ProgramRun channel =
      run_mien({"annotate", "a.mp4", "--out", "s", "--channels", "basic7,mood"});
  EXPECT_EQ(channel.exit_status, 2);
  EXPECT_THAT(channel.err, HasSubstr("'mood'"));
  EXPECT_FALSE(std::filesystem::exists("s"));
}

TEST(CommandLine, HelpsForEveryVerb) {
  for (const char* verb : {"annotate", "export", "probe", "models", "report"}) {
    const ProgramRun run = run_mien({verb, "--help"});
    EXPECT_EQ(run.exit_status, 0) << verb;
    EXPECT_THAT(run.out, HasSubstr(verb));
  }
  EXPECT_THAT(run_mien({"--help"}).out, HasSubstr("never what a person feels"));
}

TEST(CommandLine, ProbesFilesAndCountsThoseItCannotRead) {
  const TemporaryFolder folder;
  const auto clip = face_clip(folder.path() / "clip.mp4", 0, 1);
  const auto bad = write_bytes(folder.path() / "bad.mp4", "no video");
  const ProgramRun run = run_mien({"probe", "--json", clip.string(), bad.string()});
  EXPECT_EQ(run.exit_status, 1);
  std::istringstream lines(run.out);
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  const Json good = Json::parse(line);
  EXPECT_EQ(good.at("codec"), "h264");
  EXPECT_EQ(good.at("width_px"), 400);
  EXPECT_NEAR(good.at("duration_s").get<double>(), 1, 0.05);
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(Json::parse(line).at("reason"), "not_media");
  EXPECT_THAT(run.err, HasSubstr(bad.string()));
  const ProgramRun words = run_mien({"probe", clip.string()});
  EXPECT_EQ(words.exit_status, 0);
  EXPECT_THAT(words.out, HasSubstr("400 x 300 px, 1.00 s, 25 frames/s"));
}

TEST(CommandLine, ListsAndVerifiesModels) {
  const ProgramRun list = run_mien({"models", "list", "--json"});
  ASSERT_EQ(list.exit_status, 0) << list.err;
  const Json models = Json::parse(list.out);
  std::vector<std::string> ids;
  for (const Json& model : models.at("models")) ids.push_back(model.at("id"));
  EXPECT_THAT(ids, ::testing::IsSupersetOf({"blazeface", "facemesh", "face_expression"}));
  ASSERT_FALSE(models.at("sentence_encoders").empty());
  for (const Json& encoder : models.at("sentence_encoders")) {
    if (encoder.at("id") == "use_lite") {
      EXPECT_TRUE(encoder.at("installed"));
    }
  }
  EXPECT_THAT(run_mien({"--version"}).out, HasSubstr(models.at("hash").get<std::string>()));
  const ProgramRun verify = run_mien({"models", "verify"});
  EXPECT_EQ(verify.exit_status, 0) << verify.out;
  EXPECT_THAT(verify.out, ::testing::Not(HasSubstr("refused")));
  EXPECT_THAT(verify.out, ::testing::ContainsRegex("use_lite +ok"));
  const ProgramRun import = run_mien({"models", "import"});
  EXPECT_EQ(import.exit_status, 0) << import.err;
  EXPECT_THAT(import.err, HasSubstr("is current"));
}

}  // namespace
}  // namespace mien::testing
