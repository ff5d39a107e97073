// Blendshapes: how far a face is in each of 52 shapes, 0 to 1, under the names of Apple's ARKit.
//
// MediaPipe's network (Blendshape V2, in face_landmarker.task, which a user brings) reads the
// positions of 146 of the 478 landmarks that its own face mesh finds (face/iris_landmarker.h): no
// pixels. Which 146: kLandmarksSubsetIdxs in MediaPipe's face_blendshapes_graph.cc. Method, source,
// agreement with MediaPipe and limits: docs/blendshapes.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/face.h"
#include "face/frame_analyser.h"
#include "face/iris_landmarker.h"
#include "model/model_set.h"
#include "table/schema.h"

namespace mien {

inline constexpr const char* kBlendshapeModel = "mediapipe_blendshapes";

// The manifests of both networks in the folder of models, where `mien models add` puts them.
// kNotFound, which begins with `wanted_by` and names the remedy, where one is not there.
Result<std::vector<std::filesystem::path>> bundle_manifests(
    const std::filesystem::path& model_folder, const std::string& wanted_by);

// "blendshape_jaw_open" and so on, in the network's order.
std::vector<ColumnSpec> blendshape_columns(const Manifest& manifest);

class Blendshapes {
 public:
  // kNotFound, with the remedy, where the bundle's networks are not among the models.
  static Result<Blendshapes> open(const ModelSet& models);

  const Manifest& manifest() const { return session_.manifest(); }

  // One number a label, in the manifest's order; NaN throughout where the mesh is not sure that
  // there is a face (presence below 0.5) or a number is not finite. `image` and `scale` as in
  // crop.h. Cost: one run of either network; of the second alone where the face was followed by
  // the second mesh (FaceObservation::irises).
  Result<std::vector<float>> score(const ImageView& image, double scale,
                                   const FaceObservation& face);
  // The second half alone: landmarks in pixels of the picture, of any size.
  Result<std::vector<float>> score(const IrisLandmarks& landmarks);

  // "iris_landmarks" and "blendshape".
  std::vector<StageTime> stage_times() const;

 private:
  Blendshapes(IrisLandmarker landmarker, Session session);
  std::vector<float> missing() const;

  IrisLandmarker landmarker_;
  Session session_;
  std::vector<float> input_;
  StageClock clock_;
};

}  // namespace mien
