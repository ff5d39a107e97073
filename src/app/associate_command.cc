#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/command.h"
#include "app/print.h"
#include "app/private_associate.h"
#include "app/shard_list.h"
#include "app/shard_task.h"
#include "pipeline/associate/associate.h"
#include "pipeline/associate/associate_json.h"
#include "pipeline/associate/associate_parts.h"

namespace mien {

namespace {

const std::map<std::string, AssociationKind> kKinds = {
    {"correlation", AssociationKind::kCorrelation},
    {"partial", AssociationKind::kPartial},
    {"semipartial", AssociationKind::kSemipartial},
    {"slope", AssociationKind::kSlope},
    {"standardised_slope", AssociationKind::kStandardisedSlope}};
const std::map<std::string, Within> kWithin = {{"country", Within::kCountry},
                                               {"none", Within::kNone}};
const std::map<std::string, Control> kControl = {{"none", Control::kNone},
                                                 {"expressions", Control::kExpressions}};
const std::map<std::string, ClusterBy> kCluster = {{"uploader", ClusterBy::kUploader},
                                                   {"country", ClusterBy::kCountry}};
const std::map<std::string, ContextUse> kContexts = {{"present", ContextUse::kPresent},
                                                     {"score", ContextUse::kScore}};

const std::string kEstimation = "Estimation";
const std::string kShards = "Shards of a large study";

// A choice among names: --help shows them, another word is a usage error that lists them.
template <typename T>
CLI::Option* add_choice(CLI::App& verb, const std::string& flag, T& value,
                        const std::map<std::string, T>& names, const std::string& help) {
  return verb
      .add_option_function<std::string>(
          flag, [&value, &names](const std::string& name) { value = names.at(name); }, help)
      ->check(CLI::IsMember(names));
}

int default_threads() {
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

void print_summary(const AssociateSummary& summary, const MapOptions& options, bool as_json) {
  const std::string text =
      as_json ? to_json(summary, options).dump(2) + "\n" : to_text(summary, options);
  std::fputs(text.c_str(), stdout);
}

void print_place(const std::filesystem::path& study) {
  std::fputs(fmt::format("mien: wrote {}\n      a label is what raters would call a face, never "
                         "what a person feels; results are for groups\n",
                         (study / "maps" / "maps.parquet").string())
                 .c_str(),
             stderr);
}

struct AssociateFlags {
  AssociateOptions associate;
  PrivateRequest private_maps;
  std::vector<std::string> shards;
  std::int64_t shards_in_all = 0;
  bool from_parts = false;
  bool as_json = false;
};

// Shard after shard; a line, or with --json an object, for each.
Status associate_shards(const AssociateFlags& flags) {
  MIEN_TRY(shards, shard_list(flags.shards));
  if (flags.from_parts) {
    return Error{ErrorCode::kUsage, "--shard makes parts, --from-parts maps of them: not both"};
  }
  for (const std::int64_t shard : shards) {
    MIEN_TRY(part, associate_shard(flags.associate, {shard, flags.shards_in_all}));
    const nlohmann::json json = {
        {"shard", shard}, {"corpus_videos", part.corpus_videos}, {"videos", part.videos}};
    std::string text = fmt::format("shard {}: {} videos of the corpus", shard, part.corpus_videos);
    for (const auto& [source, videos] : part.videos) {
      text += fmt::format("; {} in the analysis of {} contexts", videos, source);
    }
    MIEN_TRY_VOID(print_text((flags.as_json ? json.dump() : text) + "\n"));
  }
  return Ok{};
}

Status associate_study(const AssociateFlags& flags) {
  if (!flags.shards.empty()) return associate_shards(flags);
  if (flags.shards_in_all > 0) {
    return Error{ErrorCode::kUsage, "--shards goes with --shard"};
  }
  MIEN_TRY(summary,
           flags.from_parts ? associate_from_parts(flags.associate) : associate(flags.associate));
  print_summary(summary, flags.associate.map, flags.as_json);
  print_place(flags.associate.study);
  return Ok{};
}

}  // namespace

void add_associate(CommandLine& line) {
  const auto chosen = std::make_shared<AssociateFlags>();
  AssociateOptions& options = chosen->associate;
  options.map.threads = default_threads();
  CLI::App* verb = line.app.add_subcommand(
      "associate", "Make maps: how every expression goes with every context in every region");
  verb->add_option("study,--study", options.study, "The study folder")->required();
  add_choice(*verb, "--kind", options.map.estimator.kind, kKinds,
             "What an association is (default partial)");
  verb->add_option("--by", options.by, "Column of the corpus that divides the videos")
      ->capture_default_str();
  verb->add_option("--covariate", options.covariates,
                   "Column of the corpus, or measured with the expressions, to hold constant; "
                   "repeat it for more (default: every covariate_* column)")
      ->take_all()
      ->expected(1);
  add_choice(*verb, "--within", options.map.estimator.within, kWithin,
             "Compare videos within their country, or not (default country)");
  add_choice(*verb, "--control", options.map.estimator.control, kControl,
             "Hold the other expressions constant too (default none)")
      ->group(kEstimation);
  add_choice(*verb, "--cluster", options.map.cluster, kCluster,
             "Standard errors for these countries (uploader, default) or for countries like these")
      ->group(kEstimation);
  verb->add_option("--bootstrap", options.map.bootstrap,
                   "Replicates for --cluster uploader->group(kEstimation); 0 leaves se null")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  verb->add_option("--min-count", options.map.minimum,
                   "Least videos and uploaders with a context; fewer are not shown")
      ->check(CLI::Range(std::int64_t{0}, kLargestMinimum))
      ->capture_default_str();
  add_choice(*verb, "--contexts", options.contexts, kContexts,
             "Contexts as present or not (default), or by their score")
      ->group(kEstimation);
  verb->add_option("--weights,--weight", options.weights, "Column of the corpus with weights")
      ->group(kEstimation);
  verb->add_option("--channels", options.channels, "Expression channels, with commas (default all)")
      ->delimiter(',');
  verb->add_option("--source", options.sources, "visual, text (default: those the study has)")
      ->delimiter(',');
  verb->add_option("--seed", options.map.seed, "Seed of the bootstrap")
      ->capture_default_str()
      ->group(kEstimation);
  verb->add_option("--threads", options.map.threads, "Threads; results do not depend on it")
      ->check(CLI::Range(1, 1024));
  verb->add_option("--shard", chosen->shards,
                   "Only sum these shards (7 or 3-9), into maps/parts->group(kShards); any number "
                   "of machines at "
                   "once")
      ->delimiter(',');
  verb->add_option("--shards", chosen->shards_in_all,
                   "With --shard, of a study without a plan: cut its corpus into so many")
      ->check(CLI::Range(1, 1'000'000))
      ->group(kShards);
  verb->add_flag("--from-parts", chosen->from_parts, "Make the maps from the sums of all shards")
      ->group(kShards);
  verb->add_flag("--json", chosen->as_json, "The summary as JSON");
  add_example(verb, "mien associate study --by region");
  add_private_options(*verb, chosen->private_maps);
  verb->callback([&line, chosen, verb] {
    line.action = [&line, chosen, verb]() -> Status {
      if (chosen->private_maps.epsilon > 0) {
        return run_private(*verb, chosen->private_maps, chosen->associate, chosen->as_json);
      }
      const bool planned = !chosen->shards.empty() && chosen->shards_in_all == 0;
      if (!planned) return associate_study(*chosen);
      MIEN_TRY(shards, shard_list(chosen->shards));
      return run_shard_task(line, {chosen->associate.study, shards, "associate"},
                            [&] { return associate_study(*chosen); });
    };
  });
}

void add_merge(CommandLine& line) {
  struct Options {
    std::vector<std::filesystem::path> studies;
    std::filesystem::path out;
    int threads = default_threads();
    bool as_json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* verb =
      line.app.add_subcommand("merge", "Add up associations of studies that are parts of one");
  verb->add_option("studies", options->studies, "Study folders that 'mien associate' has run on")
      ->required()
      ->expected(2, 1 << 20);
  verb->add_option("--out", options->out, "Folder for the maps of the whole")->required();
  add_example(verb, "mien merge study-1 study-2 --out whole");
  verb->add_option("--threads", options->threads, "Threads; results do not depend on it")
      ->check(CLI::Range(1, 1024));
  verb->add_flag("--json", options->as_json, "The summary as JSON");
  verb->callback([&line, options] {
    line.action = [options]() -> Status {
      MIEN_TRY(merged, merge_associations(options->studies, options->out, options->threads));
      print_summary(merged.summary, merged.options, options->as_json);
      print_place(options->out);
      return Ok{};
    };
  });
}

}  // namespace mien
