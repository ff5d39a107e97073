// Another tool's scores and a coder's contexts, from files to maps, pages and other programs'
// files, as a person goes the way.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "program/program.h"

#include "pipeline/import/score_fixture.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  return bytes.str();
}

ProgramRun run_well(const std::vector<std::string>& arguments) {
  ProgramRun run = run_mien(arguments);
  EXPECT_EQ(run.exit_status, 0) << run.out << run.err;
  return run;
}

TEST(Import, FromFilesToMapsAndOut) {
  const TemporaryFolder folder;
  const std::string study = (folder.path() / "study").string();
  std::string list = "video_id,country,uploader\n";
  std::string coded = "video_id,context\n";
  constexpr int kVideos = 24;
  for (int v = 0; v < kVideos; ++v) {
    const std::string id = fmt::format("v{:02}", v);
    const bool is_party = v % 2 == 0;
    list += id + ",BR,u" + id + "\n";
    coded += id + (is_party ? ",party\n" : ",work\n");
    put_text(folder.path() / "scores" / (id + ".csv"), openface_csv(30, 30, [&](int) {
               OpenFaceFrame told;
               told.au12_r = (is_party ? 3 : 1) + 0.01 * (v % 7);
               return told;
             }));
  }
  put_text(folder.path() / "list.csv", list);
  put_text(folder.path() / "coded.csv", coded);
  put_text(folder.path() / "scores" / "broken.csv", "frame, face_id\n1, 0\n");

  run_well({"ingest", (folder.path() / "list.csv").string(), "--out", study});
  const ProgramRun imported = run_well({"import", (folder.path() / "scores").string(), "--from",
                                        "openface", "--out", study, "--json"});
  const auto summary = nlohmann::json::parse(imported.out);
  EXPECT_EQ(summary.at("ok"), kVideos);
  EXPECT_EQ(summary.at("failed"), 1);
  EXPECT_EQ(summary.at("new_to_corpus"), 1);
  EXPECT_THAT(summary.at("failures")[0].at("message").get<std::string>(),
              HasSubstr("broken.csv: line 1: no column 'timestamp'"));

  run_well({"contexts", "import", (folder.path() / "coded.csv").string(), "--study", study,
            "--source", "coders"});
  run_well({"associate", study, "--kind", "correlation", "--channels", "openface"});
  bool found = false;
  for (const nlohmann::json& cell : table_rows(study, "maps")) {
    if (cell.at("context") != "party" || cell.at("expression") != "au12_r") continue;
    found = true;
    EXPECT_EQ(cell.at("source"), "coders");
    EXPECT_GT(cell.at("estimate").get<double>(), 0.99);
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(table_rows(study, "context_status").size(), static_cast<std::size_t>(kVideos) + 1);

  const std::string out = (folder.path() / "out").string();
  run_well({"export", study, "--format", "vtt", "--out", out, "--channels", "openface",
            "--threshold", "2.5"});
  EXPECT_THAT(text_of(fs::path(out) / "v00.vtt"), HasSubstr("<v Face 0>au12_r 3.00"));
  EXPECT_THAT(text_of(fs::path(out) / "v00.vtt"), HasSubstr("Those of OpenFace 2"));
  run_well({"export", study, "--format", "eaf", "--out", out, "--channels", "openface"});
  EXPECT_THAT(text_of(fs::path(out) / "v01.eaf"), HasSubstr("TIER_ID=\"face 0: openface_au12_r\""));
  run_well({"export", study, "--format", "openface", "--out", out});
  EXPECT_THAT(text_of(fs::path(out) / "v01.csv"), HasSubstr("AU12_r"));

  run_well({"verify", study});
  run_well({"report", study});
  EXPECT_THAT(text_of(folder.path() / "study" / "report" / "data" / "index-0.js"),
              HasSubstr("v00"));
  run_well({"forget", study, "--video", "v00"});
  run_well({"verify", study});
  EXPECT_EQ(table_rows(study, "context_status").size(), static_cast<std::size_t>(kVideos));
}

TEST(Import, MisuseIsToldWithTheOption) {
  const TemporaryFolder folder;
  const std::string study = (folder.path() / "study").string();
  const ProgramRun pyfeat = run_mien({"import", "x.csv", "--from", "pyfeat", "--out", study});
  EXPECT_EQ(pyfeat.exit_status, 2);
  EXPECT_THAT(pyfeat.err, HasSubstr("--fps"));
  const ProgramRun nothing = run_mien({"import", "--from", "openface", "--out", study});
  EXPECT_EQ(nothing.exit_status, 2);
  EXPECT_FALSE(fs::exists(study));
  const ProgramRun table = run_mien({"export", study, "--format", "vtt"});
  EXPECT_EQ(table.exit_status, 2);
  EXPECT_THAT(table.err, HasSubstr("--out FOLDER"));
}

}  // namespace
}  // namespace mien::testing
