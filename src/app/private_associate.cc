#include "app/private_associate.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/print.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

// What private maps do not have: they read what is declared, and resample nothing.
constexpr const char* kNotPrivate[] = {"--covariate", "--control", "--cluster",  "--bootstrap",
                                       "--contexts",  "--weights", "--channels", "--source",
                                       "--seed",      "--shard",   "--shards",   "--from-parts"};

Json private_json(const PrivateSummary& summary) {
  Json sources = Json::array();
  for (const PrivateSourceSummary& source : summary.sources) {
    sources.push_back({{"source", source.source},
                       {"cells", source.cells},
                       {"estimates", source.estimates},
                       {"mean_se", source.mean_se}});
  }
  return {{"private", true},
          {"release", summary.release},
          {"folder", summary.folder.string()},
          {"epsilon", summary.epsilon},
          {"delta", summary.delta},
          {"rho", summary.rho},
          {"spent_epsilon", summary.spent_epsilon},
          {"budget_epsilon", summary.budget.epsilon},
          {"budget_delta", summary.budget.delta},
          {"sources", std::move(sources)}};
}

std::string private_text(const PrivateSummary& summary) {
  std::string text = fmt::format(
      "release {}: epsilon {:.4g} at delta {:.3g} for an uploader with all their videos\n"
      "of the study's budget, epsilon {:.4g} at delta {:.3g}, epsilon {:.4g} is spent\n\n",
      summary.release, summary.epsilon, summary.delta, summary.budget.epsilon, summary.budget.delta,
      summary.spent_epsilon);
  text += fmt::format("{:<10} {:>10} {:>10} {:>10}\n", "source", "cells", "estimates", "mean SE");
  for (const PrivateSourceSummary& source : summary.sources) {
    text += fmt::format("{:<10} {:>10} {:>10} {:>10.4f}\n", source.source, source.cells,
                        source.estimates, source.mean_se);
  }
  return text;
}

}  // namespace

void add_private_options(CLI::App& verb, PrivateRequest& request) {
  constexpr const char* kGroup = "Differentially private maps";
  CLI::Option* epsilon =
      verb.add_option("--private-epsilon", request.epsilon,
                      "Make differentially private maps, at this cost, in place of ordinary ones")
          ->check(CLI::PositiveNumber)
          ->group(kGroup);
  CLI::Option* declared =
      verb.add_option("--declared", request.declaration,
                      "TOML file of what is known without looking at the videos, and the budget")
          ->needs(epsilon)
          ->group(kGroup);
  epsilon->needs(declared);
  verb.add_option("--private-delta", request.delta, "Default: that of the declared budget")
      ->check(CLI::Range(1e-15, 1e-3))
      ->needs(epsilon)
      ->group(kGroup);
  verb.add_option("--max-videos-per-uploader", request.most_videos,
                  "More of an uploader's videos do not count")
      ->check(CLI::Range(1, 1000))
      ->needs(epsilon)
      ->capture_default_str()
      ->group(kGroup);
  verb.add_option("--max-contexts-per-video", request.most_contexts,
                  "More of a video's contexts do not count")
      ->check(CLI::Range(1, 1000))
      ->needs(epsilon)
      ->capture_default_str()
      ->group(kGroup);
  verb.add_option("--clip", request.clip,
                  "Length to which a video's scores are drawn in, in standard deviations (default: "
                  "square root of the number of expressions)")
      ->check(CLI::Range(0.1, 1000.0))
      ->needs(epsilon)
      ->group(kGroup);
}

Status run_private(const CLI::App& verb, PrivateRequest request, const AssociateOptions& options,
                   bool as_json) {
  for (const char* name : kNotPrivate) {
    if (verb.get_option(name)->count() == 0) continue;
    return Error{ErrorCode::kUsage,
                 fmt::format("{} is not for private maps; remedy: leave it out; what they read is "
                             "what the --declared file names",
                             name)};
  }
  request.study = options.study;
  request.by = options.by;
  request.within = options.map.estimator.within;
  request.minimum = static_cast<double>(options.map.minimum);
  request.threads = options.map.threads;
  if (verb.get_option("--kind")->count() > 0) request.kind = options.map.estimator.kind;
  MIEN_TRY(summary, associate_privately(request));
  MIEN_TRY_VOID(print_text(as_json ? private_json(summary).dump(2) + "\n" : private_text(summary)));
  std::fputs(fmt::format("mien: wrote {}\n      a label is what raters would call a face, never "
                         "what a person feels; results are for groups\n",
                         (summary.folder / "maps" / "maps.parquet").string())
                 .c_str(),
             stderr);
  return Ok{};
}

}  // namespace mien
