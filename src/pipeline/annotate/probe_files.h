// The files of a trained context probe.
#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"
#include "pipeline/train/train_visual.h"

namespace mien {

struct ProbeWeights {
  std::vector<std::string> contexts;
  Eigen::MatrixXd coefficients;  // contexts x dimensions, for the network's own vectors
  Eigen::VectorXd intercepts;
  std::vector<double> threshold_prob;
};

// Writes probe.onnx, manifest.json and card.md into request.out.
Status write_probe(const ProbeWeights& weights, const Manifest& network,
                   const TrainVisualRequest& request, const TrainVisualSummary& summary);

}  // namespace mien
