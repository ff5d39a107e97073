#include "pipeline/panels/video_panels.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "base/missing.h"
#include "base/random.h"
#include "pipeline/associate/associate.h"
#include "pipeline/associate/association_input.h"
#include "pipeline/associate/association_metadata.h"
#include "pipeline/panels/panel_videos.h"
#include "pipeline/study/duplicates.h"
#include "pipeline/study/json_values.h"
#include "pipeline/study/study_tables.h"
#include "stats/correlation.h"
#include "stats/permutation.h"
#include "stats/similarity.h"
#include "stats/suppression.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLeastOfLanguage = 100;  // videos of a region
constexpr std::size_t kLeastUploaders = 10;    // of them
constexpr std::size_t kExchanges = 19;
constexpr const char* kMeasured[] = {"face_size_px", "yaw_deg",    "pitch_deg",
                                     "sharpness",    "brightness", "skin_tone_ita_deg"};

// Similarities before and after a change, over the cells that have an estimate in both.
Json before_and_after(ContextMaps before, ContextMaps after, const char* before_name,
                      const char* after_name) {
  Json same = Json::object();
  std::int64_t cells = 0;
  for (std::size_t g = 0; g < before.cells.size(); ++g) {
    Matrix& a = before.cells[g];
    Matrix& b = after.cells[g];
    for (Eigen::Index i = 0; i < a.size(); ++i) {
      const bool both = std::isfinite(a.data()[i]) && std::isfinite(b.data()[i]);
      cells += both ? 1 : 0;
      if (!both) a.data()[i] = b.data()[i] = kNaN;
    }
    const auto size = static_cast<std::size_t>(a.size());
    same[before.regions[g]] = number(pearson({a.data(), size}, {b.data(), size}).r);
  }
  return {{before_name, number(pairwise_similarity(before).mean_r)},
          {after_name, number(pairwise_similarity(after).mean_r)},
          {"cells", cells},
          {"r_between_the_two_by_region", std::move(same)}};
}

// Columns of expressions that most rows have a value in.
Result<std::vector<std::string>> measured_columns(Database& database,
                                                  const std::filesystem::path& study) {
  MIEN_TRY(files, study_table_files(study, "expressions"));
  MIEN_TRY(schema, database.read_schema(files.front()));
  std::vector<std::string> there;
  std::string select;
  for (const char* column : kMeasured) {
    if (schema.index_of(column) < 0) continue;
    there.emplace_back(column);
    select += ", count(" + std::string(column) + ")";
  }
  std::vector<std::string> filled;
  MIEN_TRY_VOID(database.scan("SELECT count(*)" + select + " FROM " + sql_read_parquet(files),
                              [&](const ScanBatch& batch) -> Status {
                                for (std::size_t i = 0; i < there.size(); ++i) {
                                  if (2 * batch.integers(1 + i)[0] > batch.integers(0)[0]) {
                                    filled.push_back(there[i]);
                                  }
                                }
                                return Ok{};
                              }));
  return filled;
}

std::int64_t count(const std::vector<bool>& in) {
  return std::ranges::count(in, true);
}

// Videos of `whole` that are not in `part`: none where they, or their uploaders, are too few to be
// told. A minimum of 1 or less tells all.
std::optional<std::int64_t> told_rest(const StudyVideos& videos, const std::vector<bool>& whole,
                                      const std::vector<bool>& part, std::int64_t minimum) {
  std::int64_t rest = 0;
  std::set<std::uint64_t> uploaders;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (!whole[i] || part[i]) continue;
    ++rest;
    uploaders.insert(videos.uploader[i]);
  }
  const bool is_few = rest < minimum || static_cast<std::int64_t>(uploaders.size()) < minimum;
  if (rest > 0 && minimum > 1 && is_few) return std::nullopt;
  return rest;
}

// Of all regions together, so that those that are told give no other one away.
std::int64_t told_total(std::int64_t videos, std::int64_t minimum) {
  return minimum > 1 ? rounded_count(videos) : videos;
}

// Panel (d): the maps with more covariates, and the videos that have them.
struct WithAppearance {
  std::vector<std::string> columns;
  std::optional<ContextMaps> maps;
  std::vector<bool> in;
};

Result<WithAppearance> with_appearance(Database& database, AssociateOptions options,
                                       const ContextMaps& like) {
  WithAppearance result;
  MIEN_TRY(columns, measured_columns(database, options.study));
  for (const std::string& column : columns) {
    const auto& used = options.covariates;
    if (std::ranges::find(used, column) == used.end()) result.columns.push_back(column);
  }
  if (result.columns.empty()) return result;
  options.covariates.insert(options.covariates.end(), result.columns.begin(), result.columns.end());
  if (options.map.estimator.kind == AssociationKind::kCorrelation) {
    options.map.estimator.kind = AssociationKind::kPartial;
  }
  MIEN_TRY(videos, PanelVideos::read(database, options));
  result.in = videos.all_in();
  result.maps = videos.maps(like, result.in);
  return result;
}

VideoPanel appearance_panel(const WithAppearance& with, PanelVideos& videos,
                            const ContextMaps& like, std::int64_t minimum) {
  if (with.columns.empty()) {
    return {
        "it needs face_size_px, yaw_deg, pitch_deg, sharpness, brightness or "
        "skin_tone_ita_deg in most rows of expressions, and not as covariates already",
        {}};
  }
  const auto without = videos.maps(like, with.in);
  if (!without || !with.maps) return {"no video has all of these measurements", {}};
  const auto without_them = told_rest(videos.table(), videos.all_in(), with.in, minimum);
  Json result = {
      {"covariates_added", with.columns},
      {"videos", without_them ? Json(told_total(count(with.in), minimum)) : Json()},
      {"videos_without_these_measurements", without_them ? Json(*without_them) : Json()}};
  result.update(before_and_after(*without, *with.maps, "mean_r_as_it_is", "mean_r_with_them"));
  result["not_measured"] = {"speaking"};
  return {"", std::move(result)};
}

VideoPanel exchange_panel(PanelVideos& videos, const ContextMaps& like, std::uint64_t seed) {
  const auto observed = videos.maps(like, videos.all_in());
  if (!observed) return {"no video is left", {}};
  const double mean_r = pairwise_similarity(*observed).mean_r;
  const Random seeds = Random(seed).fork(500);
  std::vector<double> by_chance;
  for (std::size_t k = 0; k < kExchanges; ++k) {
    const auto maps = videos.exchanged_maps(like, seeds.fork(k));
    if (maps) by_chance.push_back(pairwise_similarity(*maps).mean_r);
  }
  const double mean = mean_of(by_chance);
  double squares = 0;
  std::size_t as_large = 0;
  for (const double r : by_chance) {
    squares += (r - mean) * (r - mean);
    as_large += r >= mean_r ? 1 : 0;
  }
  const auto count = static_cast<double>(by_chance.size());
  return {
      "",
      {{"null", "scores exchanged among the uploaders of a country, an uploader's as one block"},
       {"mean_r", number(mean_r)},
       {"null_mean", number(mean)},
       {"null_sd", number(std::sqrt(squares / (count - 1)))},
       {"p",
        std::isfinite(mean_r) ? number((1 + static_cast<double>(as_large)) / (1 + count)) : Json()},
       {"permutations", by_chance.size()}}};
}

VideoPanel duplicates_panel(PanelVideos& videos, const ContextMaps& like, std::int64_t minimum,
                            const std::map<std::string, std::string, std::less<>>& clusters) {
  if (clusters.empty()) {
    return {
        "the study knows of no near-duplicates: neither a title nor the pictures of a video "
        "are those of another, or its corpus was not made by `mien ingest`",
        {}};
  }
  const std::vector<bool> all = videos.all_in();
  std::vector<bool> first = all;
  std::map<std::string, std::set<std::uint32_t>> regions;
  std::set<std::string> seen;
  for (std::uint32_t i = 0; i < videos.size(); ++i) {
    if (!all[i]) continue;
    const auto cluster = clusters.find(videos.table().index.id(i));
    if (cluster == clusters.end()) continue;
    regions[cluster->second].insert(videos.table().group[i]);
    first[i] = seen.insert(cluster->second).second;
  }
  const auto across =
      std::ranges::count_if(regions, [](const auto& entry) { return entry.second.size() > 1; });
  const auto with = videos.maps(like, all);
  const auto without = videos.maps(like, first);
  if (!with || !without) return {"no video is left", {}};
  const auto left_out = told_rest(videos.table(), all, first, minimum);
  Json result = {
      {"clusters", count_or_null(static_cast<std::int64_t>(regions.size()), minimum)},
      {"clusters_across_regions", count_or_null(static_cast<std::int64_t>(across), minimum)},
      {"videos", told_total(count(all), minimum)},
      {"videos_left_out", left_out ? Json(*left_out) : Json()}};
  result.update(before_and_after(*with, *without, "mean_r_with", "mean_r_without"));
  return {"", std::move(result)};
}

// The language of which most regions have enough videos.
struct Language {
  std::uint32_t code = 0;
  std::set<std::uint32_t> regions;
  std::int64_t videos = 0;
};

Language widest_language(const PanelVideos& videos, const std::vector<bool>& all) {
  std::map<std::uint32_t, std::map<std::uint32_t, std::size_t>> counts;  // language, region
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<std::uint64_t>> uploaders;
  const StudyVideos& table = videos.table();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] && !table.languages[table.language[i]].empty()) {
      ++counts[table.language[i]][table.group[i]];
      uploaders[{table.language[i], table.group[i]}].insert(table.uploader[i]);
    }
  }
  // By name: which language has which number is left to chance.
  std::map<std::string, std::uint32_t> named;
  for (const auto& [language, regions] : counts) named[table.languages[language]] = language;
  Language best;
  for (const auto& [name, language] : named) {
    Language of{language, {}, 0};
    for (const auto& [region, number_of] : counts[language]) {
      if (number_of < kLeastOfLanguage) continue;
      if (uploaders[{language, region}].size() < kLeastUploaders) continue;
      of.regions.insert(region);
      of.videos += static_cast<std::int64_t>(number_of);
    }
    if (std::pair(of.regions.size(), of.videos) > std::pair(best.regions.size(), best.videos)) {
      best = std::move(of);
    }
  }
  return best;
}

VideoPanel language_panel(PanelVideos& videos, const ContextMaps& like, std::int64_t minimum,
                          std::uint64_t seed) {
  const StudyVideos& table = videos.table();
  const std::vector<bool> all = videos.all_in();
  const Language language = widest_language(videos, all);
  if (language.regions.size() < 2) {
    return {"no language has " + std::to_string(kLeastOfLanguage) +
                " videos in each of two regions; the corpus's column `language` tells it",
            {}};
  }
  std::vector<bool> of_it(all.size(), false);
  std::vector<bool> drawn(all.size(), false);
  std::map<std::uint32_t, std::vector<std::uint32_t>> by_region;
  std::map<std::uint32_t, std::size_t> wanted;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (!all[i] || !language.regions.contains(table.group[i])) continue;
    by_region[table.group[i]].push_back(i);
    of_it[i] = table.language[i] == language.code;
    wanted[table.group[i]] += of_it[i] ? 1 : 0;
  }
  const Random seeds = Random(seed).fork(400);
  for (auto& [region, candidates] : by_region) {
    Random random = seeds.fork(region);
    for (std::size_t k = 0; k < wanted[region]; ++k) {
      std::swap(candidates[k], candidates[k + random.below(candidates.size() - k)]);
      drawn[candidates[k]] = true;
    }
  }
  const auto one = videos.maps(like, of_it);
  const auto any = videos.maps(like, drawn);
  if (!one || !any) return {"no video is left", {}};
  Json names = Json::array();
  for (const std::uint32_t region : language.regions) names.push_back(table.layout.groups[region]);
  Json result = {{"language", table.languages[language.code]},
                 {"regions", std::move(names)},
                 {"videos", told_total(language.videos, minimum)}};
  result.update(before_and_after(*any, *one, "mean_r_of_as_many_in_any_language",
                                 "mean_r_of_the_one_language"));
  return {"", std::move(result)};
}

}  // namespace

Result<VideoPanels> video_panels(Database& database, const std::filesystem::path& study,
                                 const StudyMaps& maps, const VideoPanelOptions& options) {
  VideoPanels panels;
  std::error_code missing;
  const bool has_tables = std::filesystem::is_regular_file(study / "corpus.parquet", missing) &&
                          study_table_files(study, "expressions").ok() &&
                          study_table_files(study, "contexts").ok();
  if (!has_tables) {
    const VideoPanel none{"the study holds maps alone; it needs the tables of its videos", {}};
    return VideoPanels{none, none, none, none, none, none};
  }
  MIEN_TRY(associate, panel_options(database, study, maps, options.threads));
  MIEN_TRY(appearance, with_appearance(database, associate, maps.maps));
  MIEN_TRY(videos, PanelVideos::read(database, associate));
  panels.appearance = appearance_panel(appearance, videos, maps.maps, associate.map.minimum);
  panels.exchanged = exchange_panel(videos, maps.maps, options.seed);
  MIEN_TRY(clusters, read_duplicates(database, study));
  panels.duplicates = duplicates_panel(videos, maps.maps, associate.map.minimum, clusters);
  panels.language = language_panel(videos, maps.maps, associate.map.minimum, options.seed);
  return panels;
}

}  // namespace mien
