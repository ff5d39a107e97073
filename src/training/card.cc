#include "training/card.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

std::string shown(double value) {
  return std::isfinite(value) ? fmt::format("{:.3f}", value) : "-";
}

std::string shown(const Measure& m) {
  if (!std::isfinite(m.estimate)) return "not estimable";
  if (!std::isfinite(m.lower)) return shown(m.estimate);
  return fmt::format("{} ({} to {})", shown(m.estimate), shown(m.lower), shown(m.upper));
}

std::string verdict(LabelVerdict verdict) {
  switch (verdict) {
    case LabelVerdict::kKept:
      return "kept";
    case LabelVerdict::kNotEstimable:
      return "kept, reliability not estimable";
    case LabelVerdict::kUnreliable:
      return "**fails**: raters agree too little";
    case LabelVerdict::kInaccurate:
      break;
  }
  return "**fails**: predicted too badly";
}

std::string joined(const Json& list) {
  std::string text;
  for (const Json& item : list) text += (text.empty() ? "" : ", ") + item.get<std::string>();
  return text.empty() ? "none" : text;
}

// Which labels the head gives, and which of them against the rule.
std::string labels_given(const Evaluation& evaluation, const Json& fit) {
  const Json given = fit.value("labels", Json::array());
  Json against = Json::array();
  for (const LabelFigures& f : evaluation.labels) {
    const bool fails =
        f.verdict == LabelVerdict::kUnreliable || f.verdict == LabelVerdict::kInaccurate;
    if (fails && std::ranges::find(given, Json(f.label)) != given.end()) against.push_back(f.label);
  }
  std::string text = fmt::format("\nThe head gives: {}. Dropped: {}.", joined(given),
                                 joined(fit.value("dropped", Json::array())));
  if (!against.empty()) text += " **Kept on request though they fail: " + joined(against) + ".**";
  return text + "\n";
}

std::string listed(const Json& fit, const char* field) {
  std::string text;
  for (const Json& item : fit.value(field, Json::array()))
    text += "- " + item.get<std::string>() + "\n";
  return text;
}

std::string of_groups(const Evaluation& evaluation) {
  if (evaluation.groups.empty()) {
    return "Raters' groups are not known, so it is not known whether the head errs more for some. "
           "Neither is it known for groups of faces.\n";
  }
  std::string text =
      "Bias is the mean of score - the group's mean rating, over its ratings.\n\n"
      "| group | raters | label | clips | correlation | bias | rmse "
      "|\n|---|---|---|---|---|---|---|\n";
  for (const GroupFigures& group : evaluation.groups) {
    for (std::size_t l = 0; l < group.labels.size(); ++l) {
      const GroupFigures::Label& label = group.labels[l];
      text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", group.group, group.raters,
                          evaluation.labels[l].label, label.clips, shown(label.correlation),
                          shown(label.bias), shown(label.rmse));
    }
  }
  return text;
}

std::string of_group_models(const Json& fit) {
  if (!fit.contains("group_models")) return "";
  const Json& models = fit["group_models"];
  std::string text = "\n### One model a group of raters\n\n";
  if (models.contains("reason")) return text + models["reason"].get<std::string>() + ".\n";
  const auto cell = [](const Json& value) {
    return value.is_null() ? std::string("-") : fmt::format("{:.3f}", value.get<double>());
  };
  text += fmt::format(
      "Each model learned from {} judgements. Distance is 1 - the correlation of two groups' "
      "models' "
      "held-out predictions; beside it that of groups of the same sizes to which raters were dealt "
      "at "
      "random, {} times.\n\n| label | distance | random groups | p |\n|---|---|---|---|\n",
      models["judgements_a_model"].get<std::size_t>(), models["replicates"].get<std::size_t>());
  for (const Json& label : models["labels"]) {
    text += fmt::format("| {} | {} | {} | {} |\n", label["label"].get<std::string>(),
                        cell(label["distance"]), cell(label["random_groups"]), cell(label["p"]));
  }
  text +=
      "\nMean correlation over labels with each group's own mean ratings, held out, of its own "
      "model "
      "and of one of all groups on as many judgements:\n\n| group | raters | own model | common "
      "model |\n|---|---|---|---|\n";
  for (const Json& group : models["groups"]) {
    text += fmt::format("| {} | {} | {} | {} |\n", group["group"].get<std::string>(),
                        group["raters"].get<std::size_t>(), cell(group["own_model"]),
                        cell(group["pooled_model"]));
  }
  return text;
}

std::string calibration_curves(const Evaluation& evaluation) {
  std::string text =
      "Mean score and mean rating in bins of equally many ratings, from low to high.\n\n"
      "| label | score -> rating |\n|---|---|\n";
  for (const LabelFigures& label : evaluation.labels) {
    std::string curve;
    for (const CalibrationBin& bin : label.curve)
      curve += fmt::format("{}{:.2f} -> {:.2f}", curve.empty() ? "" : ", ", bin.score, bin.rating);
    text += fmt::format("| {} | {} |\n", label.label, curve);
  }
  return text;
}

std::string features_of(const Dataset& set) {
  std::string text = "| block | numbers a frame | network | SHA-256 |\n|---|---|---|---|\n";
  for (const FeatureBlock& block : set.header().blocks) {
    text += fmt::format("| {} | {} | {} | {} |\n", block.name, block.size,
                        block.model.empty() ? "none" : block.model,
                        block.sha256.empty() ? "-" : block.sha256);
  }
  return text;
}

}  // namespace

std::string figures_table(const Evaluation& evaluation) {
  std::string text =
      "| label | clips | ratings | mean rating | reliability | correlation | / ceiling | AUC | "
      "calibration error | verdict |\n|---|---|---|---|---|---|---|---|---|---|\n";
  for (const LabelFigures& f : evaluation.labels) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", f.label, f.clips,
                        f.ratings, shown(f.mean_rating), shown(f.reliability), shown(f.correlation),
                        shown(f.corrected), shown(f.auc), shown(f.calibration_error),
                        verdict(f.verdict));
  }
  return text;
}

std::string confusion_table(const Evaluation& evaluation) {
  std::string text = "| raters chose \\ highest score |", line = "|---|";
  for (const LabelFigures& label : evaluation.labels) {
    text += " " + label.label + " |";
    line += "---|";
  }
  text += "\n" + line + "\n";
  const std::size_t count = evaluation.labels.size();
  for (std::size_t row = 0; row < count; ++row) {
    text += "| " + evaluation.labels[row].label + " |";
    for (std::size_t column = 0; column < count; ++column)
      text += fmt::format(" {:.4g} |", evaluation.confusion[row * count + column]);
    text += "\n";
  }
  return text;
}

std::string model_card(const Dataset& set, const Evaluation& evaluation, const Json& fit) {
  const Json& provenance = set.header().provenance;
  std::string text = "# Model card: an expression head trained on ratings\n\n";
  if (set.header().simulated) text += "**The ratings are simulated: no person rated.**\n\n";
  text +=
      "A score of a label says how likely raters like these are to call a face so. It is not what "
      "anybody feels or intends.\n\n";
  text += "## Who rated what\n\n";
  text += fmt::format(
      "- {} raters gave {} judgements ({}) of {} clips; words offered: {}\n- languages of raters: "
      "{}\n- groups of raters: {}\n- ratings' SHA-256: {}\n\n",
      evaluation.raters, evaluation.judgements,
      set.ratings().mode == RatingMode::kChoice ? "choices" : "values", evaluation.clips,
      joined(Json(set.ratings().labels)), provenance.value("language", "not told"),
      joined(Json(set.ratings().groups)), provenance.value("ratings_sha256", "not told"));
  if (const std::string left_out = listed(fit, "left_out"); !left_out.empty())
    text += "Labels that were not learned:\n\n" + left_out + "\n";
  if (const std::string warnings = listed(fit, "warnings"); !warnings.empty())
    text += "Warnings:\n\n" + warnings + "\n";
  text += "## How well it does on clips that it was not trained on\n\n";
  text += fmt::format(
      "{}. {} clips in {} clusters of shared persons and sources, none of which stands on two "
      "sides. Intervals are 95%. A label is kept where the lower bound of reliability is above {} "
      "and that of the correlation over the ceiling above {}; where reliability is not estimable "
      "it "
      "is kept.\n\n",
      fit.value("evaluation", "") == "folds"
          ? "5-fold cross-validation; the head itself was then fitted on all clips"
          : "Measured once on the test split",
      evaluation.clips, evaluation.clusters, kLeastReliability, kLeastCorrected);
  text += figures_table(evaluation) + labels_given(evaluation, fit);
  text += fmt::format(
      "\nHighest score against the raters' first choice ({} clips where they have one): accuracy "
      "{}, mean over labels (balanced accuracy) {}.\n\n",
      evaluation.decided_clips, shown(evaluation.accuracy), shown(evaluation.balanced_accuracy));
  text += "### Confusion, in ratings\n\n" + confusion_table(evaluation);
  text += "\n### Calibration\n\n" + calibration_curves(evaluation);
  text += "\n### By group of raters\n\n" + of_groups(evaluation);
  text += of_group_models(fit);
  text += "\n## What it is\n\n";
  text += fmt::format(
      "- head: {}\n- seed: {}\n- head.onnx SHA-256: {}\n- training set SHA-256: "
      "{}\n- predictions of held-out clips: predictions.jsonl; all figures: "
      "evaluation.json; losses and choices: fit.json\n\n",
      fit.value("head", ""), fit.value("seed", std::uint64_t{0}),
      fit.value("head_sha256", "no head was written"), set.sha256());
  text += features_of(set);
  text +=
      "\n## Limits\n\n"
      "- The raters' culture, language and list of words are part of the model. Others may call "
      "the "
      "same faces otherwise.\n"
      "- No expression maps one to one onto a feeling. Results are for groups, not for persons.\n"
      "- Systems have read Black faces as angrier. Errors for groups of faces are unknown here "
      "unless they were measured.\n"
      "- Features come from networks that were trained on other pictures; crops can carry context "
      "in (hats, helmets, glasses).\n"
      "- EU AI Act: inferring emotions at work or in education is prohibited (Art. 5(1)(f)); other "
      "emotion recognition is high-risk.\n";
  return text;
}

}  // namespace mien
