// The model card of a trained head, in Markdown: who rated, with which words, how far raters agree,
// how well the head does on clips that it was not trained on, and what it must not be used for
// (Mitchell et al. 2019, "Model cards for model reporting").
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "training/dataset.h"
#include "training/figures.h"

namespace mien {

// `fit` as fit.json holds it.
std::string model_card(const Dataset& set, const Evaluation& evaluation,
                       const nlohmann::ordered_json& fit);

// A label's figures as a line each, with a heading; also what `mien evaluate expression` prints.
std::string figures_table(const Evaluation& evaluation);
std::string confusion_table(const Evaluation& evaluation);

}  // namespace mien
