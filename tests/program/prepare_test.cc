// Clips for raters, from real pictures, through the program: what they show, and that neither a
// kill nor a damaged file nor a video that is gone spoils the list.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <set>
#include <thread>

#include "program/clips.h"
#include "program/program.h"
#include "support/real_pictures.h"

#include "base/sha256.h"
#include "face/crop.h"
#include "face/real_faces.h"
#include "media/video_reader.h"
#include "serve/http_client.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class Prepare : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder();
    fs::create_directories(in());
    face_clip(in() / "alone.mp4", 2, 4);
    // Three people on a picture that pans, as a film.
    run_ffmpeg({"-loop", "1", "-t", "3", "-i",
                (npm_package("@vladmandic/face-api") / "demo/sample1.jpg").string(), "-vf",
                "scale=680:-2,crop=640:400:'40*t/3':20,fps=12", "-c:v", "libx264", "-preset",
                "ultrafast", "-pix_fmt", "yuv420p", "-bitexact", (in() / "group.mp4").string()});
    std::ofstream(folder_->path() / "corpus.csv")
        << "video_id,uri,uploader,region\nalone,in/alone.mp4,ann,Africa\n"
           "group,in/group.mp4,bob,Brazil\n";
    const ProgramRun run = run_mien({"annotate", (folder_->path() / "corpus.csv").string(), "--out",
                                     study().string(), "--frames", "--quiet"});
    ASSERT_EQ(run.exit_status, 0) << run.err;
    whole_ = prepare({"--threads", "2"});
    ASSERT_EQ(whole_.exit_status, 0) << whole_.err;
    list_ = read_text(rating() / "clips.json");
    files_ = hashes();
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static fs::path in() { return folder_->path() / "in"; }
  static fs::path study() { return folder_->path() / "study"; }
  static fs::path rating() { return study() / "rating"; }
  static std::vector<std::string> command(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"rate", "prepare",     "--study", study().string(), "--view",
                                      "both", "--per-video", "2",       "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static ProgramRun prepare(const std::vector<std::string>& more = {}) {
    return run_mien(command(more));
  }
  static std::map<std::string, std::string> hashes() {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::directory_iterator(rating() / "clips")) {
      found[entry.path().filename().string()] = sha256_of_file(entry.path()).value();
    }
    return found;
  }
  static std::vector<Json> clips(const std::string& view) {
    std::vector<Json> found;
    const Json list = Json::parse(list_);
    for (const Json& clip : list.at("clips")) {
      if (clip["view"] == view) found.push_back(clip);
    }
    return found;
  }
  static Json summary(const ProgramRun& run) {
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return Json::parse(run.out);
  }

  static inline TemporaryFolder* folder_ = nullptr;
  static inline ProgramRun whole_;
  static inline std::string list_;
  static inline std::map<std::string, std::string> files_;
};

TEST_F(Prepare, ListsPairsWithTheirPeopleAndSources) {
  const Json all = Json::parse(whole_.out);
  EXPECT_EQ(all["pairs"], 3) << whole_.out << whole_.err;
  EXPECT_EQ(all["clips"], 6);
  EXPECT_EQ(all["people"], 3);
  std::set<std::string> pairs, sources, people;
  for (const Json& clip : clips("face")) {
    pairs.insert(clip["pair"]);
    sources.insert(clip["source"]);
    people.insert(clip["person"]);
    EXPECT_EQ(clip["id"], clip["pair"].get<std::string>() + "-face");
    EXPECT_EQ(clip["strata"]["region"], clip["video_id"] == "alone" ? "Africa" : "Brazil");
  }
  EXPECT_EQ(pairs.size(), 3U);
  EXPECT_EQ(people.size(), 3U);
  EXPECT_EQ(sources, (std::set<std::string>{"ann", "bob"}));
  for (const Json& clip : clips("scene")) EXPECT_EQ(pairs.count(clip["pair"]), 1U);
  EXPECT_EQ(files_.size(), 12U);
}

TEST_F(Prepare, ClipsDecodeAgainAndShowOneFace) {
  for (const std::string view : {"face", "scene"}) {
    for (const Json& clip : clips(view)) {
      for (const char* format : {"mp4", "webm"}) {
        const fs::path path = rating() / "clips" / clip[format].get<std::string>();
        SCOPED_TRACE(path.string() + " of " + clip["video_id"].get<std::string>());
        ReaderOptions options;
        options.max_side_px = 0;
        auto reader = VideoReader::open(path, options);
        ASSERT_TRUE(reader.ok()) << reader.error().message;
        EXPECT_FALSE(reader->info().has_audio);
        EXPECT_EQ(reader->info().codec, std::string(format) == "mp4" ? "h264" : "vp9");
        EXPECT_EQ(reader->info().width_px, clip["width_px"]);
        EXPECT_EQ(reader->info().height_px, clip["height_px"]);
        int frames = 0;
        while (auto frame = reader->next().value()) {
          if (frames++ % 12 == 3) {
            EXPECT_EQ(faces_of(frame->image).size(), 1U);
          }
        }
        EXPECT_EQ(reader->condition().reason, MediaReason::kNone);
        EXPECT_GE(frames, 12);
        const double duration_s = clip["duration_s"];
        EXPECT_GE(duration_s, 0.9);
        EXPECT_LE(duration_s, 3.1);
        EXPECT_NEAR(*reader->last_frame_end_s(), duration_s, 0.002);
      }
    }
  }
  // The group's film itself has more faces.
  EXPECT_GT(faces_of(read_pictures(in() / "group.mp4", 1, 1, 0).at(0)).size(), 1U);
}

// Against the source's own pixels, at the time that the list tells.
TEST_F(Prepare, TheFaceIsAsInTheSourceAndItsSurroundingsAreGrey) {
  const Json clip = clips("face").front();
  const Image view =
      read_pictures(rating() / "clips" / clip["mp4"].get<std::string>(), 30, 0.1, 0).at(0);
  const auto faces = faces_of(view);
  ASSERT_EQ(faces.size(), 1U);
  int grey = 0;
  for (const auto& [x, y] :
       {std::pair{1, 1}, {view.width_px() - 2, 1}, {1, view.height_px() - 2}}) {
    const std::uint8_t* pixel = view.view().row(y) + 3 * x;
    grey += std::abs(pixel[0] - 128) < 25 && std::abs(pixel[2] - 128) < 25 ? 1 : 0;
  }
  EXPECT_EQ(grey, 3);
  auto reader = VideoReader::open(in() / (clip["video_id"].get<std::string>() + ".mp4")).value();
  std::optional<Frame> source;
  do {
    source = reader.next().value();
  } while (source && source->pts_us < clip["start_us"]);
  ASSERT_TRUE(source.has_value());
  // The middle of the same face looks the same but for two encodings, once laid upon each other.
  const auto cut_out = [](const Image& image, const Box& box, float dx, float dy, float scale) {
    const Point2 middle = box.centre();
    const float side = box.width_px;
    return cut(image.view(), 1,
               {{middle.x + dx * side, middle.y + dy * side}, side * 0.7F * scale, 0}, 48,
               CropOutside::kGrey);
  };
  const Image ours = cut_out(view, faces[0].detection.box, 0, 0, 1);
  double best = 1e9;
  for (const FaceObservation& there : faces_of(source->image)) {
    for (const float scale : {0.92F, 0.96F, 1.0F, 1.04F, 1.08F}) {
      for (const float dx : {-0.06F, -0.03F, 0.0F, 0.03F, 0.06F}) {
        for (const float dy : {-0.06F, -0.03F, 0.0F, 0.03F, 0.06F}) {
          const Image theirs = cut_out(source->image, there.detection.box, dx, dy, scale);
          double sum = 0;
          for (int i = 0; i < 48 * 48 * 3; ++i) sum += std::abs(ours.data()[i] - theirs.data()[i]);
          best = std::min(best, sum / (48 * 48 * 3));
        }
      }
    }
  }
  EXPECT_LT(best, 8) << "mean difference of levels";
}

TEST_F(Prepare, TheSameAgainCutsNothingAndRepairsWhatIsDamaged) {
  Json again = summary(prepare());
  EXPECT_EQ(again["cut"], 0);
  EXPECT_EQ(again["kept"], 3);
  EXPECT_EQ(read_text(rating() / "clips.json"), list_);
  const std::string mp4 = clips("scene")[0]["mp4"];
  fs::resize_file(rating() / "clips" / mp4, 100);
  again = summary(prepare({"--threads", "1"}));
  EXPECT_EQ(again["cut"], 1);
  EXPECT_EQ(hashes(), files_);
  EXPECT_EQ(read_text(rating() / "clips.json"), list_);
}

TEST_F(Prepare, KilledItGoesOnToTheSameFiles) {
  fs::remove_all(rating());
  for (const double wait_s : {0.7, 1.6}) {
    RunningMien run(command({"--threads", "1"}));
    run.wait_for_workers(1, 10);
    std::this_thread::sleep_for(std::chrono::duration<double>(wait_s));
    run.send(SIGKILL);
    run.finish();
  }
  EXPECT_EQ(summary(prepare())["pairs"], 3);
  EXPECT_EQ(hashes(), files_) << "half written files are gone too";
  EXPECT_EQ(read_text(rating() / "clips.json"), list_);
}

TEST_F(Prepare, OtherOptionsAreRefusedWithTheDifference) {
  const ProgramRun refused = prepare({"--face-px", "200"});
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_THAT(refused.err, HasSubstr("face_px: 384 in the study, 200 now"));
  EXPECT_THAT(refused.err, HasSubstr("--redo"));
  EXPECT_EQ(read_text(rating() / "clips.json"), list_);
  EXPECT_EQ(
      run_mien({"rate", "prepare", "--study", study().string(), "--strata", "age"}).exit_status, 2);
}

// In a copy: its videos are gone, damaged, or named by the user.
TEST_F(Prepare, AVideoThatIsGoneIsNamedAndTheRestGoesOn) {
  const fs::path copy = folder_->path() / "copy";
  fs::copy(study(), copy, fs::copy_options::recursive);
  fs::remove_all(copy / "rating");
  fs::rename(in() / "alone.mp4", in() / "away.mp4");
  const std::vector<std::string> words = {"rate",   "prepare", "--study", copy.string(),
                                          "--view", "scene",   "--json"};
  const ProgramRun run = run_mien(words);
  const Json left = summary(run);
  EXPECT_EQ(left["videos"], 1);
  ASSERT_EQ(left["skipped"].size(), 1U) << run.out;
  EXPECT_EQ(left["skipped"][0]["video_id"], "alone");
  EXPECT_EQ(left["skipped"][0]["reason"], "missing");
  fs::remove_all(copy / "rating");
  std::ofstream(folder_->path() / "not.txt") << "group\n";
  std::vector<std::string> without = words;
  without.insert(without.end(), {"--exclude", (folder_->path() / "not.txt").string()});
  const ProgramRun none = run_mien(without);
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_THAT(none.err, HasSubstr("no clip is fit"));
  EXPECT_THAT(none.err, HasSubstr("is gone; remedy"));
  EXPECT_FALSE(fs::exists(copy / "rating/clips.json"));
  fs::rename(in() / "away.mp4", in() / "alone.mp4");
}

TEST_F(Prepare, TheStudyIsServedAndRated) {
  const ProgramRun starter = run_mien({"rate", "template"});
  ASSERT_EQ(starter.exit_status, 0);
  write_bytes(rating() / "rating.toml", starter.out);
  const ProgramRun secret = run_mien({"rate", "secret", "--study", study().string()});
  ASSERT_EQ(secret.exit_status, 0) << secret.err;
  const ProgramRun link = run_mien({"rate", "invite", "--study", study().string()});
  ASSERT_EQ(link.exit_status, 0) << link.err;
  const std::size_t from = link.out.find("invitation=") + 11;
  const Json invitation = {{"invitation", link.out.substr(from, link.out.find('\n') - from)}};
  RunningMien server({"rate", "serve", "--study", study().string(), "--port", "18437"});
  HttpClient client(18437);
  Reply joined;
  ASSERT_TRUE(comes_true(20, [&] {
    joined = client.post("/api/join", invitation.dump());
    return joined.status != 0;
  }));
  ASSERT_EQ(joined.status, 200) << joined.body;
  const std::string token = Json::parse(joined.body)["token"];
  const Json view = Json::parse(client.post("/api/consent", R"({"agreed":true})", token).body);
  const std::string place = view["clips"][0]["place"].dump();
  std::set<std::string> known;
  for (const auto& [name, hash] : files_) known.insert(hash);
  for (const char* format : {"webm", "mp4"}) {
    const Reply film = client.get("/api/clips/" + place + "." + format, token);
    EXPECT_EQ(film.status, 200);
    EXPECT_THAT(known, Contains(sha256_of_bytes(film.body)));
  }
  const Json answers = {{"answers",
                         {{{"id", "0123456789abcdef"},
                           {"place", view["clips"][0]["place"]},
                           {"outcome", "rated"},
                           {"values", {{"amusement", 1}}},
                           {"viewed_ms", 3000}}}}};
  const Reply told = client.post("/api/answers", answers.dump(), token);
  EXPECT_EQ(Json::parse(told.body)["receipts"][0]["status"], "stored") << told.body;
  server.send(SIGTERM);
  server.finish();
  const fs::path table = folder_->path() / "ratings.csv";
  const ProgramRun exported =
      run_mien({"rate", "export", "--study", study().string(), "--out", table.string()});
  ASSERT_EQ(exported.exit_status, 0) << exported.err;
  const std::string rows = read_text(table);
  EXPECT_THAT(rows, HasSubstr(",simulated,view,pair"));
  EXPECT_THAT(rows, ::testing::ContainsRegex(",(face|scene),c[0-9a-f]{16}"));
  // Clips that raters answered about do not go.
  const ProgramRun refused = prepare({"--face-px", "200", "--redo"});
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_THAT(refused.err, HasSubstr("raters gave 1 answers"));
}

}  // namespace
}  // namespace mien::testing
