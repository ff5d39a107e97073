// The verbs of `mien rate` that work on a study.
#pragma once

#include <filesystem>
#include <optional>

#include "app/command.h"
#include "rating/ratings.h"
#include "survey/clip_list.h"

namespace mien {

void add_rate_study(CommandLine& line, CLI::App* rate);
void add_rate_prepare(CommandLine& line, CLI::App* rate);  // prepare, template

// The answers of a study so far, as measures of reliability take them.
struct MeasuredStudy {
  Ratings ratings;
  bool simulated = false;  // no people rated
  std::optional<ClipList> clips;
};
Result<MeasuredStudy> ratings_of_study(const std::filesystem::path& study);

}  // namespace mien
