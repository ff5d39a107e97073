// Which crop the expression network reads best: balanced accuracy on the labelled faces for several
// squares, every other picture apart, so that a choice made on one half is seen on the other.
//   tools/build release expression_crop_measure &&
//   build/release/src/expression/expression_crop_measure
#include <cstdio>
#include <string>

#include "expression/expression_crop.h"
#include "expression/expression_model.h"
#include "expression/labelled_faces.h"

namespace mien {
namespace {

struct Variant {
  CropRule rule;
  std::array<testing::Confusion, 2> halves;
  testing::Confusion all;
};

std::vector<Variant> variants() {
  std::vector<Variant> all;
  for (const auto around : {CropRule::Around::kBox, CropRule::Around::kMesh}) {
    for (const float lower : {-0.1F, 0.0F, 0.1F}) {
      for (const float times : {0.9F, 1.0F, 1.1F, 1.2F, 1.25F, 1.3F, 1.4F, 1.5F}) {
        all.push_back({{around, times, lower}, {}, {}});
      }
    }
  }
  return all;
}

std::size_t best_of_six(const std::vector<float>& scores, const Manifest& manifest) {
  std::size_t best = 0;
  float highest = -1;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    for (std::size_t label = 0; label < testing::kModelLabels.size(); ++label) {
      if (manifest.labels[i] != testing::kModelLabels.at(label) || scores[i] <= highest) continue;
      highest = scores[i];
      best = label;
    }
  }
  return best;
}

int measure(const std::string& model_id) {
  const auto root = testing::source_dir();
  const ModelSet models = ModelSet::open(root / "models", root / "build/models").value();
  ExpressionModel model = ExpressionModel::open(models, model_id).value();
  FaceOptions options;
  options.descriptors = false;
  options.small_faces = false;
  FrameAnalyser analyser = testing::open_analyser(options);
  std::vector<Variant> crops = variants();
  std::size_t number = 0;
  for (const testing::LabelledPicture& picture : testing::labelled_pictures()) {
    const Image image = testing::still(picture.path);
    analyser.begin_chunk();
    const auto face = testing::main_face(analyser.analyse(image.view(), 1, 0, 0).value().faces);
    const std::size_t half = number++ % 2;
    for (Variant& variant : crops) {
      if (!face) {
        ++variant.halves.at(half).unscored.at(picture.label);
        ++variant.all.unscored.at(picture.label);
        continue;
      }
      const CropSquare square = expression_square(*face, variant.rule);
      const auto scores = model.score(image.view(), 1, square).value();
      const std::size_t read = best_of_six(scores, model.manifest());
      ++variant.halves.at(half).count.at(picture.label).at(read);
      ++variant.all.count.at(picture.label).at(read);
    }
  }
  if (number == 0) {
    std::fputs("no labelled faces in ../shared/data/faces\n", stderr);
    return 1;
  }
  std::printf("around  times  lower   all   odd  even  all, unscored wrong\n");
  for (const Variant& v : crops) {
    std::printf("%-6s  %5.2f  %5.2f  %.3f %.3f %.3f  %.3f\n",
                v.rule.around == CropRule::Around::kBox ? "box" : "mesh",
                static_cast<double>(v.rule.times), static_cast<double>(v.rule.lower),
                v.all.balanced_accuracy(false), v.halves[0].balanced_accuracy(false),
                v.halves[1].balanced_accuracy(false), v.all.balanced_accuracy(true));
  }
  return 0;
}

}  // namespace
}  // namespace mien

int main(int argc, char** argv) {
  return mien::measure(argc > 1 ? argv[1] : "face_expression");
}
