// What a trained head could read, of every labelled face picture, for the choice of crops: each
// trunk's numbers for several squares, straight and mirrored, as raw float32 rows.
//   tools/build release expression_features_measure &&
//   build/release/src/expression/expression_features_measure OUT
// writes OUT.f32 (rows), OUT.csv (a line a row: picture, label, reason, quality terms) and
// OUT.blocks (a line a block: name, first column, columns).
#include <cstdio>
#include <fstream>
#include <string>

#include "expression/actions.h"
#include "expression/expression_crop.h"
#include "expression/expression_model.h"
#include "expression/labelled_faces.h"
#include "face/alignment.h"
#include "face/descriptor.h"

namespace mien {
namespace {

struct Rows {
  std::vector<float> row;
  std::vector<std::pair<std::string, std::size_t>> blocks;  // of the first row

  void add(const std::string& name, const std::vector<float>& values, bool is_first) {
    if (is_first) blocks.emplace_back(name, values.size());
    row.insert(row.end(), values.begin(), values.end());
  }
};

Image mirrored(const Image& image) {
  Image result(image.width_px(), image.height_px());
  for (int y = 0; y < image.height_px(); ++y) {
    for (int x = 0; x < image.width_px(); ++x) {
      for (int c = 0; c < 3; ++c) {
        result.row(y)[3 * x + c] = image.view().row(y)[3 * (image.width_px() - 1 - x) + c];
      }
    }
  }
  return result;
}

std::string times(float value) {
  return std::to_string(value).substr(0, 4);
}

int measure(const std::string& out) {
  const auto root = testing::source_dir();
  const ModelSet models = ModelSet::open(root / "models", root / "build/models").value();
  ExpressionModel expression = ExpressionModel::open(models, "face_expression").value();
  Descriptor descriptor = Descriptor::open(models).value();
  FaceOptions options;
  options.descriptors = false;
  FrameAnalyser analyser = testing::open_analyser(options);
  std::ofstream rows(out + ".f32", std::ios::binary);
  std::ofstream table(out + ".csv");
  table << "picture,label,faces,reason,inside,size_px,sharpness,presence,yaw,pitch,has_row\n";
  Rows writer;
  bool is_first = true;
  for (const testing::LabelledPicture& picture : testing::labelled_pictures()) {
    const Image image = testing::still(picture.path);
    analyser.begin_chunk();
    const auto faces = analyser.analyse(image.view(), 1, 0, 0).value().faces;
    auto face = testing::main_face(faces);
    if (!face) {  // the largest, whatever speaks against it
      for (const FaceObservation& other : faces) {
        if (!face || other.quality.size_px > face->quality.size_px) face = other;
      }
    }
    table << picture.path.filename().string() << ',' << testing::kFaceLabels.at(picture.label)
          << ',' << faces.size() << ',';
    if (!face) {
      table << "no_face,,,,,,,0\n";
      continue;
    }
    table << to_string(face->quality.reason) << ',' << face->quality.inside << ','
          << face->quality.size_px << ',' << face->quality.sharpness << ','
          << face->landmarks.presence_prob << ',' << face->pose.yaw_deg << ','
          << face->pose.pitch_deg << ',' << (face->has_landmarks ? 1 : 0) << '\n';
    if (!face->has_landmarks) continue;
    writer.row.clear();
    const auto both = [&](const CropSquare& square, int side, const auto& read) {
      const Image crop = cut(image.view(), 1, square, side, CropOutside::kBlack);
      read(crop, "");
      read(mirrored(crop), "_mirrored");
    };
    for (const float side : {1.1F, 1.25F, 1.4F}) {
      both(expression_square(*face, {CropRule::Around::kBox, side, 0}), expression.side_px(),
           [&](const Image& crop, const char* how) {
             const auto reading = expression.read_crop(crop.view()).value();
             writer.add("expression_" + times(side) + how, reading.features, is_first);
             writer.add("basic7_" + times(side) + how, reading.scores, is_first);
           });
    }
    for (const float side : {1.0F, 1.2F, 1.4F, 1.6F}) {
      both(expression_square(*face, {CropRule::Around::kBox, side, 0}), descriptor.side_px(),
           [&](const Image& crop, const char* how) {
             writer.add("descriptor_" + times(side) + how,
                        descriptor.read_crop(crop.view()).value(), is_first);
           });
    }
    std::vector<float> points;
    for (const Point3& p : align_face(face->landmarks).points) {
      points.insert(points.end(), {p.x, p.y, p.z});
    }
    writer.add("landmarks", points, is_first);
    const Actions actions = measure_actions(face->landmarks);
    writer.add("action", {actions.begin(), actions.end()}, is_first);
    rows.write(reinterpret_cast<const char*>(writer.row.data()),
               static_cast<std::streamsize>(writer.row.size() * sizeof(float)));
    is_first = false;
  }
  std::ofstream blocks(out + ".blocks");
  std::size_t column = 0;
  for (const auto& [name, size] : writer.blocks) {
    blocks << name << ' ' << column << ' ' << size << '\n';
    column += size;
  }
  std::printf("%zu columns a row\n", column);
  return 0;
}

}  // namespace
}  // namespace mien

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: expression_features_measure OUT\n", stderr);
    return 2;
  }
  return mien::measure(argv[1]);
}
