// The channels on 800 labelled pictures: how often basic7 agrees with the labels, and that the
// constants measured on them still hold.
#include "expression/labelled_faces.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "expression/actions.h"
#include "expression/channel.h"

namespace mien {
namespace {

struct Seen {
  std::size_t label;
  std::map<std::string, double> scores;
  Measures measures;
};

// Every picture's main face, scored once for all tests.
struct Pictures {
  std::vector<Seen> faces;
  testing::Confusion confusion;
  std::map<std::string, int> unscored_reasons;
};

const Pictures& pictures() {
  static const Pictures kPictures = [] {
    Pictures all;
    const auto root = testing::source_dir();
    ChannelOptions options;
    options.prototype_file = root / "data/prototype16.json";
    auto scorer =
        ChannelScorer::open(ModelSet::open(root / "models", root / "build/models").value(), options)
            .value();
    FaceOptions face_options;
    face_options.descriptors = false;
    FrameAnalyser analyser = testing::open_analyser(face_options);
    for (const testing::LabelledPicture& picture : testing::labelled_pictures()) {
      const Image image = testing::still(picture.path);
      analyser.begin_chunk();
      const auto faces = analyser.analyse(image.view(), 1, 0, 0).value().faces;
      const auto face = testing::main_face(faces);
      if (!face) {
        ++all.confusion.unscored.at(picture.label);
        ++all.unscored_reasons[faces.empty() ? "no face found"
                                             : std::string(to_string(faces[0].quality.reason))];
        continue;
      }
      const auto scores = scorer.score(image.view(), 1, *face).value();
      Seen seen{picture.label, {}, measures_of(face->landmarks)};
      for (std::size_t i = 0; i < scores.size(); ++i) {
        seen.scores[scorer.columns()[i].name] = static_cast<double>(scores[i]);
      }
      std::size_t best = 0;
      for (std::size_t l = 0; l < 6; ++l) {
        const auto score_of = [&](std::size_t label) {
          return seen.scores.at(std::string("basic7_") + testing::kModelLabels.at(label));
        };
        if (score_of(l) > score_of(best)) best = l;
      }
      ++all.confusion.count.at(picture.label).at(best);
      all.faces.push_back(std::move(seen));
    }
    for (const StageTime& stage : scorer.stage_times()) {
      std::printf("%s: %.1f us a face\n", stage.stage.c_str(),
                  stage.seconds * 1e6 / static_cast<double>(stage.calls));
    }
    return all;
  }();
  return kPictures;
}

class LabelledFaces : public ::testing::Test {
 protected:
  void SetUp() override {
    if (testing::labelled_pictures().empty()) {
      GTEST_SKIP() << "no labelled faces in " << testing::shared_dir() / "data/faces";
    }
  }
};

TEST_F(LabelledFaces, GiveBasic7ItsBalancedAccuracy) {
  const testing::Confusion& confusion = pictures().confusion;
  std::printf("picture's label |");
  for (const char* label : testing::kModelLabels) std::printf(" %9s", label);
  std::printf(" | not scored\n");
  for (std::size_t l = 0; l < 6; ++l) {
    std::printf("%-15s |", testing::kFaceLabels.at(l));
    for (const int n : confusion.count.at(l)) std::printf(" %9d", n);
    std::printf(" | %d\n", confusion.unscored.at(l));
  }
  for (const auto& [reason, n] : pictures().unscored_reasons) {
    std::printf("not scored, %s: %d\n", reason.c_str(), n);
  }
  const double scored = confusion.balanced_accuracy(false);
  const double all = confusion.balanced_accuracy(true);
  std::printf("balanced accuracy %.3f over scored faces, %.3f with the others counted as wrong\n",
              scored, all);
  EXPECT_GE(scored, 0.53);
  EXPECT_GE(all, 0.53);
}

TEST_F(LabelledFaces, HaveTheNeutralFaceOfTheActions) {
  std::vector<Measures> neutral;
  for (const Seen& seen : pictures().faces) {
    if (std::string(testing::kFaceLabels.at(seen.label)) == "neutral") {
      neutral.push_back(seen.measures);
    }
  }
  ASSERT_GT(neutral.size(), 100U);
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    std::vector<double> values;
    for (const Measures& face : neutral) values.push_back(face.at(m));
    std::nth_element(values.begin(), values.begin() + 74, values.end());
    EXPECT_NEAR(values[74], neutral_measures().at(m), 0.004) << "measure " << m;
  }
}

// How often a face of one label scores above a face of another.
double above(const std::string& channel, const char* label, const char* other) {
  std::vector<double> ones;
  std::vector<double> others;
  for (const Seen& seen : pictures().faces) {
    if (std::string(testing::kFaceLabels.at(seen.label)) == label)
      ones.push_back(seen.scores.at(channel));
    if (std::string(testing::kFaceLabels.at(seen.label)) == other)
      others.push_back(seen.scores.at(channel));
  }
  return testing::share_above(ones, others);
}

// Each channel against neutral faces: the table of docs/actions.md and docs/prototype16.md. The
// bounds hold what any such description must show of these pictures.
TEST_F(LabelledFaces, ScoreAboveNeutralFacesWhereTheyShould) {
  std::printf("%-28s", "above neutral faces");
  for (const char* label : testing::kFaceLabels) std::printf(" %9s", label);
  std::printf("\n");
  for (const auto& [channel, score] : pictures().faces.at(0).scores) {
    std::printf("%-28s", channel.c_str());
    for (const char* label : testing::kFaceLabels) {
      std::printf(" %9.2f", above(channel, label, "neutral"));
    }
    std::printf("\n");
  }
  EXPECT_GT(above("action_lip_corners_up", "happiness", "neutral"), 0.85);
  EXPECT_GT(above("action_cheeks_raised", "happiness", "neutral"), 0.75);
  EXPECT_GT(above("action_lips_parted", "surprise", "neutral"), 0.75);
  EXPECT_GT(above("action_brows_lowered", "anger", "neutral"), 0.55);
  EXPECT_GT(above("label_amusement", "happiness", "neutral"), 0.85);
  EXPECT_GT(above("label_surprise", "surprise", "neutral"), 0.75);
  EXPECT_GT(above("label_anger", "anger", "neutral"), 0.65);
  EXPECT_GT(above("label_sadness", "sadness", "neutral"), 0.55);
}

}  // namespace
}  // namespace mien
