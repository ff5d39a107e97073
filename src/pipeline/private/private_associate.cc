#include "pipeline/private/private_associate.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "pipeline/private/private_ledger.h"
#include "pipeline/simulate/simulate.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/study_tables.h"
#include "stats/association_map.h"
#include "stats/multiple_testing.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr const char* kPrivateKey = "private";

std::string kind_name(const PrivateRequest& request) {
  return std::string(to_string(request.kind)) + "_private";
}

std::string today() {
  return fmt::format(
      "{:%Y-%m-%d}",
      fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

Status check_request(const PrivateRequest& request, const PrivateDeclaration& declaration) {
  const auto usage = [](const std::string& what) {
    return Error{ErrorCode::kUsage, "private maps: " + what};
  };
  if (request.kind != AssociationKind::kSemipartial &&
      request.kind != AssociationKind::kCorrelation) {
    return usage("--kind " + std::string(to_string(request.kind)) +
                 " needs sums that are not released; remedy: --kind semipartial or correlation");
  }
  const bool by_country =
      request.kind == AssociationKind::kSemipartial && request.within == Within::kCountry;
  if (by_country && declaration.countries.empty()) {
    return usage(request.declaration.string() +
                 " has no [countries]; remedy: declare them, or --within none");
  }
  if (!(request.epsilon > 0)) return usage("--private-epsilon must be above 0");
  if (request.most_videos == 0 || request.most_contexts == 0) {
    return usage("at least one video an uploader and one context a video");
  }
  return Ok{};
}

FileMetadata private_metadata(const PrivateRequest& request, const PrivateSummary& summary,
                              const PrivateDesign& design, bool is_simulated) {
  const auto number = [](double value) { return fmt::format("{:.6g}", value); };
  FileMetadata metadata = {
      {kPrivateKey, "true"},
      {"private_epsilon", number(summary.epsilon)},
      {"private_delta", number(summary.delta)},
      {"private_rho", number(summary.rho)},
      {"private_budget_epsilon", number(summary.budget.epsilon)},
      {"private_budget_delta", number(summary.budget.delta)},
      {"private_unit", "uploader, added or removed with all videos"},
      {"private_mechanism", "discrete Gaussian noise on clipped sums"},
      {"private_max_videos_per_uploader", std::to_string(request.most_videos)},
      {"private_max_contexts_per_video", std::to_string(request.most_contexts)},
      {"private_clip", number(design.clip)},
      {"private_release", std::to_string(summary.release)},
      {"by", request.by},
      {"contexts", "present"},
      {"kind", kind_name(request)},
      {"within", request.within == Within::kCountry ? "country" : "none"}};
  if (is_simulated) metadata[kSimulatedKey] = "true";
  return metadata;
}

struct Corrected {
  std::vector<double> bh, holm, by;  // regions x cells
};

Corrected corrected(const std::vector<PrivateRegionMap>& maps) {
  std::vector<double> p;
  for (const PrivateRegionMap& map : maps) p.insert(p.end(), map.p.begin(), map.p.end());
  return {benjamini_hochberg(p), holm(p), benjamini_yekutieli(p)};
}

Cell whole_or_null(double noisy, bool is_there) {
  return is_there ? Cell{static_cast<std::int64_t>(std::llround(noisy))} : Cell{};
}

void append_maps(const PrivateRequest& request, const PrivateDeclaration& declaration,
                 const std::string& source, const std::vector<PrivateRegionMap>& maps,
                 Table& table) {
  const Corrected adjusted = corrected(maps);
  const TableSchema schema = maps_schema();
  RowBuilder row(schema);
  const std::size_t expressions = declaration.expressions.size();
  for (std::size_t g = 0; g < maps.size(); ++g) {
    const PrivateRegionMap& map = maps[g];
    for (std::size_t i = 0; i < map.estimate.size(); ++i) {
      const std::size_t c = i / expressions;
      const std::size_t at = g * map.estimate.size() + i;
      const ChannelName name = split_channel(declaration.expressions[i % expressions]);
      const std::string reason(to_string(map.reason[i]));
      const bool is_shown = !map.suppressed[c];
      row.set("by", request.by)
          .set("region", declaration.regions[g])
          .set("source", source)
          .set("context", declaration.contexts[c])
          .set("channel", name.channel)
          .set("expression", name.expression)
          .set("kind", kind_name(request))
          .set("estimate", cell_from(map.estimate[i]))
          .set("se", cell_from(map.se[i]))
          .set("lower", cell_from(map.lower[i]))
          .set("upper", cell_from(map.upper[i]))
          .set("df", Cell{})
          .set("p", cell_from(map.p[i]))
          .set("p_bh", cell_from(adjusted.bh[at]))
          .set("p_holm", cell_from(adjusted.holm[at]))
          .set("smd", Cell{})
          .set("superiority", Cell{})
          .set("n", whole_or_null(map.videos, map.videos > 0))
          .set("n_context", whole_or_null(map.context_videos[c], is_shown))
          .set("n_uploaders", Cell{})
          .set("cluster", std::string("uploader"))
          .set("suppressed", !is_shown)
          .set("reason", reason.empty() ? Cell{} : Cell{reason})
          .set("p_by", cell_from(adjusted.by[at]))
          .set("estimate_pooled", Cell{})
          .set("estimate_between", Cell{});
      table.append(row.finish());
    }
  }
}

PrivateSourceSummary summary_of(const std::string& source,
                                const std::vector<PrivateRegionMap>& maps) {
  PrivateSourceSummary summary{source, 0, 0, 0};
  for (const PrivateRegionMap& map : maps) {
    summary.cells += map.estimate.size();
    for (const double se : map.se) {
      if (std::isnan(se)) continue;
      ++summary.estimates;
      summary.mean_se += se;
    }
  }
  if (summary.estimates > 0) summary.mean_se /= static_cast<double>(summary.estimates);
  return summary;
}

}  // namespace

Result<PrivateSummary> associate_privately(const PrivateRequest& request) {
  std::error_code ignored;
  if (!fs::is_directory(request.study, ignored)) {
    return Error{ErrorCode::kNotFound,
                 request.study.string() + ": no such study folder; remedy: check the path"};
  }
  MIEN_TRY(declaration, read_private_declaration(request.declaration));
  MIEN_TRY_VOID(check_request(request, declaration));
  MIEN_TRY(lock, FileLock::acquire(request.study / ".lock"));
  MIEN_TRY_VOID(verify_shards(request.study));
  const PrivateDesign design = private_design(request, declaration);
  PrivateSummary summary;
  summary.budget = declaration.budget;
  summary.delta = request.delta > 0 ? request.delta : declaration.budget.delta;
  LedgerRelease release{
      today(), kind_name(request), request.most_videos, request.most_contexts, {}};
  const double rho = rho_of(request.epsilon, summary.delta);
  for (const std::string& source : declaration.sources) {
    MIEN_TRY(plan, plan_private(design, rho / static_cast<double>(declaration.sources.size())));
    release.parts.push_back({source, plan});
  }
  summary.rho = release.rho();
  summary.epsilon = epsilon_of(summary.rho, summary.delta);

  MIEN_TRY_VOID(
      ledger_with(request.study, declaration.budget, release));  // before hours of reading

  DatabaseOptions database_options;
  database_options.threads = request.threads;
  MIEN_TRY(database, Database::open(database_options));
  MIEN_TRY(corpus, database.read_metadata(request.study / "corpus.parquet"));
  // Read before anything is spent: a table that does not hold costs nothing.
  std::vector<PrivateVideos> videos;
  for (const std::string& source : declaration.sources) {
    MIEN_TRY(read, read_private_videos(database, request, declaration, design, source));
    videos.push_back(std::move(read));
  }
  MIEN_TRY(number, spend_privacy(request.study, declaration.budget, release));
  summary.release = number;
  Table table(maps_schema());
  SystemNoise noise;
  for (std::size_t s = 0; s < videos.size(); ++s) {
    const std::vector<PrivateRegionMap> maps =
        private_maps(design, videos[s], release.parts[s].plan, request.minimum, noise);
    append_maps(request, declaration, release.parts[s].source, maps, table);
    summary.sources.push_back(summary_of(release.parts[s].source, maps));
    videos[s] = {};
  }
  summary.folder = private_folder(request.study) / fmt::format("release-{:04}", number);
  MIEN_TRY_VOID(make_folders(summary.folder / "maps"));
  MIEN_TRY_VOID(database.write_parquet(
      table, summary.folder / "maps" / "maps.parquet",
      private_metadata(request, summary, design, corpus.contains(kSimulatedKey))));
  MIEN_TRY(ledger, read_privacy_ledger(request.study));
  summary.spent_epsilon = epsilon_of(ledger->rho(), declaration.budget.delta);
  return summary;
}

std::optional<std::string> private_note(const FileMetadata& metadata) {
  if (!metadata.contains(kPrivateKey)) return std::nullopt;
  const auto value = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string("?") : found->second;
  };
  return fmt::format(
      "differentially private: epsilon {} and delta {} for an uploader with all their videos, at "
      "most {} of which count; all releases of the study may cost epsilon {} at delta {}; counts "
      "and estimates have noise, which their standard errors take in",
      value("private_epsilon"), value("private_delta"), value("private_max_videos_per_uploader"),
      value("private_budget_epsilon"), value("private_budget_delta"));
}

}  // namespace mien
