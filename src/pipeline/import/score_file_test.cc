// Other tools' files as they stand on disk: what is read, and what is refused and how.
#include "pipeline/import/score_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "support/paths.h"

#include "base/missing.h"
#include "pipeline/import/score_fixture.h"

namespace mien {
namespace {

using ::testing::HasSubstr;
using testing::OpenFaceFrame;
using testing::put_text;
namespace fs = std::filesystem;

class ScoreFileTest : public ::testing::Test {
 protected:
  static ScoreLayout layout(const ScoreOptions& options,
                            const std::vector<std::vector<std::string>>& headers = {}) {
    auto made = score_layout(options, headers);
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
    return made.ok() ? *made : ScoreLayout{};
  }

  Result<ScoreSheet> read(const std::string& text, const ScoreLayout& as,
                          const std::string& name = "clip.csv") {
    return read_scores(database_, put_text(folder_.path() / name, text), as);
  }

  std::string refusal(const std::string& text, const ScoreLayout& as) {
    const auto sheet = read(text, as);
    EXPECT_FALSE(sheet.ok());
    return sheet.ok() ? "" : sheet.error().message;
  }

  static float value(const ScoreSheet& sheet, std::size_t row, const ScoreLayout& as,
                     const std::string& column) {
    for (std::size_t c = 0; c < as.channels.size(); ++c) {
      if (as.channels[c].column.name == column)
        return sheet.values[sheet.rows[row].first_value + c];
    }
    ADD_FAILURE() << "no column " << column;
    return 0;
  }

  testing::TemporaryFolder folder_;
  Database database_ = std::move(Database::open()).value();
};

ScoreOptions table_options() {
  ScoreOptions options;
  options.tool = ScoreTool::kTable;
  options.channel = "emo";
  options.time = "t";
  options.values = {"happy", "sad*"};
  return options;
}

const std::vector<std::vector<std::string>> kTableHeader = {
    {"t", "who", "happy", "sad 1", "sure", "note"}};

TEST_F(ScoreFileTest, ReadsOpenFaceWithTheSpacesInItsNames) {
  const ScoreLayout as = layout({});
  const auto sheet = read(testing::openface_csv(3, 30,
                                                [](int i) {
                                                  OpenFaceFrame told;
                                                  told.au12_r = 1.5 + i;
                                                  told.success = i == 1 ? 0 : 1;
                                                  told.confidence = i == 2 ? 0.4 : 0.98;
                                                  return told;
                                                }),
                          as);
  ASSERT_TRUE(sheet.ok()) << sheet.error().message;
  ASSERT_EQ(sheet->rows.size(), 3U);
  EXPECT_EQ(sheet->rows[1].time_us, 33000);
  EXPECT_EQ(sheet->rows[0].reason, FaceReason::kNone);
  EXPECT_EQ(sheet->rows[1].reason, FaceReason::kNoLandmarks);
  EXPECT_EQ(sheet->rows[2].reason, FaceReason::kLowConfidence);
  EXPECT_EQ(sheet->scored_rows, 1);
  EXPECT_FLOAT_EQ(value(*sheet, 0, as, "openface_au12_r"), 1.5F);
  EXPECT_FLOAT_EQ(value(*sheet, 0, as, "openface_au04_r"), 0.5F);
  // Columns that the tool did not write.
  EXPECT_TRUE(std::isnan(value(*sheet, 0, as, "openface_au01_r")));
  EXPECT_TRUE(std::isnan(sheet->rows[0].box.x_px));
}

TEST_F(ScoreFileTest, TurnsOpenFacesAnglesIntoMiensAndBack) {
  constexpr double kRadian = 3.14159265358979 / 180;
  // Nodding down, turned to the picture's left, tilted clockwise: one axis at a time.
  EXPECT_NEAR(pose_from_openface(20 * kRadian, 0, 0).pitch_deg, -20, 1e-4);
  EXPECT_NEAR(pose_from_openface(0, 20 * kRadian, 0).yaw_deg, -20, 1e-4);
  EXPECT_NEAR(pose_from_openface(0, 0, 20 * kRadian).roll_deg, 20, 1e-4);
  for (double rx = -0.6; rx < 0.7; rx += 0.3) {
    for (double ry = -1.0; ry < 1.1; ry += 0.4) {
      for (double rz = -0.9; rz < 1; rz += 0.45) {
        const OpenFaceAngles back = pose_to_openface(pose_from_openface(rx, ry, rz));
        EXPECT_NEAR(back.rx, rx, 1e-5);
        EXPECT_NEAR(back.ry, ry, 1e-5);
        EXPECT_NEAR(back.rz, rz, 1e-5);
      }
    }
  }
}

TEST_F(ScoreFileTest, TakesEveryWayInWhichToolsWriteNothing) {
  for (const char* cell :
       {"", "nan", "NaN", "-nan", "-nan(ind)", "NA", "null", "None", "inf", "-inf", "1e999"}) {
    const auto number = score_number(cell);
    ASSERT_TRUE(number.has_value()) << cell;
    EXPECT_TRUE(std::isnan(*number)) << cell;
  }
  EXPECT_EQ(score_number("+1.5e1"), 15.0);
  EXPECT_EQ(score_number("-0.25"), -0.25);
  for (const char* cell : {"nothing", "1,5", "0x10", "1 2", "--1", "na na"}) {
    EXPECT_FALSE(score_number(cell).has_value()) << cell;
  }
}

TEST_F(ScoreFileTest, PyFeatFramesWithoutAFaceAreFramesWithoutAFace) {
  ScoreOptions options;
  options.tool = ScoreTool::kPyFeat;
  options.frames_per_s = 25;
  const ScoreLayout as = layout(options);
  const auto sheet = read(
      "frame,FaceRectX,FaceRectY,FaceRectWidth,FaceRectHeight,FaceScore,x_0,y_0,Pitch,Roll,Yaw,"
      "AU01,AU12,anger,disgust,fear,happiness,sadness,surprise,neutral,input,approx_time\n"
      "0,10,20,30,40,0.99,1,2,1.5,0.2,-4.0,0.25,0.75,0.01,0,0,0.9,0,0.05,0.04,a.mp4,00:00\n"
      "1,,,,,,,,,,,,,,,,,,,,a.mp4,00:00\n"
      "2,11,20,30,40,0.30,1,2,1.5,0.2,-4.0,0.25,0.75,0.01,0,0,0.9,0,0.05,0.04,a.mp4,00:00\n",
      as);
  ASSERT_TRUE(sheet.ok()) << sheet.error().message;
  EXPECT_EQ(sheet->frame_times_us, (std::vector<std::int64_t>{0, 40000, 80000}));
  EXPECT_FALSE(sheet->rows[1].has_face);
  EXPECT_TRUE(sheet->rows[2].has_face);
  EXPECT_EQ(sheet->rows[2].reason, FaceReason::kLowConfidence);
  EXPECT_FLOAT_EQ(sheet->rows[0].box.width_px, 30);
  EXPECT_TRUE(std::isnan(sheet->rows[0].pose.yaw_deg));
  EXPECT_FLOAT_EQ(value(*sheet, 0, as, "pyfeat_happiness"), 0.9F);
  EXPECT_TRUE(std::isnan(value(*sheet, 0, as, "pyfeat_au28")));
}

TEST_F(ScoreFileTest, AnyTableInAnyOrderAndAsParquetTheSame) {
  ScoreOptions options = table_options();
  options.face = "who";
  options.confidence = "sure";
  const ScoreLayout as = layout(options, kTableHeader);
  ASSERT_EQ(as.channels.size(), 2U);
  EXPECT_EQ(as.channels[1].column.name, "emo_sad_1");
  const std::string text =
      "t;who;happy;sad 1;sure;note\n"
      "0.5;B;0.2;0.3;0.9;x\n"
      "0.0;A;0.1;;0.9;\"a;b\"\n"
      "0.5;A;0.4;0.1;0.2;y\n";
  const auto sheet = read(text, as);
  ASSERT_TRUE(sheet.ok()) << sheet.error().message;
  ASSERT_EQ(sheet->rows.size(), 3U);
  EXPECT_EQ(sheet->rows[0].line, 3);
  EXPECT_EQ(sheet->rows[0].face, 1U);
  EXPECT_EQ(sheet->rows[1].face, 0U);
  EXPECT_EQ(sheet->rows[2].reason, FaceReason::kLowConfidence);

  Table table({"t",
               "row",
               "",
               {{"t", ColumnType::kDouble, ""},
                {"who", ColumnType::kString, ""},
                {"happy", ColumnType::kDouble, ""},
                {"sad 1", ColumnType::kDouble, ""},
                {"sure", ColumnType::kDouble, ""}}});
  table.append(std::vector<Cell>{0.5, std::string("B"), 0.2, 0.3, 0.9});
  table.append(std::vector<Cell>{0.0, std::string("A"), 0.1, Cell{}, 0.9});
  table.append(std::vector<Cell>{0.5, std::string("A"), 0.4, 0.1, 0.2});
  const fs::path file = folder_.path() / "clip.parquet";
  ASSERT_TRUE(database_.write_parquet(table, file, {}).ok());
  const auto same = read_scores(database_, file, as);
  ASSERT_TRUE(same.ok()) << same.error().message;
  ASSERT_EQ(same->values.size(), sheet->values.size());
  for (std::size_t i = 0; i < same->values.size(); ++i) {
    EXPECT_TRUE(same->values[i] == sheet->values[i] ||
                (std::isnan(same->values[i]) && std::isnan(sheet->values[i])));
  }
  EXPECT_EQ(same->rows[2].time_us, sheet->rows[2].time_us);
}

TEST_F(ScoreFileTest, RefusesWithLineAndRemedy) {
  const ScoreLayout as = layout(table_options(), kTableHeader);
  const std::string head = "t,happy,sad 1\n0,0.5,0.1\n";
  EXPECT_THAT(refusal(head + "1,high,0.1\n", as),
              ::testing::AllOf(HasSubstr("clip.csv: line 3: 'high' in column 'happy'"),
                               HasSubstr("remedy: ")));
  EXPECT_THAT(refusal(head + "-1,0.5,0.1\n", as), HasSubstr("line 3: '-1' in column 't'"));
  EXPECT_THAT(refusal(head + ",0.5,0.1\n", as), HasSubstr("line 3: '' in column 't'"));
  EXPECT_THAT(refusal(head + "1e7,0.5,0.1\n", as), HasSubstr("no time in a video"));
  EXPECT_THAT(refusal(head + "0,0.5\n", as), HasSubstr("line 3: 2 fields where the first"));
  EXPECT_THAT(refusal(head + "0.0000001,0.5,0.1\n", as),
              HasSubstr("line 3: the same face as in line 2"));
  EXPECT_THAT(refusal(head + "1,\"0.5,0.1\n", as), HasSubstr("line 3: a quotation mark"));
  EXPECT_THAT(refusal("time,happy\n", as), HasSubstr("line 1: no column 't'; it has time, happy"));
  EXPECT_THAT(refusal("t,angry\n", as), HasSubstr("line 1: not one column of scores"));
  EXPECT_THAT(refusal("", as), HasSubstr("the file is empty"));
  EXPECT_THAT(refusal("t,happy,sad 1,happy\n", as), HasSubstr("two columns are called 'happy'"));
  EXPECT_THAT(refusal("t,happy" + std::string(5000, ',') + "\n", as), HasSubstr("5000 fields"));
  EXPECT_THAT(refusal("a,b\n1,2\n", layout({})), HasSubstr("is it a file of OpenFace 2?"));
  EXPECT_EQ(read_scores(database_, folder_.path() / "none.csv", as).error().code,
            ErrorCode::kNotFound);
  put_text(folder_.path() / "x.parquet", "not a table");
  EXPECT_FALSE(read_scores(database_, folder_.path() / "x.parquet", as).ok());
}

TEST_F(ScoreFileTest, ALayoutSaysWhichOptionIsWrong) {
  const auto error = [](const ScoreOptions& options) {
    const auto made = score_layout(options, kTableHeader);
    return made.ok() ? "" : made.error().message;
  };
  ScoreOptions pyfeat;
  pyfeat.tool = ScoreTool::kPyFeat;
  EXPECT_THAT(error(pyfeat), HasSubstr("--fps"));
  ScoreOptions openface;
  openface.values = {"AU*"};
  EXPECT_THAT(error(openface), HasSubstr("--values"));
  openface = {};
  openface.channel = "label";
  EXPECT_THAT(error(openface), HasSubstr("--channel label"));
  openface.channel = "Open_Face";
  EXPECT_THAT(error(openface), HasSubstr("--channel 'Open_Face'"));
  ScoreOptions table = table_options();
  table.values = {"angry*"};
  EXPECT_THAT(error(table), HasSubstr("--values 'angry*'"));
  table = table_options();
  table.channel = "";
  EXPECT_THAT(error(table), HasSubstr("--channel ''"));
  table = table_options();
  table.time = "";
  EXPECT_THAT(error(table), HasSubstr("--time COLUMN"));
  table.frame = "t";
  EXPECT_THAT(error(table), HasSubstr("--fps"));
  table.frames_per_s = 10;
  EXPECT_EQ(error(table), "");
}

}  // namespace
}  // namespace mien
