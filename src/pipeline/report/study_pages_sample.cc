// Maps of a declared size, drawn at random and compared for real, for the browser tests: every kind
// of missing cell, hostile names, the prepared claims. They measure nothing.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <span>

#include "base/missing.h"
#include "base/random.h"
#include "pipeline/compare/compare.h"
#include "pipeline/compare/map_sets.h"
#include "pipeline/compare/region_places.h"
#include "pipeline/report/study_pages_job.h"

namespace mien {
namespace {

namespace fs = std::filesystem;

constexpr double kSe = 0.008;

std::vector<std::string> regions() {
  return {"Africa",
          "Brazil",
          "Central/Northern Europe",
          "East Asia",
          "Eastern Europe",
          "Hispanic America",
          "Indian Subcontinent",
          "Middle East",
          "Southeast Asia (Mainland)",
          "Southeast Asia (Maritime)",
          "US & Canada",
          "Western Europe"};
}

std::vector<std::string> expressions() {
  return {"amusement",      "anger",    "awe",         "concentration",
          "confusion",      "contempt", "contentment", "desire",
          "disappointment", "doubt",    "elation",     "interest",
          "pain",           "sadness",  "surprise",    "triumph"};
}

std::vector<std::string> contexts(std::size_t count) {
  std::vector<std::string> names = {"sport",
                                    "practical joke",
                                    "weight training",
                                    "toy",
                                    "</script><img src=x onerror=alert(1)>",
                                    "=HYPERLINK(1)",
                                    "caf\xc3\xa9 \xe2\x80\xae"
                                    "esrever"};
  while (names.size() < count) names.push_back("context " + std::to_string(names.size() + 1));
  names.resize(count);
  return names;
}

std::span<double> all_of(Matrix& matrix) {
  return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

ContextMaps draw_maps(std::size_t count, bool with_se) {
  ContextMaps maps;
  maps.regions = regions();
  maps.contexts = contexts(count);
  maps.expressions = expressions();
  const auto rows = static_cast<Eigen::Index>(count);
  const auto columns = static_cast<Eigen::Index>(maps.expressions.size());
  Random shared(2021);
  Matrix common(rows, columns);
  for (double& value : all_of(common)) value = 0.02 * shared.normal();
  common(0, 15) = common(1, 0) = common(2, 12) = common(3, 10) = 0.09;
  for (std::size_t g = 0; g < maps.regions.size(); ++g) {
    Random own = Random(7).fork(g);
    Matrix cells = common;
    for (double& value : all_of(cells)) value += 0.008 * own.normal() + kSe * own.normal();
    Matrix se = Matrix::Constant(rows, columns, kSe);
    for (Eigen::Index c = 8; c < rows; ++c) {
      const bool held_back = (c + static_cast<Eigen::Index>(g)) % 17 == 0;
      for (Eigen::Index e = 0; e < columns; ++e) {
        if (!held_back && own.below(400) != 0) continue;
        cells(c, e) = se(c, e) = kNaN;
      }
    }
    maps.cells.push_back(std::move(cells));
    if (with_se) maps.se.push_back(std::move(se));
  }
  return maps;
}

// Whole rows without an estimate are held back, single cells not estimable.
void complete(MapSet& set, const ContextMaps& maps) {
  set.reasons = {"", "suppressed_videos", "constant_expression"};
  const std::size_t width = set.expressions.size();
  for (std::size_t g = 0; g < set.cells.size(); ++g) {
    RegionCells& cells = set.cells[g];
    cells.n = 20000 + static_cast<std::int64_t>(g);
    for (std::size_t c = 0; c < set.contexts.size(); ++c) {
      bool whole = true;
      for (std::size_t e = 0; e < width; ++e)
        whole = whole && std::isnan(cells.estimate[c * width + e]);
      cells.n_context[c] = whole ? -1 : static_cast<std::int32_t>(20 + (c * 37) % 900);
      cells.n_uploaders[c] = whole ? -1 : cells.n_context[c] / 2;
      for (std::size_t e = 0; e < width; ++e) {
        const std::size_t at = c * width + e;
        const float value = cells.estimate[at];
        cells.reason[at] = std::isnan(value) ? (whole ? 1 : 2) : 0;
        if (std::isnan(value) || !maps.has_se()) continue;
        cells.lower[at] = value - static_cast<float>(1.96 * kSe);
        cells.upper[at] = value + static_cast<float>(1.96 * kSe);
        cells.p_bh[at] = static_cast<float>(std::erfc(std::abs(value) / kSe / std::sqrt(2.0)));
      }
    }
  }
}

Result<MapSet> make_set(const fs::path& data, std::size_t count, bool with_se) {
  MapSet set;
  ContextMaps maps = draw_maps(count, with_se);
  set = map_set_of(maps);
  complete(set, maps);
  CompareOptions options;
  options.data = data;
  options.permutations = 199;
  MapsOrigin origin{"sample", "visual", "partial", {"drawn at random"}};
  MIEN_TRY(comparison, compare_maps(std::move(maps), std::move(origin), options));
  set.comparison = to_json(comparison);
  if (comparison.heterogeneity) {
    for (const CellHeterogeneity& cell : comparison.heterogeneity->cells) {
      const auto verdict = std::ranges::find(kVerdicts, to_string(cell.verdict));
      set.verdicts.verdict.push_back(static_cast<std::uint8_t>(verdict - kVerdicts.begin()));
      set.verdicts.mean.push_back(static_cast<float>(cell.effects.mean));
      set.verdicts.lower.push_back(static_cast<float>(cell.effects.lower));
      set.verdicts.upper.push_back(static_cast<float>(cell.effects.upper));
      set.verdicts.i2.push_back(static_cast<float>(cell.effects.i2));
    }
  }
  set.source = "visual";
  set.channel = "label";
  set.kind = "partial";
  set.cluster = "uploader";
  set.notes = {"drawn at random"};
  return set;
}

Status write_sample(const fs::path& report, const fs::path& web, const fs::path& data,
                    std::size_t count) {
  MIEN_TRY(database, Database::open());
  StudyPagesRequest request;
  request.data = data;
  request.web_assets = web;
  MIEN_TRY(facts, study_pages_facts(database, request));
  facts.study_name = "Simulated maps, measuring nothing";
  facts.program_version = "0.0.0-sample";
  MIEN_TRY(own, make_set(data, count, true));
  own.title = "Visual contexts, channel label";
  own.is_simulated = true;
  own.whose_labels = "Nobody's: drawn at random.";
  MIEN_TRY(other, make_set(data, 40, false));
  other.title = "Published maps, sample";
  other.is_published = true;
  other.whose_labels = "Nobody's: drawn at random.";
  facts.sets.push_back(std::move(own));
  facts.sets.push_back(std::move(other));
  facts.options = {{"associate: seed", "1"}, {"associate: bootstrap", "200"}};
  for (const std::string& region : regions()) {
    MIEN_TRY(places, find_region_places(data, {region}));
    facts.places.push_back({region, places.places[0].latitude_deg, places.places[0].longitude_deg});
  }
  facts.corpus_videos = 240066;
  for (CountryFact& country : facts.countries) country.videos = country.region.empty() ? 0 : 1300;
  facts.excluded = {{"visual", "Africa", "", "no_face", 321},
                    {"visual", "Brazil", "pt", "no_country", 4}};
  facts.panels = nlohmann::ordered_json::parse(
      R"({"a":{"title":"Faces masked","possible":false,"reason":"no maps with faces masked","result":null},)"
      R"("e":{"title":"How alike by chance","possible":true,"reason":null,)"
      R"("result":{"observed":0.71,"p":0.005,"null":"groups of 20 similar contexts"}}})");
  MIEN_TRY(page, write_study_folder(report, facts));
  std::printf("%s\n", page.c_str());
  return Ok{};
}

}  // namespace
}  // namespace mien

int main(int argc, char** argv) {
  int contexts = 0;
  if (argc == 5) std::from_chars(argv[4], argv[4] + std::strlen(argv[4]), contexts);
  if (contexts < 40) {
    std::fputs("study_pages_sample REPORT WEB_ASSETS DATA CONTEXTS (at least 40)\n", stderr);
    return 2;
  }
  const mien::Status status =
      mien::write_sample(argv[1], argv[2], argv[3], static_cast<std::size_t>(contexts));
  if (status.ok()) return 0;
  std::fprintf(stderr, "study_pages_sample: %s\n", status.error().message.c_str());
  return 1;
}
