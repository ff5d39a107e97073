// prototype16 over Action Units against prototype16 over the actions that approximate them, on the
// labelled pictures: the table of docs/action-units.md.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <map>

#include "support/soak.h"

#include "expression/bundle_fixture.h"
#include "expression/channel.h"
#include "expression/labelled_faces.h"

namespace mien {
namespace {

namespace fs = std::filesystem;

// By column, by label of the pictures.
using Scores = std::map<std::string, std::array<std::vector<double>, 6>>;

void add(ChannelScorer& scorer, const Image& image, const FaceObservation& face, std::size_t label,
         Scores& scores) {
  const auto row = scorer.score(image.view(), 1, face).value();
  for (std::size_t i = 0; i < row.size(); ++i)
    if (std::isfinite(row[i]))
      scores[scorer.columns()[i].name].at(label).push_back(static_cast<double>(row[i]));
}

TEST(ActionUnitsOfLabelledFaces, TellLabelsFromNeutralFaces) {
  const fs::path bundle = testing::reference_bundle();
  const auto pictures = testing::labelled_pictures();
  if (!fs::exists(bundle)) GTEST_SKIP() << bundle << " is not there";
  if (pictures.empty()) GTEST_SKIP() << "no labelled faces in " << testing::shared_dir();
  const testing::TemporaryFolder folder;
  const ModelSet models = testing::models_with_bundle(folder.path());
  ChannelOptions options;
  options.basic7 = options.action = false;
  options.prototype_file = testing::source_dir() / "data/prototype16.json";
  ChannelScorer by_actions = ChannelScorer::open(models, options).value();
  options.action_units = true;
  ChannelScorer by_units = ChannelScorer::open(models, options).value();
  FaceOptions face_options;
  face_options.descriptors = false;
  FrameAnalyser analyser = testing::open_analyser(face_options);
  Scores actions;
  Scores units;
  const std::size_t step = testing::soak() ? 1 : 4;
  for (std::size_t i = 0; i < pictures.size(); i += step) {
    const testing::LabelledPicture& picture = pictures[i];
    const Image image = testing::still(picture.path);
    analyser.begin_chunk();
    const auto face = testing::main_face(analyser.analyse(image.view(), 1, 0, 0).value().faces);
    if (!face) continue;
    add(by_actions, image, *face, picture.label, actions);
    add(by_units, image, *face, picture.label, units);
  }
  constexpr std::size_t kNeutral = 3;
  const auto above = [](const Scores& scores, const std::string& column, std::size_t label) {
    return testing::share_above(scores.at(column).at(label), scores.at(column).at(kNeutral));
  };
  std::printf("%-22s", "above neutral faces");
  for (const char* label : testing::kFaceLabels) std::printf(" %15s", label);
  std::printf("\n");
  for (const auto& [column, by_label] : units) {
    std::printf("%-22s", column.c_str());
    for (std::size_t label = 0; label < by_label.size(); ++label) {
      std::printf(" %7.2f", above(units, column, label));
      if (actions.contains(column))
        std::printf(" (%.2f) ", above(actions, column, label));
      else
        std::printf("%8s", "");
    }
    std::printf("\n");
  }
  constexpr std::size_t kHappiness = 2;
  constexpr std::size_t kSurprise = 5;
  EXPECT_GT(above(units, "au_12", kHappiness), 0.85);
  EXPECT_GT(above(units, "au_26", kSurprise), 0.65);
  EXPECT_GT(above(units, "label_amusement", kHappiness), 0.85);
  EXPECT_GT(above(units, "label_surprise", kSurprise), 0.75);
}

}  // namespace
}  // namespace mien
