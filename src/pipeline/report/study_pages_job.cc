#include "pipeline/report/study_pages_job.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/outside_json.h"
#include "pipeline/associate/association_metadata.h"
#include "pipeline/compare/compare_study.h"
#include "pipeline/compare/map_sets.h"
#include "pipeline/compare/published_maps.h"
#include "pipeline/compare/region_places.h"
#include "pipeline/panels/cell_verdicts.h"
#include "pipeline/private/private_associate.h"
#include "pipeline/report/drawn_faces.h"
#include "pipeline/simulate/simulate.h"
#include "pipeline/study/json_values.h"
#include "pipeline/study/program_version.h"
#include "pipeline/study/study_declaration.h"
#include "pipeline/train/label_model.h"
#include "report/report_writer.h"
#include "stats/suppression.h"
#include "store/csv_import.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kCopyNotice =
    "published maps of Cowen et al. 2021, CC BY 4.0; noise was added to them for privacy";

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

Result<Table> read_csv(const fs::path& path) {
  MIEN_TRY(bytes, read_whole_file(path));
  return parse_list(bytes, path);
}

std::string text_at(const Table& table, std::size_t row, const char* column) {
  const Cell cell = table.at(row, column);
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? std::string() : *text;
}

// Below which the study's maps hold counts back.
Result<std::int64_t> told_minimum(Database& database, const fs::path& study) {
  if (study.empty() || !has_maps(study)) return kLeastCount;
  MIEN_TRY(metadata, database.read_metadata(study / "maps" / "maps.parquet"));
  return minimum_of(metadata);
}

// Every country by name, with the region that it belongs to here and the videos from it: -1 where
// they, or their uploaders, are too few, else to the nearest ten, as is the corpus's number, so
// that neither a total nor the analysis's exact numbers give small ones away.
Status add_countries(Database& database, const StudyPagesRequest& request, StudyPagesFacts& facts) {
  MIEN_TRY(countries, read_csv(request.data / "countries.csv"));
  MIEN_TRY(regions, read_csv(request.data / "regions.csv"));
  std::map<std::string, std::string> region_of;
  for (std::size_t row = 0; row < regions.rows(); ++row) {
    region_of[text_at(regions, row, "country")] = text_at(regions, row, "region");
  }
  std::map<std::string, std::int64_t> videos;
  const fs::path corpus = request.study / "corpus.parquet";
  if (!request.study.empty() && is_file(corpus)) {
    MIEN_TRY(schema, database.read_schema(corpus));
    if (schema.index_of("country") >= 0 && schema.index_of("region") >= 0) {
      const std::string uploaders =
          schema.index_of("uploader") < 0
              ? "count(*)"
              : "count(DISTINCT uploader) + count(*) FILTER (uploader IS NULL)";
      MIEN_TRY(counts, database.query("SELECT country, any_value(region) AS region, count(*) AS "
                                      "videos, " +
                                      uploaders + " AS uploaders FROM " + sql_read_parquet(corpus) +
                                      " GROUP BY country"));
      MIEN_TRY(minimum, told_minimum(database, request.study));
      facts.corpus_videos = 0;
      for (std::size_t row = 0; row < counts.rows(); ++row) {
        const std::string country = text_at(counts, row, "country");
        const std::int64_t n = counts.column("videos").integers()[row];
        facts.corpus_videos += n;
        videos[country] =
            told_count(n, counts.column("uploaders").integers()[row], minimum).value_or(-1);
        const std::string region = text_at(counts, row, "region");
        if (!country.empty() && !region.empty()) region_of[country] = region;
      }
      if (minimum > 1) facts.corpus_videos = rounded_count(facts.corpus_videos);
    }
  }
  for (std::size_t row = 0; row < countries.rows(); ++row) {
    CountryFact country;
    country.alpha2 = text_at(countries, row, "alpha2");
    country.numeric = text_at(countries, row, "numeric");
    country.name = text_at(countries, row, "name");
    country.region = region_of[country.alpha2];
    const auto found = videos.find(country.alpha2);
    if (found != videos.end())
      country.videos = found->second;
    else if (facts.corpus_videos >= 0)
      country.videos = 0;
    facts.countries.push_back(std::move(country));
  }
  return Ok{};
}

Status add_places(const StudyPagesRequest& request, StudyPagesFacts& facts) {
  std::set<std::string> known;
  for (const MapSet& set : facts.sets) {
    MIEN_TRY(places, find_region_places(request.data, set.regions));
    const std::set<std::string> unknown(places.unknown.begin(), places.unknown.end());
    for (std::size_t g = 0; g < set.regions.size(); ++g) {
      if (unknown.contains(set.regions[g]) || !known.insert(set.regions[g]).second) continue;
      facts.places.push_back(
          {set.regions[g], places.places[g].latitude_deg, places.places[g].longitude_deg});
    }
  }
  return Ok{};
}

Status add_excluded(Database& database, const fs::path& study, StudyPagesFacts& facts) {
  const fs::path path = study / "maps" / "excluded.parquet";
  if (!is_file(path)) return Ok{};
  MIEN_TRY(rows, database.read_parquet(path));
  for (const char* name : {"source", "region", "language", "reason", "videos"}) {
    if (!rows.has(name)) {
      return Error{ErrorCode::kCorrupt, path.string() + ": no column '" + name + "'"};
    }
  }
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const Cell videos = rows.at(row, "videos");
    const auto* n = std::get_if<std::int64_t>(&videos);
    facts.excluded.push_back({text_at(rows, row, "source"), text_at(rows, row, "region"),
                              text_at(rows, row, "language"), text_at(rows, row, "reason"),
                              n == nullptr ? 0 : *n});
  }
  return Ok{};
}

void describe(MapSet& set, bool is_simulated, const nlohmann::json& options) {
  if (is_simulated) {
    set.is_simulated = true;
    set.whose_labels = "Nobody's: scores and contexts were drawn from a declared model.";
    set.reliability = "The truth is known; nothing here is about any face.";
    return;
  }
  const ColumnSpec column{set.channel + "_", ColumnType::kDouble, ""};
  const ChannelGroup group = channel_groups_of({&column, 1}, options).front();
  set.is_prior = group.is_prior;
  set.whose_labels = group.whose_labels;
  set.reliability = group.reliability;
}

// Options of the run as the files themselves say them.
void add_options(const std::string& stage, const FileMetadata& metadata, StudyPagesFacts& facts) {
  for (const auto& [name, value] : metadata) {
    if (value.size() < 400) facts.options.emplace_back(stage + ": " + name, value);
  }
}

Status add_study(Database& database, const StudyPagesRequest& request, StudyPagesFacts& facts) {
  MIEN_TRY(sets, read_map_sets(database, request.study));
  MIEN_TRY(metadata, database.read_metadata(request.study / "maps" / "maps.parquet"));
  bool is_simulated = metadata.contains(kSimulatedKey);
  const fs::path corpus = request.study / "corpus.parquet";
  if (is_file(corpus)) {
    MIEN_TRY(of_corpus, database.read_metadata(corpus));
    is_simulated = is_simulated || of_corpus.contains(kSimulatedKey);
    add_options("corpus", of_corpus, facts);
  }
  add_options("associate", metadata, facts);
  const nlohmann::json options = measuring_options(metadata);
  const fs::path compared = request.study / "compare" / "compare.json";
  if (is_file(compared)) {
    MIEN_TRY(bytes, read_whole_file(compared));
    const Json json = parse_outside_json<Json>(bytes);
    if (!json.is_object() || !json.contains("comparisons") || !json["comparisons"].is_array()) {
      return Error{ErrorCode::kCorrupt, compared.string() +
                                            ": not what `mien compare` writes; remedy: run "
                                            "`mien compare --study` again"};
    }
    for (MapSet& set : sets) {
      for (const Json& part : json["comparisons"]) {
        if (json_text(part, "source") != set.source || json_text(part, "channel") != set.channel) {
          continue;
        }
        set.comparison = part;
        if (part.contains("maps") && part["maps"].contains("notes")) {
          for (const Json& note : part["maps"]["notes"]) {
            if (note.is_string()) set.notes.push_back(note.get<std::string>());
          }
        }
        if (part.contains("options") && part["options"].is_object() && facts.panels.is_null()) {
          for (const auto& [name, value] : part["options"].items()) {
            facts.options.emplace_back("compare: " + name, value.dump());
          }
        }
      }
    }
    facts.panels = json.value("panels", Json());
    facts.visual_against_text = json.value("visual_against_text", Json());
    MIEN_TRY_VOID(read_cell_verdicts(database, request.study, sets));
  }
  const std::optional<std::string> note = private_note(metadata);
  for (MapSet& set : sets) {
    describe(set, is_simulated, options);
    // A comparison of the maps says it too.
    if (note && std::ranges::find(set.notes, *note) == set.notes.end()) set.notes.push_back(*note);
    facts.sets.push_back(std::move(set));
  }
  return add_excluded(database, request.study, facts);
}

Status add_published(const StudyPagesRequest& request, StudyPagesFacts& facts) {
  const std::vector<int> there = published_experiments(request.published);
  const std::vector<int>& wanted = request.experiments.empty() ? there : request.experiments;
  if (wanted.empty()) {
    return Error{ErrorCode::kNotFound,
                 request.published.string() + ": no published maps (Exp1_REGION.csv...) here"};
  }
  for (const int experiment : wanted) {
    CompareOptions options;
    options.data = request.data;
    options.embed = true;
    MIEN_TRY(published, compare_published_with_panels(request.published, experiment, options));
    const Comparison& comparison = published.main;
    MapSet set = map_set_of(comparison.maps);
    set.title = "Published maps, experiment " + std::to_string(experiment);
    set.source = comparison.origin.source;
    set.channel = "label";
    set.kind = comparison.origin.kind;
    set.cluster = "";
    set.is_published = true;
    set.whose_labels =
        "A network trained on ratings by English-speaking raters in India, 16 labels.";
    set.reliability = "Numbers of videos, standard errors and covariates were not published.";
    set.notes = comparison.origin.notes;
    set.notes.emplace_back(kCopyNotice);
    set.comparison = to_json(published);
    facts.sets.push_back(std::move(set));
  }
  return Ok{};
}

}  // namespace

bool has_maps(const fs::path& study) {
  return is_file(study / "maps" / "maps.parquet");
}

Result<StudyPagesFacts> study_pages_facts(Database& database, const StudyPagesRequest& request) {
  StudyPagesFacts facts;
  facts.program_version = std::string(kProgramVersion);
  facts.library_versions = {{"DuckDB", Database::library_version()}};
  facts.web_assets = request.web_assets;
  facts.videos_page = request.videos_page;
  if (!request.study.empty()) {
    MIEN_TRY(declaration, read_declaration(request.declared_in));
    facts.study_name = declaration.title.empty()
                           ? fs::absolute(request.study / "").parent_path().filename().string()
                           : declaration.title;
    facts.declaration = std::move(declaration);
    MIEN_TRY_VOID(add_study(database, request, facts));
  } else {
    facts.study_name = "Published maps";
  }
  if (!request.published.empty()) MIEN_TRY_VOID(add_published(request, facts));
  MIEN_TRY_VOID(add_countries(database, request, facts));
  MIEN_TRY_VOID(add_places(request, facts));
  MIEN_TRY(minimum, told_minimum(database, request.study));
  MIEN_TRY_VOID(
      add_drawn_faces(database, request.study, request.data / "prototype16.json", minimum, facts));
  return facts;
}

Result<fs::path> write_study_folder(const fs::path& place, const StudyPagesFacts& facts) {
  MIEN_TRY(folder, ReportFolder::create(place));
  MIEN_TRY_VOID(write_study_pages(folder, ".", facts));
  MIEN_TRY_VOID(folder.publish());
  return place / "index.html";
}

}  // namespace mien
