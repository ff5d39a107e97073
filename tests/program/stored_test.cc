// What a study keeps when nothing further is asked for: no picture, no embedding, no landmark. Each
// column of each table stands on a list here, so that a new one is thought about.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "program/clips.h"
#include "program/program.h"

#include "store/database.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;

const std::map<std::string, std::set<std::string>>& allowed_columns() {
  static const std::map<std::string, std::set<std::string>> kAllowed = {
      {"corpus",
       {"video_id", "uri", "country", "region", "title", "description", "language", "uploaded_on",
        "uploader"}},
      {"plan", {"shard", "video_id", "path", "size_bytes", "mtime_ns"}},
      {"duplicates", {"video_id", "cluster", "same_title", "same_pictures"}},
      // frame_hashes: 8 x 64 bits a video, from which no picture can be made.
      {"media",
       {"video_id", "status", "reason", "message", "duration_s", "width_px", "height_px",
        "rotation_deg", "variable_rate", "frames_decoded", "frames_analysed", "face_frames",
        "tracks", "frame_hashes"}},
      {"tracks",
       {"video_id", "track_id", "shot", "first_us", "last_us", "frames", "score_prob", "box_x_px",
        "box_y_px", "box_w_px", "box_h_px", "yaw_deg", "pitch_deg", "roll_deg", "quality",
        "reason"}},
      {"windows", {"video_id", "track_id", "start_us", "end_us", "frames", "short"}},
      {"expressions",
       {"video_id", "faces", "face_seconds", "face_size_px", "yaw_deg", "pitch_deg", "sharpness",
        "brightness", "skin_tone_ita_deg"}}};
  return kAllowed;
}

// One number a named movement, label or measurement of a face; never a vector of a network.
bool is_channel(const std::string& column) {
  for (const char* prefix : {"basic7_", "action_", "label_", "baseline_action_"}) {
    if (column.starts_with(prefix)) return true;
  }
  return false;
}

// What a picture or a video begins with.
bool is_picture(const std::string& bytes) {
  const auto begins = [&](std::string_view mark, std::size_t at = 0) {
    return bytes.size() >= at + mark.size() && bytes.compare(at, mark.size(), mark) == 0;
  };
  return begins("\xff\xd8\xff") || begins("\x89PNG") || begins("GIF8") || begins("BM") ||
         begins("RIFF") || begins("ftyp", 4) || begins("\x1a\x45\xdf\xa3") || begins("II*") ||
         begins(std::string_view("MM\0*", 4)) || begins("P6") || begins("\x93NUMPY");
}

TEST(Stored, ByDefaultNeitherPicturesNorEmbeddingsNorLandmarks) {
  const TemporaryFolder folder;
  fs::create_directories(folder.path() / "in");
  face_clip(folder.path() / "in/clip.mp4", 2, 2);
  group_picture(folder.path() / "in/group.jpg", 1, 480);
  const fs::path study = folder.path() / "study";
  const ProgramRun run =
      run_mien({"annotate", (folder.path() / "in").string(), "--out", study.string(), "--json"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  ASSERT_GT(nlohmann::json::parse(run.out).at("faces"), 0) << "there is something to keep";

  EXPECT_TRUE(is_picture(read_text(folder.path() / "in/clip.mp4"))) << "the search finds one";
  EXPECT_TRUE(is_picture(read_text(folder.path() / "in/group.jpg")));
  auto database = Database::open();
  ASSERT_TRUE(database.ok());
  std::set<std::string> tables;
  for (const auto& entry : fs::recursive_directory_iterator(study)) {
    if (!entry.is_regular_file()) continue;
    const fs::path& file = entry.path();
    EXPECT_FALSE(is_picture(read_text(file))) << file;
    EXPECT_THAT(file.extension().string(), AnyOf(".parquet", ".json", "")) << file;
    EXPECT_THAT(file.string(), ::testing::Not(HasSubstr("features"))) << file;
    if (file.extension() != ".parquet") continue;
    const std::string table = file.stem().string();
    const auto allowed = allowed_columns().find(table);
    ASSERT_NE(allowed, allowed_columns().end()) << "a table of which nobody has thought: " << file;
    tables.insert(table);
    const auto schema = database->read_schema(file);
    ASSERT_TRUE(schema.ok()) << schema.error().message;
    for (const ColumnSpec& column : schema->columns) {
      const bool channels = table == "tracks" || table == "windows" || table == "expressions";
      EXPECT_TRUE(allowed->second.contains(column.name) || (channels && is_channel(column.name)))
          << table << "." << column.name;
    }
  }
  EXPECT_TRUE(tables.contains("expressions"));
  EXPECT_FALSE(fs::exists(study / "overlays"));

  // One of them is taken out; the same command then passes it over, and the study stays sound.
  const ProgramRun forgotten =
      run_mien({"forget", study.string(), "--video", "clip.mp4", "--json"});
  ASSERT_EQ(forgotten.exit_status, 0) << forgotten.err;
  const ProgramRun again =
      run_mien({"annotate", (folder.path() / "in").string(), "--out", study.string(), "--json"});
  ASSERT_EQ(again.exit_status, 0) << again.err;
  EXPECT_EQ(nlohmann::json::parse(again.out).at("forgotten"), 1);
  EXPECT_EQ(nlohmann::json::parse(again.out).at("videos"), 1);
  EXPECT_EQ(table_rows(study, "media").size(), 1U);
  const ProgramRun verified = run_mien({"verify", study.string()});
  EXPECT_EQ(verified.exit_status, 0) << verified.out << verified.err;
}

// A verb's help with its lines joined.
std::string help_of(std::vector<std::string> verb) {
  verb.emplace_back("--help");
  std::istringstream words(run_mien(verb).out);
  std::string text;
  for (std::string word; words >> word;) text += word + " ";
  return text;
}

TEST(Stored, OptionsThatKeepMoreSayWhat) {
  const std::string annotate = help_of({"annotate"});
  EXPECT_THAT(annotate, HasSubstr("boxes and scores of every face on every analysed frame"));
  EXPECT_THAT(annotate, HasSubstr("it shows the faces: as sensitive as the video"));
  EXPECT_THAT(help_of({"train", "expression"}), HasSubstr("embeddings of faces"));
  EXPECT_THAT(help_of({"rate", "prepare"}), HasSubstr("pictures of people"));
}

}  // namespace
}  // namespace mien::testing
