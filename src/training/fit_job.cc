#include "training/fit_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <system_error>

#include "base/sha256.h"
#include "store/durable_file.h"
#include "training/card.h"
#include "training/chosen_head.h"
#include "training/figures.h"
#include "training/group_models.h"
#include "training/rated_labels.h"
#include "training/splits.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kClipsToCheck = 64;

Evaluation evaluated(const Dataset& set, const ChosenHead& chosen, const FitRequest& request) {
  const Ratings ratings = only_clips(set.ratings(), chosen.clips);
  std::vector<DatasetClip> clips;
  for (const std::uint32_t clip : chosen.clips) clips.push_back(set.clips()[clip]);
  const std::vector<std::uint32_t> clusters = clusters_of(clips);
  EvaluationInput input;
  input.labels = chosen.head.labels;
  input.scores = chosen.probs;
  input.ratings = &ratings;
  input.lowest_value = set.lowest_value();
  input.highest_value = set.highest_value();
  input.clusters = clusters;
  input.seed = request.seed;
  input.threads = request.threads;
  return evaluate(input);
}

std::string prediction_lines(const Dataset& set, const ChosenHead& chosen) {
  std::string lines;
  const std::size_t labels = chosen.head.labels.size();
  for (std::size_t i = 0; i < chosen.clips.size(); ++i) {
    Json probs = Json::object();
    for (std::size_t l = 0; l < labels; ++l)
      probs[chosen.head.labels[l]] = static_cast<double>(chosen.probs[i * labels + l]);
    lines += Json{{"clip", set.clips()[chosen.clips[i]].id},
                  {"part", chosen.parts[i]},
                  {"probabilities", probs}}
                 .dump() +
             "\n";
  }
  return lines;
}

// Clips at equal distances, and what LibTorch makes of them.
Result<Json> check_of(const Dataset& set, const Head& head, int threads) {
  std::vector<std::uint32_t> clips;
  const std::size_t all = set.clips().size();
  const std::size_t count = std::min(all, kClipsToCheck);
  for (std::size_t i = 0; i < count; ++i)
    clips.push_back(static_cast<std::uint32_t>(i * all / count));
  MIEN_TRY(probs, head_probs(set, head, clips, threads));
  return Json{{"clips", clips}, {"labels", head.labels}, {"probabilities", probs}};
}

// The folder that appears as `out` when it is whole.
class OutFolder {
 public:
  static Result<OutFolder> make(const std::filesystem::path& out) {
    if (!out.parent_path().empty()) MIEN_TRY_VOID(make_folders(out.parent_path()));
    OutFolder folder(out, temporary_name_for(out));
    MIEN_TRY_VOID(make_folders(folder.temporary_));
    return folder;
  }
  OutFolder(OutFolder&& other) noexcept
      : out_(std::move(other.out_)), temporary_(std::exchange(other.temporary_, {})) {}
  OutFolder& operator=(OutFolder&&) = delete;
  ~OutFolder() {
    std::error_code ignored;
    if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
  }

  // Gives the bytes' SHA-256.
  Result<std::string> write(const std::string& name, const std::string& bytes) const {
    MIEN_TRY_VOID(write_file_durably(temporary_ / name, bytes));
    return sha256_of_bytes(bytes);
  }
  Status publish() {
    MIEN_TRY_VOID(replace_folder_durably(temporary_, out_));
    temporary_.clear();
    return Ok{};
  }

 private:
  OutFolder(std::filesystem::path out, std::filesystem::path temporary)
      : out_(std::move(out)), temporary_(std::move(temporary)) {}
  std::filesystem::path out_, temporary_;
};

std::vector<std::uint8_t> kept_labels(const Evaluation& evaluation, const FitRequest& request) {
  std::vector<std::uint8_t> kept;
  for (const LabelFigures& label : evaluation.labels) {
    kept.push_back(request.keep_all_labels || label.verdict == LabelVerdict::kKept ||
                           label.verdict == LabelVerdict::kNotEstimable
                       ? 1
                       : 0);
  }
  return kept;
}

}  // namespace

Result<Json> run_fit(const FitRequest& request, const FitEvents& events) {
  MIEN_TRY(set, Dataset::open(request.dataset));
  MIEN_TRY_VOID(set.verify_features());
  const Targets all = targets_of(set.ratings(), set.lowest_value(), set.highest_value());
  MIEN_TRY(choice, labels_to_learn(set.ratings(), all));
  for (const std::string& warning : choice.warnings)
    events({{"event", "warning"}, {"message", warning}});
  for (const std::string& label : choice.left_out)
    events({{"event", "warning"}, {"message", "label left out: " + label}});
  const Targets targets = only_labels(all, choice.labels);
  std::vector<std::string> names;
  for (const std::size_t label : choice.labels) names.push_back(set.ratings().labels[label]);
  MIEN_TRY(chosen, choose_head(set, targets, names, rated_clips(targets), request, events));

  events({{"event", "stage"}, {"stage", "figures"}});
  const Evaluation evaluation = evaluated(set, chosen, request);
  const std::vector<std::uint8_t> kept = kept_labels(evaluation, request);
  MIEN_TRY(out, OutFolder::make(request.out));
  Json fit = {{"version", 1},
              {"head", ""},
              {"labels", Json::array()},
              {"dropped", Json::array()},
              {"left_out", choice.left_out},
              {"warnings", choice.warnings},
              {"seed", request.seed},
              {"dimensions", set.dimensions()},
              {"rate_hz", set.header().rate_hz},
              {"simulated", set.header().simulated},
              {"dataset_sha256", set.sha256()},
              {"smoothing_raters", kSmoothingRaters}};
  fit.update(chosen.told);
  for (std::size_t l = 0; l < names.size(); ++l)
    fit[kept[l] != 0 ? "labels" : "dropped"].push_back(names[l]);

  if (set.ratings().groups.size() > 1 && request.group_replicates > 0) {
    events({{"event", "stage"}, {"stage", "groups"}});
    GroupOptions options;
    options.penalty = fit.contains("pooled") ? fit["pooled"]["penalty"].get<double>() : 1;
    options.replicates = request.group_replicates;
    options.seed = request.seed;
    options.threads = request.threads;
    MIEN_TRY(groups, compare_groups(set, choice.labels, rated_clips(targets), options));
    fit["group_models"] = to_json(groups);
  }

  const bool any = std::ranges::find(kept, 1) != kept.end();
  if (any) {
    const Head head = with_labels(chosen.head, kept);
    fit["calibration"] = {{"slope", head.slope}, {"intercept", head.intercept}};
    MIEN_TRY(onnx, head_onnx(head));
    MIEN_TRY(check, check_of(set, head, request.threads));
    MIEN_TRY(head_sha256, out.write("head.onnx", onnx));
    MIEN_TRY(check_sha256, out.write("export_check.json", check.dump() + "\n"));
    fit["head_sha256"] = head_sha256;
    fit["export_check_sha256"] = check_sha256;
  }
  MIEN_TRY(predictions_sha256, out.write("predictions.jsonl", prediction_lines(set, chosen)));
  MIEN_TRY(evaluation_sha256, out.write("evaluation.json", to_json(evaluation).dump(1) + "\n"));
  fit["predictions_sha256"] = predictions_sha256;
  fit["evaluation_sha256"] = evaluation_sha256;
  fit["balanced_accuracy"] =
      std::isfinite(evaluation.balanced_accuracy) ? Json(evaluation.balanced_accuracy) : Json();
  MIEN_TRY_VOID(out.write("card.md", model_card(set, evaluation, fit)));
  MIEN_TRY_VOID(out.write("fit.json", fit.dump(1) + "\n"));
  MIEN_TRY_VOID(out.publish());
  std::error_code ignored;
  std::filesystem::remove(request.checkpoint, ignored);
  if (any) return fit;
  return Error{
      ErrorCode::kUsage,
      fmt::format("every label is dropped by the rule; {} says why; remedy: more ratings a "
                  "clip, more clips, or keep all labels and say so",
                  (request.out / "card.md").string())};
}

}  // namespace mien
