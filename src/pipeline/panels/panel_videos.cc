#include "pipeline/panels/panel_videos.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/missing.h"
#include "pipeline/associate/association_metadata.h"
#include "stats/permutation.h"

namespace mien {

namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

// Maps from sums, with the regions, contexts and expressions of other maps.
ContextMaps maps_like(const ContextMaps& like, const AssociationSums& sums,
                      const MapOptions& options) {
  const AssociationMap made = association_map(sums, options);
  ContextMaps maps{like.regions, like.contexts, like.expressions, {}, {}, {}};
  const auto place_of = [](const std::vector<std::string>& names, const auto& name_of) {
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < names.size(); ++i) places.emplace(name_of(names[i]), i);
    return places;
  };
  const auto itself = [](const std::string& name) { return name; };
  const auto groups = place_of(sums.layout.groups, itself);
  const auto contexts = place_of(sums.layout.contexts, itself);
  const auto expressions = place_of(sums.layout.expressions, [](const std::string& name) {
    return split_channel(name).expression;
  });
  const std::size_t columns = sums.layout.expressions.size();
  for (const std::string& region : like.regions) {
    Matrix cells = Matrix::Constant(static_cast<Eigen::Index>(like.contexts.size()),
                                    static_cast<Eigen::Index>(like.expressions.size()), kNaN);
    const auto group = groups.find(region);
    for (std::size_t c = 0; group != groups.end() && c < like.contexts.size(); ++c) {
      const auto context = contexts.find(like.contexts[c]);
      if (context == contexts.end()) continue;
      for (std::size_t e = 0; e < like.expressions.size(); ++e) {
        const auto expression = expressions.find(like.expressions[e]);
        if (expression == expressions.end()) continue;
        cells(static_cast<Eigen::Index>(c), static_cast<Eigen::Index>(e)) =
            made.groups[group->second].estimate[context->second * columns + expression->second];
      }
    }
    maps.cells.push_back(std::move(cells));
  }
  return maps;
}

}  // namespace

Result<AssociateOptions> panel_options(Database& database, const std::filesystem::path& study,
                                       const StudyMaps& maps, int threads) {
  MIEN_TRY(metadata, database.read_metadata(study / "maps" / "maps.parquet"));
  MIEN_TRY(map, map_options(metadata, threads));
  AssociateOptions options;
  options.study = study;
  options.by = maps.by;
  options.weights = metadata["weights"];
  options.contexts = metadata["contexts"] == "score" ? ContextUse::kScore : ContextUse::kPresent;
  options.channels = {maps.channel};
  options.sources = {maps.source};
  options.map = map;
  options.map.bootstrap = 0;
  MIEN_TRY(corpus, database.read_schema(study / "corpus.parquet"));
  const TableSchema measured = expressions_schema({});
  std::set<std::string> known;
  for (const std::string& covariate : split(metadata["covariates"])) {
    const bool is_column = corpus.index_of(covariate) >= 0 || measured.index_of(covariate) >= 0;
    // A level of a category is called COLUMN=LEVEL.
    const std::string column = is_column ? covariate : covariate.substr(0, covariate.find('='));
    if (known.insert(column).second) options.covariates.push_back(column);
  }
  return options;
}

PanelVideos::PanelVideos(StudyVideos videos, StudyContexts contexts, AssociateOptions options)
    : videos_(std::move(videos)), contexts_(std::move(contexts)), options_(std::move(options)) {}

Result<PanelVideos> PanelVideos::read(Database& database, const AssociateOptions& options) {
  MIEN_TRY(scope, whole_scope(options.study));
  MIEN_TRY(videos, read_study_videos(database, options, scope));
  MIEN_TRY(contexts,
           read_study_contexts(database, options, scope, options.sources.front(), videos));
  return PanelVideos(std::move(videos), std::move(contexts), options);
}

std::vector<bool> PanelVideos::all_in() const {
  std::vector<bool> in(size());
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = is_in(i);
  return in;
}

std::optional<ContextMaps> PanelVideos::maps(const ContextMaps& like, const std::vector<bool>& in) {
  const std::vector<std::uint16_t> reasons = contexts_.reason;
  const std::uint16_t left_out = videos_.reason_code("left_out_by_a_panel");
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (reasons[i] == 0 && !in[i]) contexts_.reason[i] = left_out;
  }
  const AssociationSums sums =
      sum_study_videos(videos_, contexts_, options_.sources.front(), options_.map.threads);
  contexts_.reason = reasons;
  if (sums.blocks.empty()) return std::nullopt;
  return maps_like(like, sums, options_.map);
}

std::optional<ContextMaps> PanelVideos::exchanged_maps(const ContextMaps& like, Random random) {
  const std::vector<std::uint32_t> order = by_uploader();
  const std::vector<double> own = videos_.values;
  const auto place = [&](std::uint32_t video) {
    return std::pair(videos_.group[video], videos_.country[video]);
  };
  for (std::size_t first = 0; first < order.size();) {
    std::vector<std::size_t> begins;  // of the country's blocks
    std::size_t last = first;
    for (; last < order.size() && place(order[last]) == place(order[first]); ++last) {
      if (last == first || videos_.uploader[order[last]] != videos_.uploader[order[last - 1]]) {
        begins.push_back(last);
      }
    }
    std::size_t to = first;
    for (const std::size_t block : random_order(begins.size(), random)) {
      const std::size_t end = block + 1 < begins.size() ? begins[block + 1] : last;
      for (std::size_t from = begins[block]; from < end; ++from) {
        copy_scores(own, order[from], order[to++]);
      }
    }
    first = last;
  }
  auto maps = this->maps(like, all_in());
  videos_.values = own;
  return maps;
}

std::vector<std::uint32_t> PanelVideos::by_uploader() const {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < size(); ++i) {
    if (is_in(i)) order.push_back(i);
  }
  std::ranges::sort(order, {}, [&](std::uint32_t video) {
    return std::tuple(videos_.group[video], videos_.country[video], videos_.uploader[video], video);
  });
  return order;
}

void PanelVideos::copy_scores(const std::vector<double>& own, std::uint32_t from,
                              std::uint32_t to) {
  const std::size_t width = videos_.layout.columns();
  std::copy_n(own.begin() + static_cast<std::ptrdiff_t>(from * width),
              videos_.layout.expressions.size(),
              videos_.values.begin() + static_cast<std::ptrdiff_t>(to * width));
}

}  // namespace mien
