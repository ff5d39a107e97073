// Every file of the zoo in one study, with the limits on: each gets the status and reason that are
// expected, an honest neighbour is measured as ever, and memory and time stay within bounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "program/clips.h"
#include "program/program.h"
#include "program/zoo_files.h"

#include "pipeline/worker/sanitizer.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr int kWorkerMemoryMb = 900;
constexpr double kVideoTimeout_s = 20;

std::vector<ZooFile> all_files() {
  std::vector<ZooFile> all = honest_files();
  for (const auto& more : {broken_files(), hostile_files()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::string quoted(const std::string& text) {
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + "\"";
}

std::string line_of(const ZooFile& file) {
  return "| " + file.id + " | " + file.what + " | `" + file.status + "` | " +
         (file.reason.empty() ? "" : "`" + file.reason + "`") + " |";
}

TEST(Zoo, GetsTheStatusesThatAreExpectedWithinBounds) {
  const TemporaryFolder folder;
  const auto zoo = folder.path() / "zoo";
  std::filesystem::create_directory(zoo);
  std::filesystem::create_directory(folder.path() / "elsewhere");
  const auto seed = folder.path() / "elsewhere/seed.mp4";
  run_ffmpeg({"-f", "lavfi", "-i", "testsrc2=s=96x64:r=12:d=2", "-c:v", "libx264", "-preset",
              "ultrafast", "-g", "6", "-movflags", "+faststart", seed.string()});
  const std::vector<ZooFile> files = all_files();
  ASSERT_GE(files.size(), 60U);
  std::string list = "video_id,uri\n";
  std::set<std::string> ids;
  for (const ZooFile& file : files) {
    const std::string name = file.id + file.ending;
    file.make(zoo / name, seed);
    list += file.id + "," + quoted("zoo/" + name) + "\n";
    EXPECT_TRUE(ids.insert(file.id).second) << file.id;
  }
  const auto good = face_clip(zoo / "good.mp4", 2, 1);
  list += "good,zoo/good.mp4\n";
  write_bytes(folder.path() / "list.csv", list);

  const auto study = folder.path() / "study";
  const auto begin = std::chrono::steady_clock::now();
  const ProgramRun run = run_mien({"annotate", (folder.path() / "list.csv").string(), "--out",
                                   study.string(), "--json", "--threads", "2", "--worker-memory",
                                   std::to_string(kWithSanitizer ? 0 : kWorkerMemoryMb),
                                   "--video-timeout", std::to_string(kVideoTimeout_s)});
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ASSERT_EQ(run.exit_status, 0) << run.err;
  std::printf("%zu files of the zoo in %.1f s, the largest process %.0f MB\n", files.size(),
              seconds, run.peak_mb);
  const Json summary = Json::parse(run.out);
  EXPECT_EQ(summary.at("videos"), files.size() + 1);
  const std::vector<Json> media = table_rows(study, "media");
  EXPECT_EQ(media.size(), files.size() + 1);
  for (const ZooFile& file : files) {
    const Json row = row_of(media, file.id);
    ASSERT_FALSE(row.is_null()) << file.id;
    if (kWithSanitizer && file.reason == "worker_memory") continue;
    EXPECT_EQ(row.at("status"), file.status) << file.id << " (" << file.what << "): " << row;
    EXPECT_EQ(row.at("reason").is_null() ? "" : row.at("reason").get<std::string>(), file.reason)
        << file.id << " (" << file.what << "): " << row;
  }
  EXPECT_EQ(row_of(media, "good").at("status"), "ok");
  EXPECT_EQ(row_of(table_rows(study, "expressions"), "good").at("faces"), 1);
  // Between two looks of the watch a process takes some hundred MB at most.
  if (!kWithSanitizer) {
    EXPECT_LT(run.peak_mb, kWorkerMemoryMb + 700);
  }

  // Alone it gives the same, and nobody is tried again.
  const auto alone = folder.path() / "alone";
  ASSERT_EQ(run_mien({"annotate", good.string(), "--out", alone.string()}).exit_status, 0);
  Json among = row_of(table_rows(study, "expressions"), "good");
  Json single = row_of(table_rows(alone, "expressions"), "good.mp4");
  among.erase("video_id");
  single.erase("video_id");
  EXPECT_EQ(among, single);
  const ProgramRun again = run_mien(
      {"annotate", (folder.path() / "list.csv").string(), "--out", study.string(), "--json"});
  // But a file that the kernel makes at each look (/proc) is another file each time.
  EXPECT_GE(Json::parse(again.out).at("already_done"), files.size()) << again.out << again.err;
}

TEST(Zoo, IsTheTableOfTheDocumentation) {
  const std::string page = read_text(source_dir() / "docs/media-zoo.md");
  for (const ZooFile& file : all_files()) EXPECT_THAT(page, HasSubstr(line_of(file) + "\n"));
}

TEST(Zoo, IsProbedToo) {
  const TemporaryFolder folder;
  const auto seed = folder.path() / "seed.mp4";
  run_ffmpeg({"-f", "lavfi", "-i", "testsrc2=s=96x64:r=12:d=1", seed.string()});
  Arguments command = {"probe", "--json"};
  std::vector<ZooFile> probed;
  for (const ZooFile& file : hostile_files()) {
    if (file.reason == "name_not_utf8" || file.reason == "worker_memory") continue;
    command.push_back((folder.path() / (file.id + file.ending)).string());
    file.make(command.back(), seed);
    probed.push_back(file);
  }
  const ProgramRun run = run_mien(command);
  EXPECT_EQ(run.exit_status, 1) << run.err;
  std::istringstream lines(run.out);
  for (const ZooFile& file : probed) {
    std::string line;
    ASSERT_TRUE(std::getline(lines, line)) << file.id;
    const Json said = Json::parse(line);
    EXPECT_EQ(said.value("reason", ""), file.reason) << said;
  }
}

}  // namespace
}  // namespace mien::testing
