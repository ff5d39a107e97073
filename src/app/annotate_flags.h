// The options that decide what `annotate` measures, for the verbs that plan or do it.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/resources.h"
#include "base/result.h"
#include "pipeline/annotate/annotate.h"

namespace mien {

struct AnnotateFlags {
  AnnotateRequest request;
  std::vector<std::string> channels{"basic7", "action", "label"};
  std::string video_mean = "all_faces";
  bool no_small_faces = false;
  std::optional<int> detect_every;
  bool contexts = false;
  std::vector<std::string> faces{"masked"};
  std::vector<std::filesystem::path> context_models;
  std::vector<std::string> shards;  // of `annotate --shard`
  bool json = false;
  bool quiet = false;
  std::vector<CLI::Option*> measuring;  // those that decide what is measured

  bool any_measuring_given() const;
};

void add_measuring_flags(CLI::App* verb, AnnotateFlags& flags);

// The request as the flags say it, with the program's own files. kUsage.
Status take_flags(AnnotateFlags& flags, const Resources& resources);

// Where no option that decides what is measured was given: as the study was made. kUsage: it has no
// annotations.
Status take_options_of_plan(AnnotateFlags& flags);

}  // namespace mien
