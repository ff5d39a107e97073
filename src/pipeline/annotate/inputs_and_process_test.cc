#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "support/paths.h"

#include "pipeline/annotate/annotate_options.h"
#include "pipeline/annotate/annotate_setup.h"
#include "pipeline/annotate/inputs.h"
#include "pipeline/study/progress.h"
#include "pipeline/worker/process.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(AnnotateOptionsTest, SurviveTheTripThroughJson) {
  AnnotateOptions options;
  options.rate_hz = 12.5;
  options.face.max_yaw_deg = 33;
  options.face.small_faces = false;
  options.channels.expression_models = {"mine"};
  options.channels.blendshape = options.channels.action_units = true;
  options.windows.video_mean = VideoMean::kLargestFace;
  const nlohmann::json json = to_json(options);
  const auto back = annotate_options_from_json(json);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(to_json(*back), json);
  EXPECT_FALSE(back->face.small_faces);
  EXPECT_TRUE(back->channels.blendshape && back->channels.action_units);
}

TEST(AnnotateOptionsTest, AskForBlendshapesOnlyWhereTheirNetworksAre) {
  const testing::TemporaryFolder models;
  AnnotateRequest request;
  request.manifest_folder = testing::source_dir() / "models";
  request.model_folder = models.path();
  request.options.channels.action_units = true;
  const auto refused = worker_setup(request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(refused.error().message, HasSubstr("remedy: mien models add FILE"));
}

TEST(AnnotateOptionsTest, DetectionIsAsFarApartInTimeOnFastGrids) {
  EXPECT_EQ(usual_detect_every(1), 4);
  EXPECT_EQ(usual_detect_every(6), 4);
  EXPECT_EQ(usual_detect_every(12), 8);
  EXPECT_EQ(usual_detect_every(25), 17);
}

TEST(AnnotateOptionsTest, TheSecondMeshFollowsWhereBlendshapesAreAllThatIsMeasured) {
  AnnotateOptions options;
  options.rate_hz = 25;
  options.channels.blendshape = true;
  EXPECT_FALSE(second_mesh_should_follow(options));  // basic7, action and label read the first
  options.channels.basic7 = options.channels.action = options.channels.label = false;
  EXPECT_TRUE(second_mesh_should_follow(options));
  options.face.second_mesh_follows = true;
  EXPECT_TRUE(annotate_options_from_json(to_json(options))->face.second_mesh_follows);
  options.rate_hz = 6;
  EXPECT_FALSE(second_mesh_should_follow(options));
  EXPECT_FALSE(to_json(AnnotateOptions{}).at("face").contains("second_mesh_follows"));
}

TEST(AnnotateOptionsTest, RefuseMissingFields) {
  nlohmann::json json = to_json(AnnotateOptions{});
  json["face"].erase("border");
  EXPECT_EQ(annotate_options_from_json(json).error().code, ErrorCode::kCorrupt);
}

TEST(ProgressTest, SaysHowFarAndHowLong) {
  EXPECT_EQ(progress_line({12, 1, 40, 318, 0.5, "a.mp4"}, 40),
            "12/40 videos, 1 failed, 318 face-seconds, 8.0 face-s/s, 0:40 left | a.mp4");
  EXPECT_EQ(progress_line({0, 0, 3, 0, 0, ""}, 0), "0/3 videos, 0 face-seconds");
  EXPECT_THAT(progress_line({1, 0, 1000, 1, 0.01, ""}, 100), HasSubstr("2:45:00 left"));
}

TEST(ProgressTest, EndsWithALineEvenInALog) {
  std::string written;
  Progress progress(Progress::Style::kLog, [&](const std::string& bytes) { written += bytes; });
  progress.update({});
  EXPECT_EQ(written, "");
  progress.finish({2, 0, 2, 5, 1, ""});
  EXPECT_THAT(written, HasSubstr("2/2 videos"));
}

TEST(ChildProcessTest, SpeaksInLines) {
  auto child = ChildProcess::start("/bin/cat", {});
  ASSERT_TRUE(child.ok());
  ASSERT_TRUE(child->write_line("one").ok());
  ASSERT_TRUE(child->write_line("two").ok());
  std::vector<std::string> lines;
  for (int i = 0; i < 500 && lines.size() < 2; ++i) {
    for (std::string& line : child->read_lines()) lines.push_back(std::move(line));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_THAT(lines, ElementsAre("one", "two"));
  EXPECT_EQ(child->finish(5), std::nullopt);
}

TEST(ChildProcessTest, TellsHowItEnded) {
  auto failing = ChildProcess::start("/bin/sh", {"-c", "exit 7"});
  ASSERT_TRUE(failing.ok());
  EXPECT_EQ(failing->finish(5), "exit status 7");
  auto stubborn = ChildProcess::start("/bin/sh", {"-c", "exec sleep 60"});
  ASSERT_TRUE(stubborn.ok());
  EXPECT_EQ(stubborn->finish(0.05), "killed by signal 9");
  EXPECT_FALSE(ChildProcess::start("/no/such/program", {}).ok());
}

class InputsTest : public ::testing::Test {
 protected:
  std::filesystem::path make(const std::string& name, const std::string& text = "x") {
    const auto path = folder_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }
  Result<Inputs> expand(const std::vector<std::filesystem::path>& named, bool sequence = false) {
    return expand_inputs(named, sequence, database_);
  }
  static std::vector<std::string> ids(const Inputs& inputs) {
    std::vector<std::string> ids;
    for (const InputVideo& video : inputs.videos) ids.push_back(video.video_id);
    return ids;
  }

  testing::TemporaryFolder folder_;
  Database database_ = Database::open().value();
};

TEST_F(InputsTest, NamesFilesByNameAndFolderFilesByRelativePath) {
  const auto file = make("c.mp4");
  make("in/b.mp4");
  make("in/deep/a.webm");
  make("in/notes.txt");
  make("in/.hidden.mp4");
  std::filesystem::create_symlink("nowhere", folder_.path() / "in/lost.mp4");
  const auto inputs = expand({file, folder_.path() / "in"});
  ASSERT_TRUE(inputs.ok()) << inputs.error().message;
  EXPECT_THAT(ids(*inputs), ElementsAre("c.mp4", "b.mp4", "deep/a.webm", "lost.mp4"));
  EXPECT_EQ(inputs->files_passed_over, 2U);
  EXPECT_TRUE(std::filesystem::path(inputs->videos[0].path).is_absolute());
}

TEST_F(InputsTest, TakesFolderOfPicturesAsOneVideoWhereAsked) {
  make("shots/0001.png");
  EXPECT_THAT(ids(*expand({folder_.path() / "shots"}, true)), ElementsAre("shots"));
  EXPECT_THAT(ids(*expand({folder_.path() / "shots"})), ElementsAre("0001.png"));
}

TEST_F(InputsTest, RefusesEqualIdsAndNamesBothFiles) {
  const auto first = make("one/a.mp4");
  const auto second = make("two/a.mp4");
  const auto inputs = expand({first, second});
  ASSERT_FALSE(inputs.ok());
  EXPECT_EQ(inputs.error().code, ErrorCode::kUsage);
  EXPECT_THAT(inputs.error().message, HasSubstr(first.string()));
  EXPECT_THAT(inputs.error().message, HasSubstr(second.string()));
}

TEST_F(InputsTest, ReadsCorpusListsRelativeToThemselves) {
  const auto list = make("corpus.csv", "video_id,uri,country\nv1,clips/a.mp4,DE\nv2,/abs/b.mp4,\n");
  const auto inputs = expand({list});
  ASSERT_TRUE(inputs.ok()) << inputs.error().message;
  EXPECT_THAT(ids(*inputs), ElementsAre("v1", "v2"));
  EXPECT_EQ(inputs->videos[0].path, folder_.path() / "clips/a.mp4");
  EXPECT_EQ(std::get<std::string>(inputs->corpus->at(0, "country")), "DE");
}

TEST_F(InputsTest, NamesThatAreNoTextAreEscapedAndSaid) {
  make("in/a.mp4");
  make("in/b\xE9.mp4");
  make("in/d\xFF/c.mp4");
  const auto inputs = expand({folder_.path() / "in"});
  ASSERT_TRUE(inputs.ok()) << inputs.error().message;
  EXPECT_THAT(ids(*inputs), ElementsAre("a.mp4", "b\\xe9.mp4", "d\\xff/c.mp4"));
  EXPECT_TRUE(inputs->videos[0].has_text_name);
  EXPECT_FALSE(inputs->videos[1].has_text_name);
  EXPECT_EQ(inputs->videos[2].path, folder_.path() / "in/d\\xff/c.mp4");
  const auto listed = expand({make("l.csv", "video_id,uri\nv,in/b\xE9.mp4\n")});
  ASSERT_TRUE(listed.ok()) << listed.error().message;
  EXPECT_FALSE(listed->videos[0].has_text_name);
}

TEST_F(InputsTest, NamesTheRowOfAListThatLacksSomething) {
  EXPECT_THAT(expand({make("a.csv", "video_id,uri\nv1,\n")}).error().message, HasSubstr("row 1"));
  EXPECT_THAT(expand({make("b.csv", "id,path\nv1,x\n")}).error().message, HasSubstr("video_id"));
  EXPECT_FALSE(expand({make("c.csv", "video_id,uri\nv1,x\n"), make("d.mp4")}).ok());
}

}  // namespace
}  // namespace mien
