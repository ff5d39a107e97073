#include <fmt/format.h>

#include "training/fit_job.h"

namespace mien {

namespace {

Error wrong(const std::string& field, const std::string& what) {
  return {ErrorCode::kUsage, "request: " + field + ": " + what};
}

}  // namespace

Result<FitRequest> fit_request_from(const nlohmann::json& request) {
  FitRequest fit;
  if (!request.is_object()) return wrong("it", "an object of fields is expected");
  for (const auto& [field, value] : request.items()) {
    try {
      if (field == "dataset") {
        fit.dataset = value.get<std::string>();
      } else if (field == "out") {
        fit.out = value.get<std::string>();
      } else if (field == "head") {
        fit.head = value.get<std::string>();
      } else if (field == "evaluation") {
        fit.evaluation = value.get<std::string>();
      } else if (field == "seed") {
        fit.seed = value.get<std::uint64_t>();
      } else if (field == "threads") {
        fit.threads = value.get<int>();
      } else if (field == "epochs") {
        fit.epochs = value.get<int>();
      } else if (field == "patience") {
        fit.patience = value.get<int>();
      } else if (field == "learning_rate") {
        fit.learning_rate = value.get<double>();
      } else if (field == "keep_all_labels") {
        fit.keep_all_labels = value.get<bool>();
      } else if (field == "group_replicates") {
        fit.group_replicates = value.get<int>();
      } else if (field == "checkpoint") {
        fit.checkpoint = value.get<std::string>();
      } else if (field == "checkpoint_s") {
        fit.checkpoint_s = value.get<double>();
      } else {
        return wrong(field, "no such field");
      }
    } catch (const nlohmann::json::exception& exception) {
      return wrong(field, exception.what());
    }
  }
  const auto one_of = [](const std::string& value, std::initializer_list<std::string_view> all) {
    return std::ranges::find(all, value) != all.end();
  };
  if (fit.dataset.empty() || fit.out.empty()) return wrong("dataset, out", "both are needed");
  if (!one_of(fit.head, {"auto", "pooled", "recurrent"}))
    return wrong("head", "auto, pooled or recurrent");
  if (!one_of(fit.evaluation, {"auto", "folds", "splits"}))
    return wrong("evaluation", "auto, folds or splits");
  if (fit.threads < 1 || fit.epochs < 1 || fit.patience < 1 || fit.group_replicates < 0)
    return wrong("threads, epochs, patience", "at least 1");
  if (!(fit.learning_rate > 0)) return wrong("learning_rate", "above 0");
  if (!fit.out.has_filename()) fit.out = fit.out.parent_path();
  if (fit.checkpoint.empty())
    fit.checkpoint = fit.out.parent_path() / ("." + fit.out.filename().string() + ".checkpoint");
  return fit;
}

}  // namespace mien
