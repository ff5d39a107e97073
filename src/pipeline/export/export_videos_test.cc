// A study's windows in the formats of other programs, read back.
#include "pipeline/export/export_videos.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>
#include <pugixml.hpp>
#include <set>
#include <sstream>

#include "support/paths.h"

#include "base/missing.h"
#include "pipeline/export/caption_track.h"
#include "pipeline/export/elan_document.h"
#include "pipeline/export/openface_table.h"
#include "pipeline/import/import_scores.h"
#include "pipeline/import/score_file.h"
#include "pipeline/import/score_fixture.h"
#include "store/durable_file.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::OpenFaceFrame;
using testing::put_text;
namespace fs = std::filesystem;

ExportedVideo two_faces() {
  ExportedVideo video;
  video.video_id = "clip <1>";
  video.uri = "/films/a b&c.mp4";
  video.labels = {"basic7_happy", "basic7_s<ad"};
  video.whose_labels = {"basic7: those of a classifier --> see its manifest"};
  video.windows = {{0, 0, 1'500'000, {0.25, 0.875}},
                   {0, 1'500'000, 3'000'000, {0.9, kNaN}},
                   {1, 3'725'000'400, 3'726'000'000, {0.95, 0.6}},
                   {1, 3'726'000'000, 3'727'000'000, {0.1, 0.2}}};
  return video;
}

TEST(CaptionTrack, SaysWhatReachesTheThresholdAndWhoseLabelsTheyAre) {
  const std::string text = caption_track(two_faces());
  EXPECT_TRUE(text.starts_with("WEBVTT\n\nNOTE "));
  EXPECT_THAT(text, HasSubstr("of the video clip &lt;1&gt;, by Mien."));
  EXPECT_THAT(text, HasSubstr("those of a classifier --&gt; see its manifest\n"));
  EXPECT_THAT(text, HasSubstr("never what a person feels."));
  EXPECT_THAT(text, HasSubstr("\n\n00:00:00.000 --> 00:00:01.500\n<v Face 0>s&lt;ad 0.88\n"));
  EXPECT_THAT(text, HasSubstr("\n\n01:02:05.000 --> 01:02:06.000\n<v Face 1>happy 0.95, s&lt;ad "
                              "0.60\n"));
  // Three cues, each an arrow; no other arrow anywhere.
  std::size_t arrows = 0;
  for (std::size_t at = text.find("-->"); at != std::string::npos; at = text.find("-->", at + 1)) {
    ++arrows;
  }
  EXPECT_EQ(arrows, 3U);
  EXPECT_THAT(text, Not(HasSubstr("\n\n\n")));
}

TEST(CaptionTrack, ALineEndInAnIdEndsNoNote) {
  ExportedVideo video;
  video.video_id = "a\n\n00:00.000 --> 00:09.000\nforged\x01";
  EXPECT_THAT(caption_track(video), Not(HasSubstr("\n00:00.000")));
}

// The parts that EAFv3.0.xsd demands, in its order, and its references.
TEST(ElanDocument, HoldsTheStructureOfItsSchema) {
  pugi::xml_document xml;
  const std::string text = elan_document(two_faces());
  ASSERT_TRUE(xml.load_string(text.c_str())) << text;
  const pugi::xml_node document = xml.child("ANNOTATION_DOCUMENT");
  for (const char* needed : {"AUTHOR", "DATE", "VERSION", "FORMAT"}) {
    EXPECT_TRUE(document.attribute(needed)) << needed;
  }
  std::vector<std::string> children;
  for (const pugi::xml_node child : document.children()) children.emplace_back(child.name());
  EXPECT_THAT(children, ElementsAre("HEADER", "TIME_ORDER", "TIER", "TIER", "TIER", "TIER",
                                    "LINGUISTIC_TYPE"));

  const pugi::xml_node header = document.child("HEADER");
  EXPECT_STREQ(header.attribute("TIME_UNITS").value(), "milliseconds");
  const pugi::xml_node media = header.first_child();
  EXPECT_STREQ(media.attribute("MEDIA_URL").value(), "file:///films/a%20b%26c.mp4");
  EXPECT_STREQ(media.attribute("MIME_TYPE").value(), "video/mp4");

  std::map<std::string, long long> slots;
  long long last = -1;
  for (const pugi::xml_node slot : document.child("TIME_ORDER").children("TIME_SLOT")) {
    const long long time = slot.attribute("TIME_VALUE").as_llong();
    EXPECT_GT(time, last);
    last = time;
    EXPECT_TRUE(slots.emplace(slot.attribute("TIME_SLOT_ID").value(), time).second);
  }
  std::set<std::string> annotations;
  std::map<std::string, std::string> told;
  for (const pugi::xml_node tier : document.children("TIER")) {
    EXPECT_STREQ(tier.attribute("LINGUISTIC_TYPE_REF").value(),
                 document.child("LINGUISTIC_TYPE").attribute("LINGUISTIC_TYPE_ID").value());
    for (const pugi::xml_node item : tier.children("ANNOTATION")) {
      const pugi::xml_node annotation = item.child("ALIGNABLE_ANNOTATION");
      EXPECT_TRUE(annotations.insert(annotation.attribute("ANNOTATION_ID").value()).second);
      const long long begin = slots.at(annotation.attribute("TIME_SLOT_REF1").value());
      const long long end = slots.at(annotation.attribute("TIME_SLOT_REF2").value());
      EXPECT_LT(begin, end);
      told[tier.attribute("TIER_ID").value()] +=
          std::to_string(begin) + "-" + std::to_string(end) + " " +
          annotation.child("ANNOTATION_VALUE").text().get() + ";";
    }
  }
  EXPECT_EQ(told, (std::map<std::string, std::string>{
                      {"face 0: basic7_happy", "1500-3000 0.900;"},
                      {"face 0: basic7_s<ad", "0-1500 0.875;"},
                      {"face 1: basic7_happy", "3725000-3726000 0.950;"},
                      {"face 1: basic7_s<ad", "3725000-3726000 0.600;"}}));
}

TEST(OpenFaceTable, KnowsActionUnitsByTheirNumber) {
  EXPECT_EQ(openface_name("openface_au12_r"), "AU12_r");
  EXPECT_EQ(openface_name("openface_au45_c"), "AU45_c");
  EXPECT_EQ(openface_name("pyfeat_au01"), "AU01_r");
  EXPECT_EQ(openface_name("au_12"), "AU12_r");
  EXPECT_EQ(openface_name("action_jaw_drop"), std::nullopt);
  EXPECT_EQ(openface_name("x_au1"), std::nullopt);
  EXPECT_EQ(openface_name("x_auto"), std::nullopt);
  const auto both = OpenFaceTable::open(windows_schema({}), {"a_au12", "b_au12_r"});
  EXPECT_THAT(both.error().message, HasSubstr("a_au12 and b_au12_r would both be AU12_r"));
}

class ExportVideosTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto tell = [](int i) {
      OpenFaceFrame told;
      told.au12_r = i < 30 ? 1 : 3;
      told.success = i == 5 ? 0 : 1;
      told.rx = 0.1;
      told.ry = -0.2;
      told.rz = 0.05;
      return told;
    };
    put_text(folder_.path() / "scores" / "a.csv", testing::openface_csv(60, 30, tell, 2));
    put_text(folder_.path() / "scores" / "sub" / "b.csv", testing::openface_csv(30, 30, tell));
    ImportRequest import;
    import.study = folder_.path() / "study";
    import.inputs = {folder_.path() / "scores"};
    import.frames_table = true;
    const std::atomic<bool> stop = false;
    const auto made = import_scores(import, stop);
    ASSERT_TRUE(made.ok()) << made.error().message;
    request_.study = import.study;
    request_.folder = folder_.path() / "out";
  }

  std::string text(const std::string& name) const {
    auto bytes = read_whole_file(request_.folder / name);
    EXPECT_TRUE(bytes.ok()) << name;
    return bytes.ok() ? *bytes : "";
  }

  testing::TemporaryFolder folder_;
  ExportVideosRequest request_;
};

// What OpenFace told goes out as it came in.
TEST_F(ExportVideosTest, OpenFaceInAndOutIsTheSame) {
  request_.format = VideoFormat::kOpenFace;
  request_.frames = true;
  const auto made = export_videos(request_);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->files, 2);
  EXPECT_THAT(made->whose_labels, ElementsAre(HasSubstr("OpenFace 2")));
  const fs::path file = request_.folder / exported_name("sub/b", VideoFormat::kOpenFace);
  const auto layout = score_layout({}, {});
  auto database = std::move(Database::open()).value();
  const auto sheet = read_scores(database, file, *layout);
  ASSERT_TRUE(sheet.ok()) << sheet.error().message;
  ASSERT_EQ(sheet->rows.size(), 6U);
  EXPECT_EQ(sheet->rows[1].reason, FaceReason::kNoLandmarks);
  EXPECT_EQ(sheet->rows[2].time_us, 333'000);
  EXPECT_NEAR(sheet->rows[2].pose.yaw_deg, pose_from_openface(0.1, -0.2, 0.05).yaw_deg, 1e-3);
  EXPECT_NEAR(sheet->rows[2].confidence, 0.98, 1e-6);

  std::istringstream lines(text("a.csv"));
  std::string line;
  std::getline(lines, line);
  EXPECT_TRUE(line.starts_with(
      "frame,face_id,timestamp,confidence,success,pose_Rx,pose_Ry,pose_Rz,AU01_r,AU02_r"));
  std::getline(lines, line);
  EXPECT_TRUE(line.starts_with("1,0,0.000000,")) << line;
  EXPECT_THAT(line, HasSubstr(",1,0.100000,-0.200000,0.050000,,,0.5,"));
  std::getline(lines, line);
  EXPECT_TRUE(line.starts_with("1,1,0.000000,")) << line;
  std::getline(lines, line);
  EXPECT_TRUE(line.starts_with("2,0,0.167000,")) << line;
  EXPECT_THAT(line, HasSubstr(",0,0.100000,-0.200000,0.050000,,,,"));
}

TEST_F(ExportVideosTest, CaptionsOfChosenChannelsAndVideos) {
  request_.format = VideoFormat::kWebVtt;
  const auto unsure = export_videos(request_);
  ASSERT_FALSE(unsure.ok());
  EXPECT_THAT(unsure.error().message, HasSubstr("--channels among openface"));
  request_.channels = {"openface"};
  request_.threshold = 1.5;
  request_.videos = {"a", "nobody"};
  const auto made = export_videos(request_);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->files, 1);
  EXPECT_EQ(made->videos_without_windows, 1);
  EXPECT_THAT(text("a.vtt"), HasSubstr("<v Face 0>au12_r 2.09"));
  EXPECT_THAT(text("a.vtt"), HasSubstr("<v Face 1>au12_r 3.09"));
  EXPECT_THAT(text("a.vtt"), HasSubstr("Those of OpenFace 2"));
  request_.videos = {"nobody"};
  EXPECT_EQ(export_videos(request_).error().code, ErrorCode::kUsage);
}

TEST(ExportedName, StaysInsideTheFolder) {
  EXPECT_EQ(exported_name("clip-1.mp4", VideoFormat::kElan), "clip-1.mp4.eaf");
  for (const char* id : {"../../etc/x", "a/b", ".hidden", "a b"}) {
    const std::string name = exported_name(id, VideoFormat::kWebVtt);
    EXPECT_EQ(fs::path(name).filename(), name);
    EXPECT_FALSE(name.starts_with("."));
    EXPECT_NE(name.find('-'), std::string::npos) << name;
  }
  EXPECT_NE(exported_name("a/b", VideoFormat::kElan), exported_name("a_b", VideoFormat::kElan));
  EXPECT_LT(exported_name(std::string(1000, 'x'), VideoFormat::kElan).size(), 200U);
}

}  // namespace
}  // namespace mien
