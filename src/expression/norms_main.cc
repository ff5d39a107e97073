// The constants that turn landmarks and scores into comparable numbers, from the labelled faces:
// the neutral face of actions.cc, and mean and spread of every action, basic7 score and Action
// Unit, which it writes into the prototype file. The networks of the blendshapes are to be added
// before (mien models add).
//   tools/build release expression_norms && build/release/src/expression/expression_norms
//   data/prototype16.json
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "expression/action_units.h"
#include "expression/actions.h"
#include "expression/blendshapes.h"
#include "expression/expression_crop.h"
#include "expression/expression_model.h"
#include "expression/labelled_faces.h"

namespace mien {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCommand =
    "build/release/src/expression/expression_norms data/prototype16.json";

constexpr std::size_t kTilt = kActionCount - 1;

struct Faces {
  std::vector<Measures> neutral;
  std::vector<std::vector<double>> channels;  // actions, basic7, Action Units
  std::vector<std::string> names;
};

Faces measure_faces() {
  const auto root = testing::source_dir();
  const fs::path made = root / "build/models";
  const ModelSet models = ModelSet::open(root / "models", made,
                                         {made / (std::string(kIrisLandmarkModel) + ".json"),
                                          made / (std::string(kBlendshapeModel) + ".json")})
                              .value();
  Blendshapes blendshapes = Blendshapes::open(models).value();
  const ActionUnits units = ActionUnits::open(blendshapes.manifest().labels).value();
  ExpressionModel model = ExpressionModel::open(models, "face_expression").value();
  FaceOptions options;
  options.descriptors = false;
  FrameAnalyser analyser = testing::open_analyser(options);
  Faces faces;
  for (const ActionSpec& spec : action_specs())
    faces.names.push_back("action_" + std::string(spec.name));
  for (const std::string& label : model.manifest().labels) faces.names.push_back("basic7_" + label);
  faces.names.emplace_back("abs(action_head_tilt_deg)");
  for (const ColumnSpec& unit : action_unit_columns()) faces.names.push_back(unit.name);
  for (const testing::LabelledPicture& picture : testing::labelled_pictures()) {
    const Image image = testing::still(picture.path);
    analyser.begin_chunk();
    const auto face = testing::main_face(analyser.analyse(image.view(), 1, 0, 0).value().faces);
    if (!face) continue;
    if (std::string(testing::kFaceLabels.at(picture.label)) == "neutral") {
      faces.neutral.push_back(measures_of(face->landmarks));
    }
    const Actions actions = measure_actions(face->landmarks);
    std::vector<double> row(actions.begin(), actions.end());
    const auto scores = model.score(image.view(), 1, expression_square(*face)).value();
    row.insert(row.end(), scores.begin(), scores.end());
    row.push_back(std::abs(row[kTilt]));
    const auto shapes = blendshapes.score(image.view(), 1, *face).value();
    for (const float unit : units.from(shapes)) row.push_back(static_cast<double>(unit));
    faces.channels.push_back(std::move(row));
  }
  return faces;
}

double rounded(double value, double places) {
  return std::round(value * places) / places;
}

int run(const char* file) {
  const Faces faces = measure_faces();
  if (faces.neutral.empty()) {
    std::fputs("no labelled faces in ../shared/data/faces\n", stderr);
    return 1;
  }
  std::printf("neutral measures, medians over %zu pictures, for kNeutral in actions.cc:\n ",
              faces.neutral.size());
  for (std::size_t i = 0; i < kMeasureCount; ++i) {
    std::vector<double> values;
    for (const Measures& m : faces.neutral) values.push_back(m.at(i));
    std::nth_element(values.begin(),
                     values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    std::printf(" %.4f,", values[values.size() / 2]);
  }
  std::printf("\n");

  nlohmann::ordered_json norms;
  norms["command"] = kCommand;
  norms["pictures"] = faces.channels.size();
  for (std::size_t c = 0; c < faces.names.size(); ++c) {
    std::vector<double> values;  // of the faces that have the channel
    for (const auto& row : faces.channels)
      if (std::isfinite(row[c])) values.push_back(row[c]);
    const auto n = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    norms["channels"][faces.names[c]] = {{"mean", rounded(mean, 1e4)},
                                         {"sd", rounded(std::sqrt(squares / (n - 1)), 1e4)}};
  }
  nlohmann::ordered_json prototype;
  std::ifstream(file) >> prototype;
  prototype["norms"] = norms;
  std::ofstream(file) << prototype.dump(2) << "\n";
  return 0;
}

}  // namespace
}  // namespace mien

int main(int argc, char** argv) {
  if (argc == 2) return mien::run(argv[1]);
  std::fputs("usage: expression_norms PROTOTYPE_FILE\n", stderr);
  return 2;
}
