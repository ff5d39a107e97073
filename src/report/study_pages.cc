#include "report/study_pages.h"

#include <array>
#include <bit>
#include <cmath>
#include <span>

#include "base/check.h"
#include "report/page_shell.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "pages hold little-endian numbers");

struct PageName {
  const char* file;
  const char* title;
  bool needs_comparison;
};

constexpr std::array kPages = {
    PageName{"index", "Overview", true},
    PageName{"maps", "Maps", true},
    PageName{"regions", "Side by side", false},
    PageName{"claims", "Claims", false},
    PageName{"similarity", "Similarity", true},
    PageName{"preserved", "Preserved dimensions", true},
    PageName{"contexts", "Map of contexts", true},
    PageName{"confounds", "Confounds", true},
    PageName{"world", "World", true},
    PageName{"faces", "Faces", false},
    PageName{"published", "Published maps", true},
    PageName{"method", "Method", true},
};

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t word = (std::uint32_t{bytes[i]} << 16) |
                               (left > 1 ? std::uint32_t{bytes[i + 1]} << 8 : 0) |
                               (left > 2 ? std::uint32_t{bytes[i + 2]} : 0);
    text += kDigits[word >> 18];
    text += kDigits[(word >> 12) & 63];
    text += left > 1 ? kDigits[(word >> 6) & 63] : '=';
    text += left > 2 ? kDigits[word & 63] : '=';
  }
  return text;
}

template <typename T>
std::string base64_bytes(const std::vector<T>& values) {
  return base64({reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T)});
}

bool has_published(const StudyPagesFacts& facts) {
  bool published = false;
  bool own = false;
  for (const MapSet& set : facts.sets) (set.is_published ? published : own) = true;
  return published && own;
}

OrderedJson pages_json(const StudyPagesFacts& facts) {
  OrderedJson pages = OrderedJson::array();
  for (const PageName& page : kPages) {
    if (std::string_view(page.file) == "published" && !has_published(facts)) continue;
    pages.push_back({page.file, page.title});
  }
  return pages;
}

OrderedJson set_json(const MapSet& set) {
  OrderedJson n = OrderedJson::array();
  OrderedJson cells = OrderedJson::array();
  for (const RegionCells& region : set.cells) {
    n.push_back(region.n < 0 ? OrderedJson() : OrderedJson(region.n));
    std::vector<std::int64_t> by_reason(set.reasons.size(), 0);
    for (const std::uint8_t reason : region.reason) ++by_reason[reason];
    cells.push_back(by_reason);
  }
  return {{"title", set.title},
          {"by", set.by},
          {"source", set.source},
          {"channel", set.channel},
          {"kind", set.kind},
          {"cluster", set.cluster},
          {"is_prior", set.is_prior},
          {"is_simulated", set.is_simulated},
          {"is_published", set.is_published},
          {"whose_labels", set.whose_labels},
          {"reliability", set.reliability},
          {"notes", set.notes},
          {"regions", set.regions},
          {"contexts", set.contexts},
          {"expressions", set.expressions},
          {"reasons", set.reasons},
          {"n", n},
          {"cells_by_reason", cells},
          {"has_verdicts", !set.verdicts.verdict.empty()}};
}

OrderedJson facts_json(const StudyPagesFacts& facts) {
  OrderedJson sets = OrderedJson::array();
  for (const MapSet& set : facts.sets) sets.push_back(set_json(set));
  OrderedJson countries = OrderedJson::array();
  for (const CountryFact& country : facts.countries) {
    countries.push_back({country.alpha2, country.numeric, country.name, country.region,
                         country.videos < 0 ? OrderedJson() : OrderedJson(country.videos)});
  }
  OrderedJson places = OrderedJson::array();
  for (const PlaceFact& place : facts.places) {
    places.push_back({place.region, place.latitude_deg, place.longitude_deg});
  }
  OrderedJson excluded = OrderedJson::array();
  for (const ExcludedFact& row : facts.excluded) {
    excluded.push_back({row.source, row.region, row.language, row.reason, row.videos});
  }
  OrderedJson faces = OrderedJson::array();
  for (const FaceFact& face : facts.faces) {
    OrderedJson actions = OrderedJson::object();
    for (const auto& [name, value] : face.actions) {
      if (std::isfinite(value)) actions[name] = value;
    }
    faces.push_back({{"kind", face.kind},
                     {"name", face.name},
                     {"actions", std::move(actions)},
                     {"n", face.n < 0 ? OrderedJson() : OrderedJson(face.n)}});
  }
  OrderedJson pairs = OrderedJson::array();
  for (const auto& [name, value] : facts.options) pairs.push_back({name, value});
  OrderedJson libraries = OrderedJson::array();
  for (const auto& [name, version] : facts.library_versions) libraries.push_back({name, version});
  return {
      {"name", facts.study_name},
      {"declaration", facts.declaration ? to_json(*facts.declaration) : OrderedJson()},
      {"program_version", facts.program_version},
      {"libraries", std::move(libraries)},
      {"videos_page", facts.videos_page},
      {"pages", pages_json(facts)},
      {"options", std::move(pairs)},
      {"corpus_videos", facts.corpus_videos < 0 ? OrderedJson() : OrderedJson(facts.corpus_videos)},
      {"countries", std::move(countries)},
      {"places", std::move(places)},
      {"excluded", std::move(excluded)},
      {"faces", std::move(faces)},
      {"faces_source", facts.faces_source},
      {"faces_are_prior", facts.faces_are_prior},
      {"sets", std::move(sets)}};
}

OrderedJson compare_json(const StudyPagesFacts& facts) {
  OrderedJson sets = OrderedJson::array();
  for (const MapSet& set : facts.sets) sets.push_back(set.comparison);
  return {{"sets", std::move(sets)},
          {"panels", facts.panels},
          {"visual_against_text", facts.visual_against_text}};
}

std::string cells_script(const std::string& key, const RegionCells& cells) {
  const OrderedJson value = {{"estimate", base64_of(cells.estimate)},
                             {"lower", base64_of(cells.lower)},
                             {"upper", base64_of(cells.upper)},
                             {"p_bh", base64_of(cells.p_bh)},
                             {"reason", base64_of(cells.reason)},
                             {"n_context", base64_of(cells.n_context)},
                             {"n_uploaders", base64_of(cells.n_uploaders)}};
  return "globalThis.mien=globalThis.mien||{};(mien.cells=mien.cells||{})[\"" + key +
         "\"]=" + value.dump() + ";\n";
}

std::string verdicts_script(const std::string& key, const CellVerdicts& verdicts) {
  const OrderedJson value = {{"mean", base64_of(verdicts.mean)},
                             {"lower", base64_of(verdicts.lower)},
                             {"upper", base64_of(verdicts.upper)},
                             {"i2", base64_of(verdicts.i2)},
                             {"verdict", base64_of(verdicts.verdict)}};
  return "globalThis.mien=globalThis.mien||{};(mien.verdicts=mien.verdicts||{})[\"" + key +
         "\"]=" + value.dump() + ";\n";
}

void check_set(const MapSet& set) {
  const std::size_t cells = set.contexts.size() * set.expressions.size();
  MIEN_CHECK(set.cells.size() == set.regions.size(), "one map a region");
  for (const RegionCells& region : set.cells) {
    for (const std::vector<float>* values :
         {&region.estimate, &region.lower, &region.upper, &region.p_bh}) {
      MIEN_CHECK(values->size() == cells, "a value a cell");
    }
    MIEN_CHECK(region.reason.size() == cells, "a reason a cell");
    MIEN_CHECK(region.n_context.size() == set.contexts.size(), "a count a context");
    MIEN_CHECK(region.n_uploaders.size() == set.contexts.size(), "a count a context");
  }
  const CellVerdicts& verdicts = set.verdicts;
  if (verdicts.verdict.empty()) return;
  MIEN_CHECK(verdicts.verdict.size() == cells, "a verdict a cell");
  for (const std::vector<float>* values :
       {&verdicts.mean, &verdicts.lower, &verdicts.upper, &verdicts.i2}) {
    MIEN_CHECK(values->size() == cells, "a value a cell");
  }
}

Status write_page(const ReportFolder& folder, const fs::path& root, const StudyPagesFacts& facts,
                  const PageName& page) {
  PageShell shell;
  shell.title = std::string(page.title) + " - " + facts.study_name;
  shell.kind = page.file;
  shell.heading = std::string_view(page.file) == "index" ? facts.study_name : page.title;
  shell.style = "assets/study.css";
  shell.scripts = {"data/facts.js"};
  if (page.needs_comparison) shell.scripts.emplace_back("data/compare.js");
  shell.scripts.emplace_back("assets/study.js");
  return folder.write(root / (std::string(page.file) + ".html"), page_shell(shell));
}

}  // namespace

std::string base64_of(const std::vector<float>& values) {
  return base64_bytes(values);
}
std::string base64_of(const std::vector<std::int32_t>& values) {
  return base64_bytes(values);
}
std::string base64_of(const std::vector<std::uint8_t>& values) {
  return base64_bytes(values);
}

Status write_study_pages(const ReportFolder& folder, const fs::path& root,
                         const StudyPagesFacts& facts) {
  for (const MapSet& set : facts.sets) check_set(set);
  for (const char* name : {"assets", "data"}) MIEN_TRY_VOID(folder.make_folder(root / name));
  for (const char* asset : {"study.js", "study.css"}) {
    std::error_code failed;
    if (!fs::is_regular_file(facts.web_assets / asset, failed)) {
      return Error{ErrorCode::kNotFound, (facts.web_assets / asset).string() +
                                             ": the web interface is not built; run "
                                             "tools/build_web"};
    }
    MIEN_TRY_VOID(folder.copy_in(facts.web_assets / asset, root / "assets" / asset));
  }
  MIEN_TRY_VOID(
      folder.write(root / "data" / "facts.js", script_assignment("facts", facts_json(facts))));
  MIEN_TRY_VOID(folder.write(root / "data" / "compare.js",
                             script_assignment("compare", compare_json(facts))));
  for (std::size_t s = 0; s < facts.sets.size(); ++s) {
    for (std::size_t r = 0; r < facts.sets[s].cells.size(); ++r) {
      const std::string key = std::to_string(s) + "-" + std::to_string(r);
      MIEN_TRY_VOID(folder.write(root / "data" / ("cells-" + key + ".js"),
                                 cells_script(key, facts.sets[s].cells[r])));
    }
  }
  for (std::size_t s = 0; s < facts.sets.size(); ++s) {
    const CellVerdicts& verdicts = facts.sets[s].verdicts;
    if (verdicts.verdict.empty()) continue;
    const std::string key = std::to_string(s);
    MIEN_TRY_VOID(
        folder.write(root / "data" / ("verdicts-" + key + ".js"), verdicts_script(key, verdicts)));
  }
  for (const PageName& page : kPages) {
    if (std::string_view(page.file) == "published" && !has_published(facts)) continue;
    MIEN_TRY_VOID(write_page(folder, root, facts, page));
  }
  return folder.write(root / "summary.md", study_summary(facts));
}

}  // namespace mien
