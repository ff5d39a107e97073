#include "pipeline/annotate/annotate_setup.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/outside_json.h"
#include "base/sha256.h"
#include "context/context_namer.h"
#include "expression/blendshapes.h"
#include "expression/track_features.h"
#include "model/model_set.h"
#include "pipeline/study/program_version.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

fs::path own_files(const AnnotateRequest& request) {
  return request.study / "annotations" / "own_files.json";
}

Result<StudySettings> settings_of(const AnnotateOptions& options, const ModelSet& models) {
  StudySettings settings;
  settings.options = to_json(options);
  for (const Manifest& manifest : models.manifests()) {
    settings.models[manifest.id] = manifest.onnx_sha256;
  }
  std::error_code ignored;  // where it is missing, the scorer says so
  if (options.channels.label && !options.channels.head &&
      fs::exists(options.channels.prototype_file, ignored)) {
    MIEN_TRY(hash, sha256_of_file(options.channels.prototype_file));
    settings.models[options.channels.prototype_file.filename().string()] = hash;
  }
  if (options.contexts.any()) {
    for (const ContextFile& file : context_files(models, options.contexts)) {
      MIEN_TRY(hash, sha256_of_file(file.path));
      settings.models[file.name] = hash;
    }
  }
  settings.model_set_hash = models.hash();
  settings.program_version = kProgramVersion;
  return settings;
}

// What of the request needs the networks of the blendshapes; empty where nothing does.
Result<std::string> blendshapes_wanted_by(const AnnotateRequest& request) {
  if (request.options.channels.needs_blendshapes())
    return std::string("--channels blendshape or au");
  for (const fs::path& path : request.extra_manifests) {
    MIEN_TRY(manifest, read_manifest(path));
    for (const HeadFeatures::Block& block : manifest.features.blocks) {
      if (!is_extra_block(block.name)) continue;
      return fmt::format("--expression-model: '{}' reads the features '{}'", manifest.id,
                         block.name);
    }
  }
  return std::string();
}

// Those that were named; the picture classifier that comes from an optional package, where it is
// installed and contexts are asked for; and the networks of the blendshapes, where these are.
Result<std::vector<fs::path>> extra_manifests_of(const AnnotateRequest& request) {
  std::vector<fs::path> extra = request.extra_manifests;
  const fs::path classifier = request.model_folder / "efficientnet_lite0.json";
  std::error_code ignored;
  if (request.options.contexts.any() && fs::exists(classifier, ignored))
    extra.push_back(classifier);
  MIEN_TRY(wanted_by, blendshapes_wanted_by(request));
  if (wanted_by.empty()) return extra;
  MIEN_TRY(bundle, bundle_manifests(request.model_folder, wanted_by));
  extra.insert(extra.end(), bundle.begin(), bundle.end());
  return extra;
}

// An expression model gives its channel, or it is the head.
Status take_model(const Manifest& read, AnnotateOptions& options) {
  if (names_contexts(read.role) || read.id == kIrisLandmarkModel || read.id == kBlendshapeModel)
    return Ok{};
  if (read.role != ModelRole::kExpressionHead) {
    options.channels.expression_models.push_back(read.id);
    return Ok{};
  }
  if (options.channels.head) {
    return Error{ErrorCode::kUsage,
                 "--expression-model: '" + options.channels.head->id + "' and '" + read.id +
                     "' are both heads trained on ratings; remedy: name one of them"};
  }
  if (std::abs(read.features.rate_hz - options.rate_hz) > 1e-6) {
    return Error{
        ErrorCode::kUsage,
        fmt::format("--expression-model: '{}' was trained on {} frames a second, --rate "
                    "says {}; remedy: --rate {}",
                    read.id, read.features.rate_hz, options.rate_hz, read.features.rate_hz)};
  }
  options.channels.head = facts_of(read);
  options.face.unconfirmed_in_stills = true;
  return Ok{};
}

}  // namespace

Result<WorkerSetup> worker_setup(const AnnotateRequest& request) {
  MIEN_TRY(extra, extra_manifests_of(request));
  MIEN_TRY(models, ModelSet::open(request.manifest_folder, request.model_folder, extra));
  AnnotateOptions options = request.options;
  for (const fs::path& manifest : extra) {
    MIEN_TRY(read, read_manifest(manifest));
    MIEN_TRY_VOID(take_model(read, options));
  }
  options.face.second_mesh_follows = second_mesh_should_follow(options);
  MIEN_TRY(settings, settings_of(options, models));
  return WorkerSetup{options,
                     settings,
                     fs::absolute(request.study),
                     request.manifest_folder,
                     request.model_folder,
                     extra,
                     request.limits,
                     request.threads};
}

Status take_options_of_study(AnnotateRequest& request) {
  const fs::path run_file = request.study / "annotations" / "run.json";
  const Result<std::string> text = read_whole_file(run_file);
  if (!text.ok()) {
    return Error{ErrorCode::kUsage,
                 request.study.string() +
                     ": no videos were named, and the study has none to annotate; remedy: name "
                     "videos, or plan those of its corpus with 'mien cluster plan'"};
  }
  Result<StudySettings> settings = decode_settings(*text);
  if (!settings.ok()) return std::move(settings).error().with_context(run_file.string());
  Result<AnnotateOptions> options = annotate_options_from_json(settings->options);
  if (!options.ok()) return std::move(options).error().with_context(run_file.string());
  options->channels.prototype_file = request.options.channels.prototype_file;
  options->contexts.data = request.options.contexts.data;
  // These come with the models.
  options->channels.expression_models.clear();
  options->channels.head.reset();
  options->face.unconfirmed_in_stills = false;

  const fs::path file = own_files(request);
  std::error_code ignored;
  if (fs::exists(file, ignored)) {
    MIEN_TRY(listed, read_whole_file(file));
    try {
      const nlohmann::json json = parse_outside_json(listed);
      options->contexts.vocabulary = json.at("context_vocabulary").get<std::string>();
      for (const nlohmann::json& model : json.at("models")) {
        request.extra_manifests.emplace_back(model.get<std::string>());
      }
    } catch (const nlohmann::json::exception& error) {
      return Error{ErrorCode::kCorrupt, file.string() + ": " + error.what() +
                                            "; remedy: name the study's models and vocabulary on "
                                            "the command line"};
    }
  }
  request.options = std::move(options).value();
  return Ok{};
}

Status remember_own_files(const AnnotateRequest& request) {
  const fs::path& vocabulary = request.options.contexts.vocabulary;
  if (request.extra_manifests.empty() && vocabulary.empty()) return Ok{};
  nlohmann::json models = nlohmann::json::array();
  for (const fs::path& model : request.extra_manifests) {
    models.push_back(fs::absolute(model).string());
  }
  const nlohmann::json json = {
      {"context_vocabulary", vocabulary.empty() ? "" : fs::absolute(vocabulary).string()},
      {"models", std::move(models)}};
  const std::string text =
      json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  const Result<std::string> present = read_whole_file(own_files(request));
  if (present.ok() && *present == text) return Ok{};
  return write_file_durably(own_files(request), text);
}

}  // namespace mien
