// Files of scores -> a study that later verbs read as if it were annotated.
#include "pipeline/import/import_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "support/paths.h"

#include "pipeline/associate/associate.h"
#include "pipeline/import/score_fixture.h"
#include "pipeline/study/corpus.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/verify/verify_study.h"
#include "store/database.h"
#include "store/durable_file.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::OpenFaceFrame;
using testing::put_text;
namespace fs = std::filesystem;

class ImportScoresTest : public ::testing::Test {
 protected:
  ImportRequest request(const std::string& study = "study") const {
    ImportRequest made;
    made.study = folder_.path() / study;
    made.inputs = {folder_.path() / "scores"};
    return made;
  }

  ImportSummary import(const ImportRequest& wanted) {
    auto made = import_scores(wanted, stop_);
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
    return made.ok() ? *made : ImportSummary{};
  }

  void put(const std::string& name, const std::string& text) const {
    put_text(folder_.path() / "scores" / name, text);
  }

  Table rows(const std::string& table, const std::string& study = "study") {
    const auto files = study_table_files(folder_.path() / study, table);
    EXPECT_TRUE(files.ok());
    auto read = database_.query("SELECT * FROM " + sql_read_parquet(*files));
    EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().message);
    return std::move(read).value();
  }

  static std::vector<double> numbers(const Table& table, const std::string& column) {
    std::vector<double> found;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const Cell cell = table.at(row, column);
      if (const auto* number = std::get_if<double>(&cell)) {
        found.push_back(*number);
      } else if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
        found.push_back(static_cast<double>(*whole));
      } else {
        found.push_back(-999);  // null
      }
    }
    return found;
  }

  testing::TemporaryFolder folder_;
  std::atomic<bool> stop_ = false;
  Database database_ = std::move(Database::open()).value();
};

// 4 s at 30 frames a second; the grid takes every fifth frame, 24 of them.
std::string rising(double step) {
  return testing::openface_csv(120, 30, [&](int i) {
    OpenFaceFrame told;
    told.au12_r = step * i;
    told.au12_c = i >= 60 ? 1 : 0;
    told.ry = -0.1;
    return told;
  });
}

TEST_F(ImportScoresTest, WindowsOfAFasterFileAreThoseOfTheGrid) {
  put("smile.csv", rising(0.02));
  const ImportSummary summary = import(request());
  EXPECT_EQ(summary.ok, 1);
  EXPECT_EQ(summary.frames_analysed, 24);
  EXPECT_NEAR(summary.face_seconds, 4, 1e-9);
  EXPECT_THAT(summary.failures, IsEmpty());

  // A track of 4 s: two windows of 2 s, of 12 grid frames each; frame 5 k has the score 0.1 k.
  const Table windows = rows("windows");
  EXPECT_THAT(numbers(windows, "start_us"), ElementsAre(0, ::testing::DoubleNear(2e6, 1000)));
  EXPECT_THAT(numbers(windows, "frames"), ElementsAre(12, 12));
  const std::vector<double> means = numbers(windows, "openface_au12_r");
  EXPECT_NEAR(means[0], 0.55, 1e-6);
  EXPECT_NEAR(means[1], 1.75, 1e-6);
  EXPECT_THAT(numbers(windows, "openface_au12_c"), ElementsAre(0, 1));
  EXPECT_THAT(numbers(windows, "openface_au01_r"), ElementsAre(-999, -999));

  const Table media = rows("media");
  EXPECT_EQ(numbers(media, "frames_decoded")[0], 120);
  EXPECT_NEAR(numbers(media, "duration_s")[0], 4, 0.002);
  const Table expressions = rows("expressions");
  EXPECT_NEAR(numbers(expressions, "yaw_deg")[0], 0.1 * 180 / 3.14159265, 1e-4);
  EXPECT_EQ(numbers(expressions, "face_size_px")[0], -999);
  EXPECT_NEAR(numbers(expressions, "openface_au12_r")[0], 1.15, 1e-6);

  const Table imports = rows("imports");
  EXPECT_EQ(std::get<std::string>(imports.at(0, "tool")), "OpenFace 2");
  EXPECT_EQ(std::get<std::string>(imports.at(0, "file")), "smile.csv");
  EXPECT_EQ(std::get<std::string>(imports.at(0, "sha256")).size(), 64U);
  const auto files = study_table_files(request().study, "windows");
  const auto metadata = database_.read_metadata(files->front());
  EXPECT_THAT(metadata->at("mien.options"), HasSubstr("\"tool\":\"OpenFace 2\""));
}

TEST_F(ImportScoresTest, RowsThatTheToolIsNotSureOfAreMissing) {
  put("half.csv", testing::openface_csv(120, 30, [](int i) {
        OpenFaceFrame told;
        told.au12_r = 2;
        told.success = i < 60 ? 0 : 1;
        return told;
      }));
  put("never.csv", testing::openface_csv(60, 30, [](int) {
        OpenFaceFrame told;
        told.confidence = 0.2;
        return told;
      }));
  ImportRequest wanted = request();
  wanted.frames_table = true;
  const ImportSummary summary = import(wanted);
  EXPECT_EQ(summary.missing_rows, 120);
  const Table expressions = rows("expressions");
  EXPECT_THAT(numbers(expressions, "openface_au12_r"), ElementsAre(2, -999));
  EXPECT_THAT(numbers(expressions, "faces"), ElementsAre(1, 0));
  const Table tracks = rows("tracks");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(tracks.at(0, "reason")));
  EXPECT_EQ(std::get<std::string>(tracks.at(1, "reason")), "low_confidence");
  const Table frames = rows("frames");
  ASSERT_EQ(frames.rows(), 36U);
  EXPECT_EQ(std::get<std::string>(frames.at(0, "reason")), "no_landmarks");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(frames.at(0, "openface_au12_r")));
  EXPECT_EQ(std::get<double>(frames.at(23, "openface_au12_r")), 2);
}

TEST_F(ImportScoresTest, EveryFaceIsATrack) {
  put("two.csv", testing::openface_csv(
                     30, 30, [](int) { return OpenFaceFrame{}; }, 2));
  import(request());
  const Table tracks = rows("tracks");
  EXPECT_THAT(numbers(tracks, "track_id"), ElementsAre(0, 1));
  EXPECT_THAT(numbers(tracks, "frames"), ElementsAre(6, 6));
  EXPECT_THAT(numbers(rows("windows"), "openface_au12_r"), ElementsAre(0, 1));
  EXPECT_THAT(numbers(rows("media"), "face_frames"), ElementsAre(6));
}

TEST_F(ImportScoresTest, ABrokenFileCostsItselfAlone) {
  put("a.csv", rising(0.01));
  put("b.csv", rising(0.01) + "121, 0, 4.000, 0.9\n");
  put("sub/c.csv", rising(0.03));
  const ImportSummary summary = import(request());
  EXPECT_EQ(summary.ok, 2);
  ASSERT_EQ(summary.failures.size(), 1U);
  EXPECT_EQ(summary.failures[0].video_id, "b");
  EXPECT_EQ(summary.failures[0].reason, "damaged");
  EXPECT_THAT(summary.failures[0].message,
              ::testing::AllOf(HasSubstr("b.csv: line 122:"), HasSubstr("remedy: ")));
  const Table media = rows("media");
  ASSERT_EQ(media.rows(), 3U);
  EXPECT_EQ(std::get<std::string>(media.at(1, "status")), "failed");
  EXPECT_EQ(std::get<std::string>(media.at(2, "video_id")), "sub/c");
  EXPECT_EQ(rows("expressions").rows(), 2U);

  // Nothing is done twice; what was mended is read again on its own.
  EXPECT_EQ(import(request()).already_done, 3);
  put("b.csv", rising(0.01));
  const ImportSummary again = import(request());
  EXPECT_EQ(again.already_done, 2);
  EXPECT_EQ(again.ok, 1);
  EXPECT_EQ(rows("expressions").rows(), 3U);
}

TEST_F(ImportScoresTest, SameFilesSameBytesAndTheBooksHold) {
  put("a.csv", rising(0.01));
  put("b.csv", rising(0.02));
  import(request("one"));
  import(request("two"));
  for (const char* table : {"media", "tracks", "windows", "expressions", "imports"}) {
    const auto one = study_table_files(folder_.path() / "one", table);
    const auto two = study_table_files(folder_.path() / "two", table);
    EXPECT_EQ(*read_whole_file(one->front()), *read_whole_file(two->front())) << table;
  }
  VerifyRequest check;
  check.study = folder_.path() / "one";
  const auto verified = verify_study(check);
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_TRUE(verified->damage.empty());
  EXPECT_EQ(verified->videos.ok, 2);
}

TEST_F(ImportScoresTest, OtherOptionsAreRefusedWithTheDifference) {
  put("a.csv", rising(0.01));
  import(request());
  ImportRequest other = request();
  other.scores.min_confidence = 0.9;
  const auto refused = import_scores(other, stop_);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("imported.min_confidence: 0.5 in the study"));
  other.redo = true;
  EXPECT_EQ(import(other).ok, 1);
}

TEST_F(ImportScoresTest, AListGivesIdsAndTheCorpusKeepsItsVideos) {
  put("x1.csv", rising(0.01));
  Table corpus({"corpus",
                "video",
                "",
                {{"video_id", ColumnType::kString, ""}, {"uri", ColumnType::kString, ""}}});
  corpus.append(std::vector<Cell>{std::string("one.mp4"), std::string("/videos/one.mp4")});
  ASSERT_TRUE(make_folders(folder_.path() / "study").ok());
  ASSERT_TRUE(update_corpus(database_, folder_.path() / "study", corpus).ok());
  ImportRequest wanted = request();
  wanted.inputs.clear();
  wanted.list = put_text(folder_.path() / "list.csv",
                         "video_id,file\none.mp4,scores/x1.csv\nnew,scores/none.csv\n");
  const ImportSummary summary = import(wanted);
  EXPECT_EQ(summary.new_to_corpus, 1);
  EXPECT_EQ(summary.failures[0].reason, "missing");
  const auto kept = database_.query(
      "SELECT uri FROM " +
      sql_read_parquet(std::vector<fs::path>{folder_.path() / "study" / "corpus.parquet"}));
  EXPECT_EQ(kept->column(0).strings()[0], "/videos/one.mp4");
}

// Contexts at hand, the maps are made from imported scores.
TEST_F(ImportScoresTest, AssociateGoesOnFromThere) {
  Table corpus(corpus_schema());
  Table contexts(contexts_schema());
  Table status(context_status_schema());
  for (int v = 0; v < 24; ++v) {
    const std::string id = fmt::format("v{:02}", v);
    const bool has_context = v % 2 == 0;
    // A second of frames with one score.
    put(id + ".csv", testing::openface_csv(30, 30, [&](int) {
          OpenFaceFrame told;
          told.au12_r = (has_context ? 3 : 1) + 0.01 * (v % 7);
          return told;
        }));
    RowBuilder row(corpus.schema());
    for (const ColumnSpec& column : corpus.schema().columns) row.set_null(column.name);
    row.set("video_id", id)
        .set("country", std::string("BR"))
        .set("region", std::string("Brazil"))
        .set("uploader", id);
    corpus.append(row.finish());
    if (has_context) {
      contexts.append(std::vector<Cell>{id, std::string("coder"), std::string("party"), 1.0, true});
    } else {
      contexts.append(std::vector<Cell>{id, std::string("coder"), std::string("work"), 1.0, true});
    }
    status.append(std::vector<Cell>{id, std::string("coder"), std::string("v"), std::string("ok"),
                                    Cell{}, Cell{}, Cell{}, Cell{}});
  }
  const fs::path study = folder_.path() / "study";
  ASSERT_TRUE(make_folders(study).ok());
  ASSERT_TRUE(update_corpus(database_, study, corpus).ok());
  ASSERT_TRUE(database_.write_parquet(contexts, study / "contexts.parquet", {}).ok());
  ASSERT_TRUE(database_.write_parquet(status, study / "context_status.parquet", {}).ok());
  EXPECT_EQ(import(request()).new_to_corpus, 0);
  AssociateOptions options;
  options.study = study;
  options.channels = {"openface"};
  options.map.estimator.kind = AssociationKind::kCorrelation;
  const auto made = associate(options);
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto map =
      database_.query("SELECT estimate FROM " +
                      sql_read_parquet(std::vector<fs::path>{study / "maps" / "maps.parquet"}) +
                      " WHERE context = 'party' AND expression = 'au12_r'");
  ASSERT_TRUE(map.ok()) << map.error().message;
  ASSERT_EQ(map->rows(), 1U);
  EXPECT_GT(std::get<double>(map->at(0, "estimate")), 0.99);
}

}  // namespace
}  // namespace mien
