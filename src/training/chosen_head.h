// A head fitted and measured by the rule of fit_job.h.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "training/dataset.h"
#include "training/fit_job.h"
#include "training/head.h"

namespace mien {

struct ChosenHead {
  Head head;                         // of all learned labels
  std::vector<std::uint32_t> clips;  // that it was measured on, ascending
  std::vector<std::string> parts;    // of each: "fold 1" or "test"
  std::vector<float> probs;          // of each, not trained on it: [clips][labels]
  nlohmann::ordered_json told;       // for fit.json: rule, losses, penalties, counts
};

// `targets` of the learned labels alone, `names` theirs; `rated` numbers the clips with a rating.
Result<ChosenHead> choose_head(const Dataset& set, const Targets& targets,
                               const std::vector<std::string>& names,
                               const std::vector<std::uint32_t>& rated, const FitRequest& request,
                               const FitEvents& events);

// What LibTorch makes of the clips with this head, calibrated: [clips][labels].
Result<std::vector<float>> head_probs(const Dataset& set, const Head& head,
                                      const std::vector<std::uint32_t>& clips, int threads);

// The head with only the labels that are marked.
Head with_labels(const Head& head, const std::vector<std::uint8_t>& kept);

}  // namespace mien
