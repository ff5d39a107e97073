// The manifest of a head that was trained on ratings, beside the files that mien-train left.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/model_set.h"
#include "pipeline/train/train_expression.h"

namespace mien {

// "Awe, wonder!" -> "awe_wonder": lower-case letters, digits and _ for the name of a column. Other
// letters than a to z are kept as the hexadecimal of their bytes, so that no two words become one.
std::string column_word(const std::string& word);

// Writes OUT/manifest.json from OUT/fit.json and OUT/evaluation.json and opens the head, so that a
// folder that annotate would refuse is an error here. Gives the largest difference between what
// was trained and what the exported network says of clips of the training set; kMismatch above
// kMostExportDifference (training/fit_job.h), and OUT then has no manifest.
Result<double> finish_head_folder(const TrainExpressionRequest& request, const Ratings& ratings,
                                  const std::filesystem::path& dataset,
                                  const std::vector<HeadFeatures::Block>& blocks, double rate_hz);

}  // namespace mien
