#include "pipeline/simulate/simulate_truth.h"

#include <cmath>

#include "pipeline/simulate/simulate.h"
#include "pipeline/study/json_values.h"
#include "stats/correlation.h"
#include "stats/preserved_components.h"
#include "stats/similarity.h"

namespace mien {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostCellsAsText = 20000;

struct Kind {
  const char* name;
  std::vector<double> TrueMap::*values;
};
constexpr Kind kKinds[] = {{"correlation", &TrueMap::correlation},
                           {"partial", &TrueMap::partial},
                           {"semipartial", &TrueMap::semipartial},
                           {"slope", &TrueMap::slope},
                           {"standardised_slope", &TrueMap::standardised_slope}};

struct Estimand {
  TrueMapOptions options;
  std::uint32_t contexts, within, cluster;  // positions in the words below
};
constexpr Estimand kEstimands[] = {
    {{TrueContexts::kPresent, TrueWithin::kCountry, TrueCountries::kAsGiven}, 0, 0, 0},
    {{TrueContexts::kPresent, TrueWithin::kCountry, TrueCountries::kAsSample}, 0, 0, 1},
    {{TrueContexts::kPresent, TrueWithin::kNone, TrueCountries::kAsGiven}, 0, 1, 0},
    {{TrueContexts::kScore, TrueWithin::kCountry, TrueCountries::kAsGiven}, 1, 0, 0}};

BulkColumn words(std::vector<std::string> list) {
  BulkColumn column;
  column.words = std::move(list);
  return column;
}

void fill_truth(const GenerativeModel& model, const Estimand& estimand, int region,
                BulkBatch& batch) {
  const TrueMap map = true_map(model, region, estimand.options);
  const std::size_t cells = map.partial.size();
  batch.rows = cells * std::size(kKinds);
  const auto repeat = [&](BulkColumn& column, std::uint32_t code) {
    column.codes.assign(batch.rows, code);
  };
  auto& c = batch.columns;
  repeat(c[0], 0);
  repeat(c[1], static_cast<std::uint32_t>(region));
  repeat(c[2], 0);
  repeat(c[5], 0);
  repeat(c[8], estimand.contexts);
  repeat(c[9], estimand.within);
  repeat(c[10], estimand.cluster);
  const auto expressions = static_cast<std::size_t>(model.expressions);
  for (std::uint32_t k = 0; k < std::size(kKinds); ++k) {
    const std::vector<double>& values = map.*(kKinds[k].values);
    for (std::size_t i = 0; i < cells; ++i) {
      c[3].codes.push_back(k);
      c[4].codes.push_back(static_cast<std::uint32_t>(i / expressions));
      c[6].codes.push_back(static_cast<std::uint32_t>(i % expressions));
      c[7].doubles.push_back(values[i]);
      c[11].truths.push_back(model.is_zero[i]);
      c[12].codes.push_back(std::isnan(values[i]) ? 0 : BulkColumn::kNull);
    }
  }
}

std::vector<std::string> region_names(const GenerativeModel& model) {
  std::vector<std::string> names;
  for (const SimulatedRegion& region : model.design.regions) names.push_back(region.name);
  return names;
}

// Maps of partial correlations as the comparison takes them.
ContextMaps partial_maps(const GenerativeModel& model, const std::vector<std::string>& contexts,
                         const std::vector<std::string>& labels) {
  ContextMaps maps;
  maps.regions = region_names(model);
  maps.contexts = contexts;
  maps.expressions = labels;
  for (int g = 0; g < model.regions; ++g) {
    const TrueMap map = true_map(model, g, {});
    maps.cells.emplace_back(
        Eigen::Map<const Matrix>(map.partial.data(), model.contexts, model.expressions));
  }
  return maps;
}

// Mean over pairs of cov(A_g, A_h), divided by the mean of Var(A_g); over cells that all have.
double variance_preserved(const ContextMaps& maps) {
  const ContextMaps complete = complete_maps(maps).maps;
  double covariances = 0;
  double variances = 0;
  int pairs = 0;
  const auto count = static_cast<double>(complete.cells.size());
  for (std::size_t g = 0; g < complete.cells.size(); ++g) {
    const auto a = (complete.cells[g].array() - complete.cells[g].mean()).eval();
    variances += a.square().mean() / count;
    for (std::size_t h = 0; h < g; ++h) {
      covariances += (a * (complete.cells[h].array() - complete.cells[h].mean())).mean();
      ++pairs;
    }
  }
  return covariances / pairs / variances;
}

Json shared_json(const GenerativeModel& model, const ContextMaps& maps) {
  Json json = {{"kind", "partial"}, {"within", "country"}, {"contexts", "present"}};
  const PairwiseSimilarity pairs = pairwise_similarity(maps);
  json["similarity_mean"] = number<Json>(pairs.mean_r);
  json["similarity"] = Json::array();
  for (const RegionPair& pair : pairs.pairs) {
    json["similarity"].push_back(
        {{"a", maps.regions[pair.a]}, {"b", maps.regions[pair.b]}, {"r", number<Json>(pair.r)}});
  }
  json["variance_preserved"] =
      maps.regions.size() > 1 ? number<Json>(variance_preserved(maps)) : Json();
  json["planted_dimensions"] = model.design.shared > 0 ? model.design.preserved : 0;
  json["preserved_eigenvalues"] = Json::array();
  for (const PreservedComponent& component : preserved_components(maps).components) {
    json["preserved_eigenvalues"].push_back(number<Json>(component.eigenvalue));
  }
  return json;
}

}  // namespace

TableSchema truth_schema() {
  using enum ColumnType;
  return {"truth",
          "region, context, expression, kind and estimand",
          "What associations of a simulated study are in the population, in closed form.",
          {{"by", kString, "The corpus column that divides the videos: region."},
           {"region", kString, "The value of that column."},
           {"source", kString, "What named the contexts: visual."},
           {"kind", kString,
            "correlation (no covariates), or partial, semipartial, slope and standardised_slope "
            "with all covariates."},
           {"context", kString, "Id of the context."},
           {"channel", kString, "Expression channel: label."},
           {"expression", kString, "The expression, without its channel's prefix."},
           {"estimate", kDouble, "The population value; null where there is none."},
           {"contexts", kString, "How contexts enter: present (0 or 1) or score."},
           {"within", kString, "country, or none: between countries too."},
           {"cluster", kString,
            "uploader: these countries as given; country: countries as a sample of countries."},
           {"no_effect", kBool,
            "Whether the context adds nothing to the expression anywhere: partial, semipartial and "
            "slopes within country are exactly 0."},
           {"reason", kString, "context_absent where estimate is null, else null."}}};
}

std::int64_t truth_batches(const GenerativeModel& model) {
  return model.regions * static_cast<std::int64_t>(std::size(kEstimands));
}

BulkSource truth_rows(const GenerativeModel& model, const std::vector<std::string>& contexts,
                      const std::vector<std::string>& labels) {
  return
      [&model, &contexts, &labels, at = std::int64_t{0}](BulkBatch& batch) mutable -> Result<bool> {
        if (at == truth_batches(model)) return false;
        const Estimand& estimand = kEstimands[at / model.regions];
        const int region = static_cast<int>(at % model.regions);
        ++at;
        batch = {};
        batch.columns.resize(truth_schema().columns.size());
        std::vector<std::string> kinds;
        for (const Kind& kind : kKinds) kinds.emplace_back(kind.name);
        batch.columns[0] = words({"region"});
        batch.columns[1] = words(region_names(model));
        batch.columns[2] = words({"visual"});
        batch.columns[3] = words(std::move(kinds));
        batch.columns[4] = words(contexts);
        batch.columns[5] = words({"label"});
        batch.columns[6] = words(labels);
        batch.columns[8] = words({"present", "score"});
        batch.columns[9] = words({"country", "none"});
        batch.columns[10] = words({"uploader", "country"});
        batch.columns[12] = words({"context_absent"});
        fill_truth(model, estimand, region, batch);
        return true;
      };
}

Json design_json(const SimulationDesign& d) {
  return {{"videos", d.videos},
          {"contexts", d.contexts},
          {"expressions", d.expressions},
          {"covariates", d.covariates},
          {"seed", d.seed},
          {"shared", d.shared},
          {"geography", d.geography},
          {"distance_km", d.distance_km},
          {"preserved", d.preserved},
          {"effect", d.effect},
          {"zero_contexts", d.zero_contexts},
          {"zero_cells", d.zero_cells},
          {"covariate_effect", d.covariate_effect},
          {"confounding", d.confounding},
          {"country_level", d.country_level},
          {"country_slopes", d.country_slopes},
          {"country_prevalence", d.country_prevalence},
          {"uploader_scores", d.uploader_scores},
          {"uploader_contexts", d.uploader_contexts},
          {"uploader_tail", d.uploader_tail},
          {"contexts_per_video", d.contexts_per_video},
          {"rarity", d.rarity},
          {"absent_cells", d.absent_cells},
          {"rater_noise", d.rater_noise},
          {"annotation_noise", d.annotation_noise},
          {"context_misses", d.context_misses},
          {"context_false", d.context_false},
          {"context_background", d.context_background},
          {"missing", d.missing}};
}

Json truth_json(const GenerativeModel& model, const std::vector<std::string>& contexts,
                const std::vector<std::string>& labels) {
  Json json = {{"simulated", true},
               {"note",
                "Population values of a declared model (docs/simulate.md), not measurements of "
                "anyone. Cells are in truth.parquet."},
               {"design", design_json(model.design)},
               {"regions", Json::array()}};
  std::size_t j = 0;
  for (const SimulatedRegion& region : model.design.regions) {
    Json countries = Json::array();
    for (const std::string& country : region.countries) {
      countries.push_back({{"country", country}, {"videos", model.countries[j++].videos}});
    }
    json["regions"].push_back({{"region", region.name}, {"countries", countries}});
  }
  const ContextMaps maps = partial_maps(model, contexts, labels);
  json["shared"] = shared_json(model, maps);
  const std::size_t cells = contexts.size() * labels.size() * maps.regions.size();
  if (cells > kMostCellsAsText) return json;
  json["partial"] = Json::object();
  for (std::size_t g = 0; g < maps.regions.size(); ++g) {
    Json& region = json["partial"][maps.regions[g]];
    for (std::size_t c = 0; c < contexts.size(); ++c) {
      for (std::size_t e = 0; e < labels.size(); ++e) {
        region[contexts[c]][labels[e]] =
            number<Json>(maps.cells[g](static_cast<Eigen::Index>(c), static_cast<Eigen::Index>(e)));
      }
    }
  }
  return json;
}

}  // namespace mien
