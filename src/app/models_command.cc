#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "model/import/import.h"
#include "model/manifest.h"
#include "model/model_set.h"
#include "model/session.h"

namespace mien {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
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

Status list_models(const Resources& resources, bool json) {
  MIEN_TRY(models, ModelSet::open(resources.manifests, resources.models));
  if (json) {
    nlohmann::json all = nlohmann::json::array();
    for (const Manifest& manifest : models.manifests()) all.push_back(to_json(manifest));
    const nlohmann::json out = {{"hash", models.hash()}, {"models", all}};
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
  std::fputs(fmt::format("model set {}\n", models.hash()).c_str(), stdout);
  return Ok{};
}

// Opening a session checks file, hash, shapes and labels, and runs the network once.
Status verify_models(const Resources& resources) {
  MIEN_TRY(models, ModelSet::open(resources.manifests, resources.models));
  std::size_t refused = 0;
  for (const Manifest& manifest : models.manifests()) {
    const auto session = models.open_session(manifest.id);
    if (session.ok()) {
      std::fputs(fmt::format("{:<26} ok\n", manifest.id).c_str(), stdout);
    } else {
      ++refused;
      std::fputs(fmt::format("{:<26} refused: {}\n", manifest.id, session.error().message).c_str(),
                 stdout);
    }
  }
  if (refused > 0) {
    return Error{
        ErrorCode::kMismatch,
        fmt::format("{} of {} models do not agree with their manifests; 'mien models import' "
                    "makes them anew from the installed packages",
                    refused, models.manifests().size())};
  }
  return Ok{};
}

Status import_models(const Resources& resources) {
  MIEN_TRY(manifests, read_manifests(resources.manifests));
  for (const Manifest& manifest : manifests) {
    if (manifest.source.package.empty()) continue;
    MIEN_TRY(imported, import_model(manifest, resources.packages, resources.models));
    std::fputs(
        fmt::format("{:<26} {}\n", manifest.id, imported.was_current ? "is current" : "imported")
            .c_str(),
        stderr);
  }
  return Ok{};
}

}  // namespace

void add_models(CommandLine& line) {
  CLI::App* verb = line.app.add_subcommand("models", "List, verify or import the networks");
  verb->require_subcommand(1);
  const auto json = std::make_shared<bool>(false);
  CLI::App* list =
      verb->add_subcommand("list", "The networks, whose labels they carry, and their hash");
  list->add_flag("--json", *json, "As JSON");
  list->callback([&line, json] {
    line.action = [&line, json] { return list_models(line.resources, *json); };
  });
  verb->add_subcommand("verify", "Check every network against its manifest")->callback([&line] {
    line.action = [&line] { return verify_models(line.resources); };
  });
  verb->add_subcommand("import", "Make the networks from the installed packages")
      ->callback([&line] { line.action = [&line] { return import_models(line.resources); }; });
}

}  // namespace mien
