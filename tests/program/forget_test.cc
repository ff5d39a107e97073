// Forgetting: nothing of the forgotten stays, everything of the others does, whatever happens in
// between. MIEN_SOAK kills at many more moments.
#include <signal.h>

#include <chrono>
#include <cstdlib>

#include "program/program.h"

#include "base/random.h"
#include "pipeline/annotate/inputs.h"
#include "pipeline/forget/forget_fixture.h"
#include "pipeline/verify/verify_study.h"
#include "store/forgotten.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

class Forget : public ForgetFixture {
 protected:
  void SetUp() override {
    ForgetFixture::SetUp();
    make("study", {});
    ASSERT_FALSE(HasFatalFailure());
  }

  fs::path copy(const std::string& name) const {
    fs::copy(folder(), folder(name), fs::copy_options::recursive);
    return folder(name);
  }

  void expect_nothing_of(const std::string& name, const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      EXPECT_THAT(places_of(folder(name), word), IsEmpty()) << word;
    }
  }
};

TEST_F(Forget, LeavesTheStudyAsIfTheyHadNeverBeenInIt) {
  make("never", {"v1.mp4", "v4.mp4", "v5.mp4"}, false);
  ASSERT_THAT(places_of(folder(), "v1.mp4"),
              IsSupersetOf({"annotations/shard-00000/media.parquet (video_id)",
                            "corpus.parquet (duplicate_cluster)", "duplicates.parquet (video_id)",
                            "log/annotate.txt", "rating/clips.json"}))
      << "the search finds what is there";
  const auto done = forget_in("study", {"v1.mp4"}, {kUploader}, {kRater});
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(done->videos, 3);
  expect_nothing_of("study", {"v1.mp4", "v4.mp4", "v5.mp4", kUploader, kRater});
  EXPECT_EQ(bytes_of(folder()), bytes_of(folder("never")));
  EXPECT_EQ(answers_of(folder()), answers_of(folder("never")));
  // The videos themselves are somebody else's; the list of what is left says so.
  EXPECT_THAT(done->left, ElementsAre(HasSubstr("media/v1.mp4"), HasSubstr("media/v4.mp4"),
                                      HasSubstr("media/v5.mp4")));
  const Forgotten forgotten = Forgotten::read(folder()).value();
  EXPECT_TRUE(forgotten.has_video("v1.mp4"));
  EXPECT_TRUE(forgotten.has_uploader(kUploader));
  EXPECT_TRUE(forgotten.has_rater(kRater));
  EXPECT_FALSE(forgotten.has_video("v0.mp4"));

  const auto again = forget_in("study", {"v1.mp4"}, {}, {});
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(bytes_of(folder()), bytes_of(folder("never"))) << "twice is once";
}

TEST_F(Forget, RemovesWhatWasSummedUpAndNamesTheVerbs) {
  for (const char* file : {"maps/maps.parquet", "maps/statistics-visual.sums",
                           "compare/compare.json", "report/index.html", "texts/parts/a"}) {
    testing::write_text(folder() / file, "sums");
  }
  const auto done = forget_in("study", {"v1.mp4"}, {}, {});
  ASSERT_TRUE(done.ok()) << done.error().message;
  for (const char* place : {"maps", "compare", "report", "texts/parts"}) {
    EXPECT_FALSE(fs::exists(folder() / place)) << place;
  }
  const std::string study = folder().string();
  EXPECT_THAT(done->run_again,
              ElementsAre("mien contexts text --study " + study, "mien associate --study " + study,
                          "mien compare --study " + study, "mien report --study " + study));
}

TEST_F(Forget, AShardIsLeftOutWholeAndOthersKeepTheirNumbers) {
  make("shards", {}, true, 2);
  const std::string other =
      read_whole_file(folder("shards") / "annotations/shard-00002/media.parquet").value();
  const auto done = forget_in("shards", {"v2.mp4", "v3.mp4"}, {}, {});
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_FALSE(fs::exists(folder("shards") / "annotations/shard-00001"));
  EXPECT_EQ(read_whole_file(folder("shards") / "annotations/shard-00002/media.parquet").value(),
            other);
  Study study = open(2, "shards");
  EXPECT_EQ(study.plan().shards(), 3);
  EXPECT_EQ(study.plan().shard_of(*study.plan().find("v4.mp4")), 2);
  EXPECT_THAT(study.problems(), IsEmpty());
  EXPECT_THAT(study.todo(), IsEmpty());
  ASSERT_TRUE(study.add_inputs(std::vector{input("v9.mp4")}).ok());
  finish(study);
  EXPECT_TRUE(fs::exists(folder("shards") / "annotations/shard-00003"));
}

TEST_F(Forget, ADryRunAndAnUnknownIdTouchNothing) {
  const auto before = bytes_of(folder());
  ForgetRequest request;
  request.study = folder();
  request.uploaders = {kUploader};
  request.dry_run = true;
  const auto would = forget(request);
  ASSERT_TRUE(would.ok()) << would.error().message;
  EXPECT_EQ(would->videos, 2);
  EXPECT_THAT(would->changes,
              Contains(::testing::Field(&ForgetChange::what, HasSubstr("2 of 6 videos removed"))));
  const auto unknown = forget_in("study", {"v1.mp4", "nobody.mp4"}, {"Nobody"}, {"rNobody"});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  for (const char* word : {"'nobody.mp4'", "'Nobody'", "'rNobody'", "remedy", "--table corpus"}) {
    EXPECT_THAT(unknown.error().message, HasSubstr(word));
  }
  EXPECT_THAT(unknown.error().message, ::testing::Not(HasSubstr("'v1.mp4'")));
  EXPECT_EQ(bytes_of(folder()), before);
  EXPECT_FALSE(fs::exists(forgotten_file(folder())));
}

TEST_F(Forget, StoppedAfterAnyStepTheNextCallCompletesIt) {
  ASSERT_TRUE(Forgotten::read_or_begin(folder()).ok());
  const fs::path whole = copy("whole");
  ASSERT_TRUE(forget_in("whole", {"v1.mp4"}, {kUploader}, {kRater}).ok());
  for (const std::string step :
       {"journal", "sums", "tables", "ratings", "files", "annotations", "forgotten"}) {
    copy(step);
    ForgetRequest request;
    request.study = folder(step);
    request.videos = {"v1.mp4"};
    request.uploaders = {kUploader};
    request.raters = {kRater};
    request.after_step = [&](const char* now) -> Status {
      return now == step ? Status(Error{ErrorCode::kCancelled, "stopped"}) : Status(Ok{});
    };
    ASSERT_EQ(forget(request).error().message, "stopped") << step;
    EXPECT_EQ(Forgotten::read(folder(step))->has_video("v1.mp4"), step == "forgotten")
        << step << ": nothing says forgotten before it is";
    const auto busy = try_open(settings(), false, 10, step);
    ASSERT_FALSE(busy.ok()) << step;
    EXPECT_THAT(busy.error().message, HasSubstr("mien forget"));
    EXPECT_FALSE(verify_study({folder(step), false})->is_sound()) << step;

    const auto completed = forget_in(step, {}, {}, {});
    ASSERT_TRUE(completed.ok()) << step << ": " << completed.error().message;
    EXPECT_TRUE(completed->resumed);
    EXPECT_EQ(bytes_of(folder(step)), bytes_of(whole)) << step;
    EXPECT_EQ(answers_of(folder(step)), answers_of(whole)) << step;
    expect_nothing_of(step, {"v1.mp4", kUploader, kRater});
  }
}

TEST_F(Forget, WhatAKillLeftAmongTheFeaturesGoesToo) {
  ASSERT_TRUE(Forgotten::read_or_begin(folder()).ok());
  copy("left");
  const fs::path shard = folder("left") / "features/key/3a";
  fs::create_directories(shard);
  const fs::path left = shard / ".3a4d2858c33d214d41ee81f40d418b15.tmp-1-2";
  std::ofstream(left) << "features";
  ASSERT_TRUE(forget_in("left", {"v1.mp4"}, {}, {}).ok());
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(Forget, KilledAtAnyMomentTheNextCallCompletesIt) {
  ASSERT_TRUE(Forgotten::read_or_begin(folder()).ok());
  const fs::path whole = copy("whole");
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(forget_in("whole", {"v1.mp4"}, {kUploader}, {kRater}).ok());
  const double whole_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const bool soak = std::getenv("MIEN_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe)
  const int kills = soak ? 200 : 8;
  Random random(20261127);
  int hit = 0;
  for (int k = 0; k < kills; ++k) {
    const std::string name = "killed";
    fs::remove_all(folder(name));
    copy(name);
    const std::vector<std::string> command = {
        "forget", folder(name).string(), "--video", "v1.mp4", "--uploader", kUploader, "--rater",
        kRater};
    {
      testing::RunningMien running(command);
      testing::comes_true(random.uniform() * whole_s * 1.2, [] { return false; });
      running.send(SIGKILL);
      if (running.finish().exit_status == 128 + SIGKILL) ++hit;
    }
    const testing::ProgramRun run = testing::run_mien(command);
    ASSERT_EQ(run.exit_status, 0) << run.err;
    EXPECT_EQ(bytes_of(folder(name)), bytes_of(whole)) << k;
    EXPECT_EQ(answers_of(folder(name)), answers_of(whole)) << k;
    expect_nothing_of(name, {"v1.mp4", kUploader, kRater});
    if (HasFailure()) return;
  }
  EXPECT_GE(hit, kills / 4) << "some must hit it while it runs";
  RecordProperty("kills_that_hit", hit);
  std::printf("%d of %d kills hit it while it ran\n", hit, kills);
}

TEST_F(Forget, ModelsThatHoldThemAreNamed) {
  const fs::path model = root_ / "model";
  const fs::path other = root_ / "other";
  const fs::path of_rater = root_ / "of_rater";
  ASSERT_TRUE(record_training(folder(), model, {{"v1.mp4", "v2.mp4"}, {}, {"rBob"}}).ok());
  ASSERT_TRUE(record_training(folder(), other, {{"v2.mp4"}, {"Max"}, {"rBob"}}).ok());
  ASSERT_TRUE(record_training(folder(), of_rater, {{"v2.mp4"}, {}, {kRater}}).ok());
  for (const fs::path& one : {model, other, of_rater}) {
    const std::string text = read_whole_file(one / "trained_on.json").value();
    EXPECT_THAT(text, ::testing::Not(HasSubstr("v2.mp4"))) << "marks, not names";
  }
  const auto done = forget_in("study", {"v1.mp4"}, {}, {});
  ASSERT_TRUE(done.ok()) << done.error().message;
  ASSERT_EQ(done->models.size(), 1U);
  EXPECT_EQ(done->models[0].folder, fs::weakly_canonical(model));
  EXPECT_EQ(done->models[0].why, "trained on 1 forgotten video");

  // A rater who withdrew on their own page is known by the mark that the server noted.
  {
    auto ratings = writable_ratings(folder()).value();
    const std::string mark = Forgotten::read(folder())->mark_of(kRater);
    ASSERT_TRUE(forget_rater(ratings, kRater, mark, 5).ok());
  }
  fs::remove(other / "trained_on.json");
  const auto later = forget_in("study", {}, {}, {});
  ASSERT_TRUE(later.ok()) << later.error().message;
  ASSERT_EQ(later->models.size(), 3U);
  EXPECT_EQ(later->models[1].why, "trained on 1 forgotten rater");
  EXPECT_THAT(later->models[2].why, HasSubstr("cannot be told"));
}

TEST_F(Forget, WhatIsForgottenIsPassedOverWhenItComesAgain) {
  ASSERT_TRUE(forget_in("study", {"v1.mp4"}, {kUploader}, {}).ok());
  const Forgotten forgotten = Forgotten::read(folder()).value();
  const fs::path list = root_ / "list.csv";
  testing::write_text(list, fmt::format("video_id,uri,uploader\nv1.mp4,media/v1.mp4,Max\n"
                                        "v2.mp4,media/v2.mp4,Max\nv7.mp4,media/v7.mp4,{}\n",
                                        kUploader));
  Inputs inputs = expand_inputs({list}, false, database_).value();
  EXPECT_EQ(leave_out_forgotten(inputs, forgotten), 2);
  ASSERT_EQ(inputs.videos.size(), 1U);
  EXPECT_EQ(inputs.videos[0].video_id, "v2.mp4");
  EXPECT_EQ(inputs.corpus->rows(), 1U);

  fs::remove(folder() / "corpus.parquet");
  const testing::ProgramRun run =
      testing::run_mien({"ingest", list.string(), "--out", folder().string(), "--json"});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const auto summary = nlohmann::json::parse(run.out);
  EXPECT_EQ(summary.at("forgotten"), 2);
  EXPECT_EQ(summary.at("accepted"), 1);
  EXPECT_EQ(summary.at("rejected"), 0);
  expect_nothing_of("study", {"v1.mp4", kUploader});
}

}  // namespace
}  // namespace mien
