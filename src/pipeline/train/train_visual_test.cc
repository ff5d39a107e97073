// `mien train context-visual` on generated stills of three scenes and a network that only averages
// colours.
#include "pipeline/train/train_visual.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/hostile_media.h"
#include "support/media_fixtures.h"
#include "support/paths.h"
#include "support/scene_models.h"

#include "base/sha256.h"
#include "context/context_namer.h"
#include "pipeline/worker/sanitizer.h"
#include "store/database.h"
#include "table/schema.h"
#include "table/table.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t kVideos = 90;

void write_still(const fs::path& file, const Image& image) {
  std::ofstream stream(file, std::ios::binary);
  stream << "P6\n" << image.width_px() << " " << image.height_px() << "\n255\n";
  stream.write(reinterpret_cast<const char*>(image.data()),
               static_cast<std::streamsize>(image.stride_bytes() *
                                            static_cast<std::size_t>(image.height_px())));
}

// A study that knows where the stills are and who uploaded them, three of one person.
class Scenes : public ::testing::Test {
 protected:
  Scenes() {
    testing::write_scene_vocabulary(folder_.path() / "scenes.csv");
    fs::create_directories(folder_.path() / "study");
    Table corpus(corpus_schema());
    RowBuilder row(corpus.schema());
    std::ofstream labels(folder_.path() / "labels.csv");
    labels << "video_id,contexts\n";
    for (std::size_t i = 0; i < kVideos; ++i) {
      const std::string id = "v" + std::to_string(i);
      const fs::path file = folder_.path() / (id + ".ppm");
      write_still(file, testing::scene_picture(i % 3, i, 96, 64));
      for (const ColumnSpec& column : corpus.schema().columns) row.set_null(column.name);
      row.set("video_id", id)
          .set("uri", file.string())
          .set("uploader", "person " + std::to_string(i / 3));
      corpus.append(row.finish());
      labels << id << "," << testing::kScenes[i % 3] << "\n";
    }
    labels << "elsewhere,sea\n";
    for (const ColumnSpec& column : corpus.schema().columns) row.set_null(column.name);
    row.set("video_id", "poison").set("uri", (folder_.path() / "poison.png").string());
    corpus.append(row.finish());
    auto database = Database::open().value();
    EXPECT_TRUE(database.write_parquet(corpus, folder_.path() / "study/corpus.parquet", {}).ok());
    const std::vector<std::vector<double>> colours = [] {
      std::vector<std::vector<double>> identity(testing::kSceneFeatures,
                                                std::vector<double>(testing::kSceneFeatures + 1));
      for (std::size_t i = 0; i < identity.size(); ++i) identity[i][i] = 1;
      return identity;
    }();
    network_ =
        testing::write_scene_model(folder_.path(), "colours", testing::scene_network(colours),
                                   testing::kSceneFeatures, nlohmann::json::object());
    const fs::path root = testing::source_dir();
    request_.study = folder_.path() / "study";
    request_.labels = folder_.path() / "labels.csv";
    request_.out = folder_.path() / "probe";
    request_.network = "colours";
    request_.extra_manifests = {network_};
    request_.vocabulary = folder_.path() / "scenes.csv";
    request_.manifest_folder = root / "models";
    request_.model_folder = root / "build/models";
    request_.data = root / "data";
    request_.program = testing::program();
  }

  testing::TemporaryFolder folder_;
  fs::path network_;
  TrainVisualRequest request_;
  std::atomic<bool> stop_ = false;
};

TEST_F(Scenes, AreLearnedMeasuredAndNamed) {
  const auto summary = train_visual(request_, stop_);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->training + summary->calibration + summary->held_out, int{kVideos});
  EXPECT_EQ(summary->frames, summary->training);  // stills
  EXPECT_EQ(summary->training % 3, 0);            // whole uploaders
  EXPECT_GE(summary->held_out, 6);
  EXPECT_THAT(summary->not_found, ElementsAre("elsewhere"));
  const TextEvaluation& evaluation = summary->evaluation.evaluation;
  EXPECT_EQ(evaluation.texts, summary->held_out);
  EXPECT_GT(evaluation.top1, 0.9);
  EXPECT_GT(evaluation.micro_f1, 0.9);
  EXPECT_GT(evaluation.macro_f1, 0.9);
  EXPECT_LT(evaluation.calibration_error, 0.2);

  // The model is one that annotate takes, and names what it was trained on.
  const fs::path root = testing::source_dir();
  const fs::path manifest = request_.out / "manifest.json";
  const auto models = ModelSet::open(root / "models", root / "build/models", {manifest, network_});
  ASSERT_TRUE(models.ok()) << models.error().message;
  VisualOptions options;
  options.masked = true;
  options.vocabulary = request_.vocabulary;
  auto namer = ContextNamer::open(*models, options);
  ASSERT_TRUE(namer.ok()) << namer.error().message;
  for (std::size_t scene = 0; scene < 3; ++scene) {
    const auto scores = namer->name(testing::scene_picture(scene, 500, 96, 64).view(), {});
    ASSERT_TRUE(scores.ok()) << scores.error().message;
    EXPECT_GT((*scores)[scene], namer->thresholds()[scene]) << scene;
  }

  // The manifest tells how it was measured, the card too.
  const auto json = nlohmann::json::parse(std::ifstream(manifest));
  EXPECT_EQ(json.at("training").at("evaluation").at("videos"), summary->held_out);
  EXPECT_EQ(json.at("training").at("evaluation").at("contexts").size(), 3U);
  std::ifstream card_file(request_.out / "card.md");
  const std::string card((std::istreambuf_iterator<char>(card_file)), {});
  EXPECT_THAT(card, HasSubstr("Micro F1"));
  EXPECT_THAT(card, HasSubstr("| fire |"));

  // Again, on two threads: the same bytes.
  const std::string first = *sha256_of_file(request_.out / "probe.onnx");
  request_.threads = 2;
  ASSERT_TRUE(train_visual(request_, stop_).ok());
  EXPECT_EQ(*sha256_of_file(request_.out / "probe.onnx"), first);
}

TEST_F(Scenes, OneThatFillsMemoryCostsItselfAlone) {
  if (kWithSanitizer) GTEST_SKIP() << "a sanitizer's shadow counts as memory";
  testing::write_bytes(folder_.path() / "poison.png", testing::blank_png(32000, 2000));
  std::ofstream(request_.labels, std::ios::app) << "poison,sea\n";
  request_.limits.memory_mb = 300;
  const auto summary = train_visual(request_, stop_);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_THAT(summary->not_read, ElementsAre(HasSubstr("poison: worker_memory: ")));
  EXPECT_EQ(summary->training + summary->calibration + summary->held_out, int{kVideos});
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path();
  }
}

TEST_F(Scenes, SayWhatIsMissing) {
  const auto refusal = [&] {
    const auto summary = train_visual(request_, stop_);
    return summary.ok() ? "" : summary.error().message;
  };
  std::ofstream(request_.labels) << "video_id,contexts\nv0,sea\nv1,forest\n";
  EXPECT_THAT(refusal(), HasSubstr("no context has 5 training videos"));
  std::ofstream(request_.labels) << "video_id,contexts\nv0,moon\nv1,forest\n";
  EXPECT_THAT(refusal(), HasSubstr("the video 'v0' has the context 'moon'"));
  std::ofstream(request_.labels) << "video_id,uploader\nv0,moon\n";
  EXPECT_THAT(refusal(), HasSubstr("no column 'contexts'"));
  request_.network = "emotion";
  EXPECT_THAT(refusal(), HasSubstr("no picture network of that id that gives a vector"));
}

}  // namespace
}  // namespace mien
