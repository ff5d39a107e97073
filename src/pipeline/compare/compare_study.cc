#include "pipeline/compare/compare_study.h"

#include <algorithm>

#include "pipeline/associate/association_file.h"
#include "pipeline/associate/association_metadata.h"
#include "pipeline/compare/published_maps.h"
#include "pipeline/compare/study_replicates.h"
#include "pipeline/panels/group_panel.h"
#include "pipeline/panels/masking_panel.h"
#include "pipeline/private/private_associate.h"
#include "pipeline/study/json_values.h"
#include "pipeline/train/label_model.h"
#include "store/durable_file.h"
#include "table/comparison_schema.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

MapsOrigin origin_of(const StudyMaps& maps, const FileMetadata& metadata,
                     const std::optional<HeadFacts>& trained) {
  MapsOrigin origin{maps.source + " contexts, channel " + maps.channel, maps.source, maps.kind, {}};
  if (const auto note = private_note(metadata)) origin.notes.push_back(*note);
  if (maps.by != "region") origin.notes.push_back("maps are by " + maps.by);
  for (const auto& [reason, cells] : maps.missing_cells) {
    origin.notes.push_back(std::to_string(cells) + " cells without an estimate: " +
                           (reason.empty() ? "no reason given" : reason));
  }
  if (trained && trained->channel == maps.channel) {
    origin.notes.push_back(whose_labels_of(*trained) + " " + trained->ratings.reliability);
  } else if (maps.channel == "label") {
    origin.notes.emplace_back(
        "labels may come from a prior that no rating has validated; see the model in the maps");
  }
  return origin;
}

Json without_country_json(const StudyMaps& maps, const std::vector<WithoutCountry>& countries) {
  if (countries.empty()) return {};
  Json list = Json::array();
  for (const WithoutCountry& country : countries) {
    list.push_back({{"region", maps.maps.regions[country.region]},
                    {"country", country.country},
                    {"r_with_the_whole_region", number(country.r_with_whole)},
                    {"mean_similarity", number(country.mean_similarity)},
                    {"mean_similarity_without", number(country.mean_similarity_left)}});
  }
  return list;
}

// Means over few videos are held back as cells of maps are.
void hold_back_small_arms(VideoPanel& panel, std::int64_t minimum) {
  if (!panel.not_possible.empty()) return;
  Json kept = Json::array();
  for (Json& arm : panel.result["arms"]) {
    if (arm.at("videos").get<std::int64_t>() >= minimum) kept.push_back(std::move(arm));
  }
  if (kept.empty()) {
    panel = {"fewer than " + std::to_string(minimum) + " videos were annotated in two arms", {}};
  } else {
    panel.result["arms"] = std::move(kept);
  }
}

// The channel in front: label where there is one, else the first.
std::vector<std::size_t> front_channel(const std::vector<StudyMaps>& maps) {
  const bool has_label = std::any_of(maps.begin(), maps.end(),
                                     [](const StudyMaps& part) { return part.channel == "label"; });
  const std::string channel = has_label ? "label" : maps.front().channel;
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    if (maps[i].channel == channel) front.push_back(i);
  }
  return front;
}

const Comparison* find_part(const StudyComparison& study, const std::string& source,
                            const std::string& channel) {
  for (std::size_t i = 0; i < study.parts.size(); ++i) {
    if (study.heads[i].source == source && study.heads[i].channel == channel) {
      return &study.parts[i];
    }
  }
  return nullptr;
}

void add_panels(StudyComparison& study, Json without_country, VideoPanels videos) {
  const std::size_t front = study.channel.front();
  const std::string& source = study.heads[front].source;
  const std::string& channel = study.heads[front].channel;
  PanelInputs inputs;
  inputs.main = &study.parts[front];
  inputs.has_videos = true;
  inputs.without_country = std::move(without_country);
  inputs.videos = std::move(videos);
  const Comparison* visual = find_part(study, "visual", channel);
  const Comparison* text = find_part(study, "text", channel);
  if (visual != nullptr && text != nullptr) {
    study.visual_against_text = compare_sources(*visual, *text);
    inputs.other_source = study.visual_against_text;
  } else {
    study.visual_against_text.not_possible = "the study has maps of one source alone";
  }
  for (const char* shown : {"visual_visible", "visual_patches"}) {
    const Comparison* part = find_part(study, shown, channel);
    if (visual != nullptr && part != nullptr)
      inputs.masked.push_back(compare_sources(*visual, *part));
  }
  for (std::size_t i = 0; i < study.parts.size(); ++i) {
    if (study.heads[i].source != source || study.heads[i].channel == channel) continue;
    const bool crop =
        study.heads[i].channel == "labelfilled" || study.heads[i].channel == "labellandmarks";
    (crop ? inputs.crops : inputs.channels)
        .push_back(compare_sources(study.parts[front], study.parts[i]));
  }
  study.panels = confound_panels(inputs);
}

// A row of a table whose first two columns are source and channel.
class Rows {
 public:
  Rows(TableSchema schema, const StudyMaps& head, Table& table)
      : schema_(std::move(schema)), builder_(schema_), head_(&head), table_(&table) {}

  RowBuilder& begin() {
    return builder_.set("source", head_->source).set("channel", head_->channel);
  }
  void end() { table_->append(builder_.finish()); }

 private:
  TableSchema schema_;
  RowBuilder builder_;
  const StudyMaps* head_;
  Table* table_;
};

std::int64_t integer(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

void append_pairs(const StudyMaps& head, const Comparison& part, Table& table) {
  Rows rows(compare_pairs_schema(), head, table);
  const bool corrected = part.noise.not_estimable.empty();
  for (std::size_t i = 0; i < part.pairwise.pairs.size(); ++i) {
    const RegionPair& pair = part.pairwise.pairs[i];
    const Estimate none{NAN, NAN, NAN, NAN, NAN};
    const Estimate& rho = corrected ? part.noise.pairs[i].rho : none;
    const std::string& reason = corrected ? part.noise.pairs[i].reason : part.noise.not_estimable;
    rows.begin()
        .set("region_a", part.maps.regions[pair.a])
        .set("region_b", part.maps.regions[pair.b])
        .set("r", cell_from(pair.r))
        .set("spearman", cell_from(pair.spearman))
        .set("concordance", cell_from(pair.concordance))
        .set("r_winsorised", cell_from(pair.r_winsorised))
        .set("cells", integer(pair.cells))
        .set("rho", cell_from(rho.value))
        .set("rho_se", cell_from(rho.se))
        .set("rho_lower", cell_from(rho.lower))
        .set("rho_upper", cell_from(rho.upper))
        .set("reason", reason.empty() ? Cell{} : Cell{reason});
    rows.end();
  }
}

void append_cells(const StudyMaps& head, const Comparison& part, Table& cells, Table& deviations) {
  if (!part.heterogeneity) return;
  Rows rows(compare_cells_schema(), head, cells);
  Rows regions(compare_deviations_schema(), head, deviations);
  const std::size_t expressions = part.maps.expressions.size();
  for (std::size_t i = 0; i < part.heterogeneity->cells.size(); ++i) {
    const CellHeterogeneity& cell = part.heterogeneity->cells[i];
    const std::string& context = part.maps.contexts[i / expressions];
    const std::string& expression = part.maps.expressions[i % expressions];
    rows.begin()
        .set("context", context)
        .set("expression", expression)
        .set("regions", integer(cell.effects.regions))
        .set("mean", cell_from(cell.effects.mean))
        .set("lower", cell_from(cell.effects.lower))
        .set("upper", cell_from(cell.effects.upper))
        .set("tau2", cell_from(cell.effects.tau2))
        .set("i2", cell_from(cell.effects.i2))
        .set("q", cell_from(cell.effects.q))
        .set("q_p_bh", cell_from(cell.q_p_bh))
        .set("predicted_lower", cell_from(cell.effects.predicted_lower))
        .set("predicted_upper", cell_from(cell.effects.predicted_upper))
        .set("equivalence_p_bh", cell_from(cell.equivalence_p_bh))
        .set("verdict", std::string(to_string(cell.verdict)));
    rows.end();
    for (std::size_t g = 0; g < cell.effects.deviations.size(); ++g) {
      const RegionDeviation& deviation = cell.effects.deviations[g];
      regions.begin()
          .set("region", part.maps.regions[g])
          .set("context", context)
          .set("expression", expression)
          .set("deviation", cell_from(deviation.deviation))
          .set("shrunken", cell_from(deviation.shrunken))
          .set("lower", cell_from(deviation.lower))
          .set("upper", cell_from(deviation.upper));
      regions.end();
    }
  }
}

void append_contexts(const StudyMaps& head, const Comparison& part, Table& table) {
  Rows rows(compare_contexts_schema(), head, table);
  const std::size_t contexts = part.maps.contexts.size();
  std::vector<std::int64_t> place(contexts, 0);
  for (std::size_t i = 0; i < part.context_order.size(); ++i) {
    place[part.context_order[i]] = integer(i + 1);
  }
  std::vector<std::size_t> kept(contexts, contexts);
  for (std::size_t i = 0; i < part.preserved.kept_contexts.size(); ++i) {
    kept[part.preserved.kept_contexts[i]] = i;
  }
  for (std::size_t c = 0; c < contexts; ++c) {
    const bool embedded = kept[c] < static_cast<std::size_t>(part.embedding.rows());
    const auto at = static_cast<Eigen::Index>(kept[c]);
    rows.begin()
        .set("context", part.maps.contexts[c])
        .set("row", integer(c + 1))
        .set("similarity", cell_from(part.per_context[c].similarity))
        .set("pairs", integer(part.per_context[c].pairs))
        .set("place_in_order", place[c] > 0 ? Cell{place[c]} : Cell{})
        .set("x", embedded ? cell_from(part.embedding(at, 0)) : Cell{})
        .set("y", embedded ? cell_from(part.embedding(at, 1)) : Cell{})
        .set("colour", embedded ? Cell{part.colours[kept[c]]} : Cell{});
    rows.end();
  }
}

std::string panels_text(const std::vector<ConfoundPanel>& panels) {
  std::string text = "\nConfound panels\n---------------\n";
  for (const ConfoundPanel& panel : panels) {
    text += std::string("  (") + panel.id + ") " + panel.title + ": " +
            (panel.not_possible.empty() ? "see --json" : "not possible: " + panel.not_possible) +
            "\n";
  }
  return text;
}

std::string sources_text(const SourceComparison& sources) {
  std::string text = "\nVisual against text contexts\n----------------------------\n";
  if (!sources.not_possible.empty()) return text + "  not possible: " + sources.not_possible + "\n";
  const auto line = [](const std::string& name, const PermutationTest& test) {
    const std::string p = test.reason.empty() ? "p " + std::to_string(test.p) : test.reason;
    return "  " + name + ": " + std::to_string(test.observed) + ", " + p + "\n";
  };
  return text + line("similarity matrices of the regions, Mantel r", sources.similarity) +
         line("loadings of expressions, Procrustes disparity", sources.loadings) +
         "  contexts in both vocabularies: " + std::to_string(sources.shared_contexts.size()) +
         "\n";
}

}  // namespace

Result<StudyComparison> compare_study(Database& database, const std::filesystem::path& study,
                                      const CompareOptions& options) {
  MIEN_TRY(maps, read_study_maps(database, study));
  MIEN_TRY(metadata, database.read_metadata(study / "maps" / "maps.parquet"));
  const std::optional<HeadFacts> trained = label_model(metadata);
  StudyComparison result;
  result.channel = front_channel(maps);
  Json without_country;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    StudyMaps& part = maps[i];
    const bool in_front =
        std::find(result.channel.begin(), result.channel.end(), i) != result.channel.end();
    result.split_half_reliability.emplace_back();
    std::error_code error;
    if (in_front &&
        std::filesystem::exists(association_file_path(study / "maps", part.source), error)) {
      ReplicateOptions replicate_options;
      replicate_options.seed = options.seed;
      replicate_options.threads = options.threads;
      MIEN_TRY(replicates, add_replicates(study, part, replicate_options));
      result.split_half_reliability.back() = replicates.split_half_reliability;
      if (i == result.channel.front()) {
        without_country = without_country_json(part, replicates.without_country);
      }
    }
    CompareOptions part_options = options;
    part_options.embed = options.embed && in_front;
    MIEN_TRY(comparison,
             compare_maps(std::move(part.maps), origin_of(part, metadata, trained), part_options));
    comparison.maps.replicates.clear();
    result.parts.push_back(std::move(comparison));
    part.maps = {};
    result.heads.push_back(std::move(part));
  }
  VideoPanels videos;
  if (options.video_panels) {
    StudyMaps front = result.heads[result.channel.front()];
    front.maps = result.parts[result.channel.front()].maps;
    MIEN_TRY(panels, video_panels(database, study, front, {options.seed, options.threads}));
    videos = std::move(panels);
  } else {
    const VideoPanel none{"left out by --no-video-panels", {}};
    videos = {none, none, none, none, none, none};
  }
  MIEN_TRY(masking, masking_panel(database, study));
  hold_back_small_arms(masking, minimum_of(metadata));
  videos.masking = std::move(masking);
  if (options.group.empty()) {
    videos.groups = {
        "it needs a column of the corpus that names every video's group (--group), "
        "and for errors also ratings of these faces",
        {}};
  } else {
    MIEN_TRY(groups, group_panel(database, study, result.heads[result.channel.front()].channel,
                                 options.group, minimum_of(metadata)));
    videos.groups = std::move(groups);
  }
  add_panels(result, std::move(without_country), std::move(videos));
  return result;
}

Status write_comparison(Database& database, const std::filesystem::path& study,
                        const StudyComparison& comparison) {
  const std::filesystem::path folder = study / "compare";
  MIEN_TRY_VOID(make_folders(folder));
  Table pairs(compare_pairs_schema());
  Table cells(compare_cells_schema());
  Table deviations(compare_deviations_schema());
  Table contexts(compare_contexts_schema());
  for (std::size_t i = 0; i < comparison.parts.size(); ++i) {
    append_pairs(comparison.heads[i], comparison.parts[i], pairs);
    append_cells(comparison.heads[i], comparison.parts[i], cells, deviations);
    append_contexts(comparison.heads[i], comparison.parts[i], contexts);
  }
  const CompareOptions& options = comparison.parts.front().options;
  for (const auto& [table, name] :
       {std::pair(&pairs, "pairs"), std::pair(&cells, "cells"),
        std::pair(&deviations, "deviations"), std::pair(&contexts, "contexts")}) {
    const FileMetadata metadata = {{"mien.table", table->schema().name},
                                   {"mien.seed", std::to_string(options.seed)},
                                   {"mien.permutations", std::to_string(options.permutations)},
                                   {"mien.margin", Json(options.margin).dump()},
                                   {"mien.alpha", Json(options.alpha).dump()}};
    MIEN_TRY_VOID(
        database.write_parquet(*table, folder / (std::string(name) + ".parquet"), metadata));
  }
  return write_file_durably(folder / "compare.json", to_json(comparison).dump(1) + "\n");
}

nlohmann::ordered_json to_json(const StudyComparison& comparison) {
  Json parts = Json::array();
  for (std::size_t i = 0; i < comparison.parts.size(); ++i) {
    Json part = {{"source", comparison.heads[i].source},
                 {"channel", comparison.heads[i].channel},
                 {"by", comparison.heads[i].by},
                 {"cluster", comparison.heads[i].cluster}};
    part.update(to_json(comparison.parts[i]));
    Json halves = Json::object();
    for (std::size_t g = 0; g < comparison.split_half_reliability[i].size(); ++g) {
      halves[comparison.parts[i].maps.regions[g]] = number(comparison.split_half_reliability[i][g]);
    }
    part["split_half_reliability"] = halves.empty() ? Json() : halves;
    parts.push_back(std::move(part));
  }
  return {{"comparisons", std::move(parts)},
          {"visual_against_text", to_json(comparison.visual_against_text)},
          {"panels", to_json(comparison.panels)}};
}

std::string to_text(const StudyComparison& comparison) {
  std::string text;
  for (const std::size_t i : comparison.channel) text += to_text(comparison.parts[i]) + "\n";
  return text + sources_text(comparison.visual_against_text) + panels_text(comparison.panels);
}

Result<PublishedComparison> compare_published_with_panels(const std::filesystem::path& folder,
                                                          int experiment,
                                                          const CompareOptions& options) {
  PublishedComparison result;
  MIEN_TRY(asked, compare_published(folder, experiment, options));
  result.main = std::move(asked);
  PanelInputs inputs;
  inputs.main = &result.main;
  const std::vector<int> there = published_experiments(folder);
  const int other = experiment == 1 ? 2 : 1;
  if (experiment <= 2 && std::find(there.begin(), there.end(), other) != there.end()) {
    CompareOptions other_options = options;
    other_options.embed = false;
    MIEN_TRY(second, compare_published(folder, other, other_options));
    result.visual_against_text = experiment == 1 ? compare_sources(result.main, second)
                                                 : compare_sources(second, result.main);
    inputs.other_source = result.visual_against_text;
  } else {
    result.visual_against_text.not_possible = "the folder holds one experiment alone";
  }
  result.panels = confound_panels(inputs);
  return result;
}

nlohmann::ordered_json to_json(const PublishedComparison& comparison) {
  Json json = to_json(comparison.main);
  json["visual_against_text"] = to_json(comparison.visual_against_text);
  json["panels"] = to_json(comparison.panels);
  return json;
}

std::string to_text(const PublishedComparison& comparison) {
  return to_text(comparison.main) + sources_text(comparison.visual_against_text) +
         panels_text(comparison.panels);
}

}  // namespace mien
