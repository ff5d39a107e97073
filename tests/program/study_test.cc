// What a study remembers from run to run, seen through the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "program/clips.h"
#include "program/program.h"

#include "pipeline/study/file_lock.h"
#include "store/database.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class StudyThroughProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    group_picture(picture("a.png"), 1, 320);
    group_picture(picture("b.png"), 2, 320);
  }
  std::filesystem::path picture(const std::string& name) const { return folder_.path() / name; }
  std::filesystem::path study() const { return folder_.path() / "study"; }
  ProgramRun annotate(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "annotate");
    arguments.insert(arguments.end(), {"--out", study().string(), "--no-small-faces"});
    return run_mien(arguments);
  }
  Json summary_of(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const ProgramRun run = annotate(std::move(arguments));
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return Json::parse(run.out);
  }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
    return folder_.path() / name;
  }

  TemporaryFolder folder_;
};

TEST_F(StudyThroughProgram, RefusesOtherOptionsAndShowsTheDifference) {
  ASSERT_EQ(annotate({picture("a.png").string()}).exit_status, 0);
  const auto before = parquet_hashes(study());
  const ProgramRun refused = annotate({picture("a.png").string(), "--min-size", "64"});
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_THAT(refused.err, HasSubstr("face.min_size_px: 32.0 in the study, 64.0 now"));
  EXPECT_THAT(refused.err, HasSubstr("--redo"));
  EXPECT_EQ(parquet_hashes(study()), before);

  const ProgramRun redone = annotate({picture("a.png").string(), "--min-size", "64", "--redo"});
  EXPECT_EQ(redone.exit_status, 0) << redone.err;
  EXPECT_NE(parquet_hashes(study()), before);
}

TEST_F(StudyThroughProgram, CopiesOfAPictureAreNearDuplicates) {
  run_ffmpeg({"-i", picture("a.png").string(), "-vf", "scale=200:-2", "-q:v", "9",
              picture("copy.jpg").string()});
  const std::vector<std::string> inputs = {picture("a.png").string(), picture("b.png").string(),
                                           picture("copy.jpg").string()};
  const Json summary = summary_of(inputs);
  EXPECT_EQ(summary["near_duplicates"]["clusters"], 1) << summary.dump(1);
  EXPECT_EQ(summary["near_duplicates"]["videos_with_same_pictures"], 2);
  Database database = Database::open().value();
  const Table table = database.read_parquet(study() / "duplicates.parquet").value();
  ASSERT_EQ(table.rows(), 2U);
  EXPECT_EQ(table.column("video_id").strings()[1], "copy.jpg");
  EXPECT_EQ(table.column("cluster").strings()[1], "a.png");
  EXPECT_EQ(summary_of(inputs)["near_duplicates"], summary["near_duplicates"]) << "asked again";
}

TEST_F(StudyThroughProgram, TakesNewInputsInAndRedoesAChangedFile) {
  EXPECT_EQ(summary_of({picture("a.png").string()}).at("already_done"), 0);
  const Json both = summary_of({picture("a.png").string(), picture("b.png").string()});
  EXPECT_EQ(both.at("already_done"), 1);
  EXPECT_EQ(both.at("ok"), 2);
  const Json before = row_of(table_rows(study(), "media"), "b.png");

  group_picture(picture("b.png"), 3, 256);
  const Json changed = summary_of({picture("a.png").string(), picture("b.png").string()});
  EXPECT_EQ(changed.at("already_done"), 1);
  const Json after = row_of(table_rows(study(), "media"), "b.png");
  EXPECT_NE(after.at("width_px"), before.at("width_px"));
  EXPECT_EQ(table_rows(study(), "media").size(), 2U);
}

TEST_F(StudyThroughProgram, RefusesTwoEqualIdsAndNamesBothFiles) {
  std::filesystem::create_directories(folder_.path() / "other");
  group_picture(picture("other/a.png"), 2, 320);
  const ProgramRun run = annotate({picture("a.png").string(), picture("other/a.png").string()});
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_THAT(run.err, HasSubstr(picture("a.png").string()));
  EXPECT_THAT(run.err, HasSubstr(picture("other/a.png").string()));
  EXPECT_FALSE(std::filesystem::exists(study()));
}

TEST_F(StudyThroughProgram, TakesACorpusListAsCsvTsvAndParquet) {
  const auto csv = write("list.csv",
                         "video_id,uri,country,wave\nv1,a.png,DE,first\nv2,b.png,JP,second\n"
                         "v3,none.png,FR,third\n");
  const Json summary = summary_of({csv.string()});
  EXPECT_EQ(summary.at("ok"), 2);
  EXPECT_EQ(summary.at("failed"), 1);  // its file is missing; the others are not touched by that
  EXPECT_EQ(summary.at("failures").at(0).at("reason"), "missing");
  const auto corpus = table_rows(study(), "corpus");
  ASSERT_EQ(corpus.size(), 3U);
  EXPECT_EQ(corpus[0].at("uri"), picture("a.png").string());
  EXPECT_EQ(corpus[1].at("country"), "JP");
  EXPECT_EQ(corpus[1].at("wave"), "second");  // the user's own column
  EXPECT_EQ(row_of(table_rows(study(), "media"), "v2").at("status"), "ok");
  const auto hashes = parquet_hashes(study());

  const auto tsv = write("list.tsv",
                         "video_id\turi\tcountry\twave\nv1\ta.png\tDE\tfirst\n"
                         "v2\tb.png\tJP\tsecond\nv3\tnone.png\tFR\tthird\n");
  EXPECT_EQ(summary_of({tsv.string()}).at("already_done"), 3);

  auto database = Database::open();
  ASSERT_TRUE(database.ok());
  auto rows = database->query(
      "SELECT * FROM (VALUES ('v1', 'a.png'), ('v2', 'b.png')) "
      "AS t(video_id, uri)");
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  const auto parquet = folder_.path() / "list.parquet";
  ASSERT_TRUE(database->write_parquet(*rows, parquet, {}).ok());
  EXPECT_EQ(summary_of({parquet.string()}).at("already_done"), 2);
  EXPECT_EQ(parquet_hashes(study()), hashes);
}

TEST_F(StudyThroughProgram, IsRefusedWhileAnotherProcessHoldsIt) {
  ASSERT_EQ(annotate({picture("a.png").string()}).exit_status, 0);
  {
    const auto lock = FileLock::acquire(study() / ".lock");
    ASSERT_TRUE(lock.ok());
    const ProgramRun run = annotate({picture("b.png").string()});
    EXPECT_EQ(run.exit_status, 1);
    EXPECT_THAT(run.err, HasSubstr("in use by process"));
    EXPECT_EQ(table_rows(study(), "media").size(), 1U);  // reading needs no lock
  }
  EXPECT_EQ(annotate({picture("b.png").string()}).exit_status, 0);
}

TEST_F(StudyThroughProgram, SaysWhereItCannotWrite) {
  write("a-file", "not a folder");
  const ProgramRun run = run_mien(
      {"annotate", picture("a.png").string(), "--out", (folder_.path() / "a-file/study").string()});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.err, HasSubstr("a-file/study"));
  const ProgramRun proc = run_mien({"annotate", picture("a.png").string(), "--out", "/proc/study"});
  EXPECT_EQ(proc.exit_status, 1);
  EXPECT_THAT(proc.err, HasSubstr("/proc/study"));
}

TEST_F(StudyThroughProgram, SaysThatAFolderHoldsNoVideo) {
  std::filesystem::create_directories(folder_.path() / "texts");
  write("texts/notes.txt", "words");
  const ProgramRun run = annotate({(folder_.path() / "texts").string()});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.err, HasSubstr("1 files of other kinds"));
}

TEST_F(StudyThroughProgram, DrawsAnOverlayOnceAndTheSameForAnyThreads) {
  const auto clip = face_clip(folder_.path() / "clip.mp4", 2, 5);
  const auto overlays_of = [](const std::filesystem::path& study_folder) {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& entry : std::filesystem::directory_iterator(study_folder / "overlays")) {
      found.emplace_back(entry.path().filename().string(), read_bytes(entry.path()));
    }
    return found;
  };
  ASSERT_EQ(annotate({clip.string(), "--threads", "1"}).exit_status, 0);
  const auto tables = parquet_hashes(study());
  // Asked for later: drawn, and no table touched.
  ASSERT_EQ(annotate({clip.string(), "--overlay", "--threads", "2"}).exit_status, 0);
  EXPECT_EQ(parquet_hashes(study()), tables);
  const auto first = overlays_of(study());
  ASSERT_EQ(first.size(), 1U);
  EXPECT_TRUE(first[0].first.starts_with("clip.mp4-"));
  const ProgramRun probed =
      run_mien({"probe", "--json", (study() / "overlays" / first[0].first).string()});
  EXPECT_EQ(Json::parse(probed.out).at("codec"), "h264");
  EXPECT_EQ(Json::parse(probed.out).at("frame_count"), 30);

  ASSERT_EQ(annotate({clip.string(), "--overlay", "--redo", "--threads", "1"}).exit_status, 0);
  EXPECT_TRUE(overlays_of(study()) == first);
}

TEST_F(StudyThroughProgram, RunIngestsAListAndFollowsItsChanges) {
  const std::string head = "video_id,uri,country,title,mood\n";
  write("list.csv", head + "a,./a.png,DE,eins,x\nb,b.png,FR,deux,y\n");
  const auto plan = write("study.toml",
                          "[study]\nout = \"study\"\n[ingest]\nlist = \"list.csv\"\n"
                          "[annotate]\nno_small_faces = true\n");
  // The report needs the web interface, which may not be built; what comes before it does not.
  const auto run = [&] { return run_mien({"run", plan.string()}).err; };
  EXPECT_THAT(run(), HasSubstr("annotate: done"));
  EXPECT_EQ(table_rows(study(), "media").size(), 2U);
  const auto before = parquet_hashes(study());
  EXPECT_THAT(run(), HasSubstr("ingest: unchanged"));
  EXPECT_EQ(parquet_hashes(study()), before);

  group_picture(picture("c.png"), 3, 320);
  write("list.csv", head + "a,a.png,AT,eins,x\nb,b.png,FR,deux,y\nc,c.png,FR,trois,x\nd,,XX,,\n");
  const std::string changed = run();
  EXPECT_THAT(changed, HasSubstr("ingest: ../list.csv changed"));
  EXPECT_THAT(changed, HasSubstr("annotate: done"));
  EXPECT_EQ(row_of(table_rows(study(), "corpus"), "a").at("country"), "AT");
  EXPECT_EQ(table_rows(study(), "corpus").size(), 3U);
  EXPECT_EQ(table_rows(study(), "rejects").size(), 1U);
  EXPECT_EQ(row_of(table_rows(study(), "media"), "c").at("status"), "ok");
  EXPECT_THAT(run(), HasSubstr("ingest: unchanged"));
}

}  // namespace
}  // namespace mien::testing
