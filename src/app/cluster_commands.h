// What the verbs under `mien cluster` share.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/annotate_flags.h"
#include "app/command.h"
#include "pipeline/cluster/cluster_plan.h"

namespace mien {

void add_cluster_slurm(CommandLine& line, CLI::App* cluster);
void add_cluster_status(CommandLine& line, CLI::App* cluster);

// The flags of a verb that plans: a study that is planned keeps its options where none are given.
Status take_plan_flags(AnnotateFlags& flags, const Resources& resources);

// The environment's PATH, where Slurm's programs are looked for.
std::string search_path();

nlohmann::json to_json(const ShardPlanSummary& plan);
std::string to_text(const ShardPlanSummary& plan);

}  // namespace mien
