#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/model_verdicts.h"
#include "model/import/import.h"
#include "model/import/sentence_import.h"
#include "model/manifest.h"
#include "model/model_set.h"
#include "model/sentence_session.h"

namespace mien {

namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

nlohmann::json to_json(const Manifest& manifest) {
  return {{"id", manifest.id},
          {"version", manifest.version},
          {"role", to_string(manifest.role)},
          {"licence", manifest.licence},
          {"package", manifest.source.package},
          {"onnx_sha256", manifest.onnx_sha256},
          {"channel", manifest.channel},
          {"labels", manifest.labels},
          {"whose_labels", manifest.whose_labels},
          {"intended_use", manifest.intended_use},
          {"known_limits", manifest.known_limits}};
}

nlohmann::json to_json(const SentenceManifest& manifest, bool is_there) {
  return {{"id", manifest.id},
          {"version", manifest.version},
          {"licence", manifest.licence},
          {"package", manifest.source.package},
          {"onnx_sha256", manifest.onnx_sha256},
          {"installed", is_there},
          {"dimensions", manifest.dimensions},
          {"languages", manifest.languages},
          {"intended_use", manifest.intended_use},
          {"known_limits", manifest.known_limits}};
}

bool is_there(const Resources& resources, const SentenceManifest& manifest) {
  std::error_code ignored;
  return std::filesystem::exists(resources.models / manifest.onnx_file, ignored);
}

Status list_models(const Resources& resources, bool json) {
  MIEN_TRY(models, ModelSet::open(resources.manifests, resources.models));
  MIEN_TRY(encoders, read_sentence_manifests(resources.manifests / "sentence"));
  if (json) {
    nlohmann::json all = nlohmann::json::array();
    for (const Manifest& manifest : models.manifests()) all.push_back(to_json(manifest));
    nlohmann::json sentences = nlohmann::json::array();
    for (const SentenceManifest& manifest : encoders)
      sentences.push_back(to_json(manifest, is_there(resources, manifest)));
    const nlohmann::json out = {
        {"hash", models.hash()}, {"models", all}, {"sentence_encoders", sentences}};
    std::fputs((out.dump(2) + "\n").c_str(), stdout);
    return Ok{};
  }
  for (const Manifest& manifest : models.manifests()) {
    std::string text = fmt::format("{:<26} {:<14} {}\n", manifest.id, to_string(manifest.role),
                                   manifest.intended_use);
    if (!manifest.labels.empty()) {
      text += fmt::format("  labels: {}\n  whose: {}\n", joined(manifest.labels),
                          manifest.whose_labels);
    }
    std::fputs(text.c_str(), stdout);
  }
  for (const SentenceManifest& manifest : encoders) {
    const std::string text = fmt::format(
        "{:<26} {:<14} {}\n  languages: {}\n{}", manifest.id, "sentence", manifest.intended_use,
        joined(manifest.languages), is_there(resources, manifest) ? "" : "  not installed\n");
    std::fputs(text.c_str(), stdout);
  }
  std::fputs(fmt::format("model set {}\n", models.hash()).c_str(), stdout);
  return Ok{};
}

Status verify_models(const Resources& resources) {
  MIEN_TRY(verdicts, model_verdicts(resources));
  std::size_t refused = 0;
  for (const ModelVerdict& verdict : verdicts) {
    const bool is_left_out = verdict.is_optional && !verdict.is_installed;
    refused += verdict.wrong.empty() ? 0 : 1;
    const std::string words = is_left_out             ? "not installed"
                              : verdict.wrong.empty() ? "ok"
                                                      : "refused: " + joined(verdict.wrong);
    std::fputs(fmt::format("{:<26} {}\n", verdict.id, words).c_str(), stdout);
  }
  if (refused > 0) {
    return Error{
        ErrorCode::kMismatch,
        fmt::format("{} of {} models do not agree with their manifests; remedy: {}", refused,
                    verdicts.size(),
                    resources.is_installed
                        ? "install Mien again"
                        : "'mien models import', which makes them anew from their packages")};
  }
  return Ok{};
}

Status import_models(const Resources& resources) {
  std::error_code ignored;
  if (resources.is_installed && !std::filesystem::exists(resources.packages, ignored)) {
    return Error{
        ErrorCode::kNotFound,
        "an installation carries its networks already made, and not the packages that they "
        "are made from (" +
            resources.packages.string() +
            "); 'mien models verify' tells whether they hold; remedy where they do not: "
            "install Mien again, or import in a source tree"};
  }
  MIEN_TRY(manifests, read_manifests(resources.manifests));
  for (const Manifest& manifest : manifests) {
    if (manifest.source.package.empty()) continue;
    MIEN_TRY(imported, import_model(manifest, resources.packages, resources.models));
    std::fputs(
        fmt::format("{:<26} {}\n", manifest.id, imported.was_current ? "is current" : "imported")
            .c_str(),
        stderr);
  }
  MIEN_TRY(optional, read_manifests(resources.manifests / "optional"));
  for (const Manifest& manifest : optional) {
    MIEN_TRY(imported,
             import_optional_model(manifest, resources.optional_packages, resources.models));
    std::fputs(fmt::format("{:<26} {}\n", manifest.id,
                           imported ? "imported" : "is left out: run tools/optional_models")
                   .c_str(),
               stderr);
  }
  MIEN_TRY(encoders, read_sentence_manifests(resources.manifests / "sentence"));
  for (const SentenceManifest& manifest : encoders) {
    if (manifest.source.package.empty()) continue;
    const auto imported = import_sentence_model(
        manifest, {resources.packages, resources.optional_packages}, resources.models);
    const bool is_left_out =
        !imported.ok() && is_optional(manifest) && imported.error().code == ErrorCode::kNotFound;
    if (!imported.ok() && !is_left_out) return imported.error();
    const std::string verdict = is_left_out ? "is left out: " + imported.error().message
                                            : std::string(*imported ? "imported" : "is current");
    std::fputs(fmt::format("{:<26} {}\n", manifest.id, verdict).c_str(), stderr);
  }
  return Ok{};
}

Status add_bundle(const Resources& resources, const std::string& path) {
  MIEN_TRY(manifests, read_manifests(resources.manifests / "bundle"));
  MIEN_TRY(ids, import_task_bundle(path, manifests, resources.models));
  for (const std::string& id : ids) std::fputs(fmt::format("{:<26} added\n", id).c_str(), stderr);
  return Ok{};
}

}  // namespace

void add_models(CommandLine& line) {
  CLI::App* verb = line.app.add_subcommand("models", "List, verify, import or add networks");
  verb->require_subcommand(1);
  const auto json = std::make_shared<bool>(false);
  CLI::App* list =
      verb->add_subcommand("list", "The networks, whose labels they carry, and their hash");
  list->add_flag("--json", *json, "As JSON");
  add_example(list, "mien models list");
  list->callback([&line, json] {
    line.action = [&line, json] { return list_models(line.resources, *json); };
  });
  CLI::App* verify = verb->add_subcommand("verify", "Check every network against its manifest");
  add_example(verify, "mien models verify");
  verify->callback([&line] { line.action = [&line] { return verify_models(line.resources); }; });
  const auto bundle = std::make_shared<std::string>();
  CLI::App* add = verb->add_subcommand(
      "add", "Make the networks of a task bundle that you have (face_landmarker.task)");
  add->add_option("file", *bundle, "The bundle, FILE.task")->required();
  add_example(add, "mien models add face_landmarker.task");
  add->callback([&line, bundle] {
    line.action = [&line, bundle] { return add_bundle(line.resources, *bundle); };
  });
  CLI::App* import =
      verb->add_subcommand("import", "Make the networks from the installed packages");
  add_example(import, "mien models import");
  import->callback(
      [&line] { line.action = [&line] { return import_models(line.resources);
};
}  // namespace mien
);
}

}  // namespace mien
