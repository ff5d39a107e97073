// For tests: a simulated study as the private and as the ordinary estimators take it.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "stats/association_fixture.h"
#include "stats/private_map.h"
#include "stats/simulated_videos.h"

namespace mien {

// No noise at all: what the estimator does to the videos apart from it.
class NoNoise : public Noise {
 public:
  void add_to(WholeNumbers&, const NoiseScale&) override {}
};

struct SimulatedStudy {
  FixtureVideos ordinary;  // all videos
  PrivateDesign design;    // declared: regions, countries, contexts, ranges
  PrivateVideos private_;  // by uploader; as many as `most_videos` of each
};

inline constexpr double kDeclaredRange = 2.5;  // of simulated covariates, in their SD

inline SimulationDesign simulation_of(int regions, std::int64_t videos, int contexts,
                                      int expressions, int covariates, std::uint64_t seed) {
  SimulationDesign design;
  for (int region = 0; region < regions; ++region) {
    SimulatedRegion place{
        "Region " + std::to_string(region), 10.0 * region - 50, 15.0 * region, {}};
    for (int k = 0; k < 6; ++k) place.countries.push_back(std::to_string(region * 6 + k));
    design.regions.push_back(std::move(place));
  }
  design.videos = videos;
  design.contexts = contexts;
  design.expressions = expressions;
  design.covariates = covariates;
  design.seed = seed;
  MIEN_CHECK(complete_design(design).ok(), "a design that holds");
  return design;
}

inline SimulatedStudy draw_simulated_study(const GenerativeModel& model,
                                           std::uint32_t most_videos) {
  SimulatedStudy study;
  const auto expressions = static_cast<std::size_t>(model.expressions);
  const auto covariates = static_cast<std::size_t>(model.covariates);
  PrivateDesign& design = study.design;
  design.regions = static_cast<std::size_t>(model.regions);
  design.contexts = static_cast<std::size_t>(model.contexts);
  design.expressions = expressions;
  design.numbers = covariates;
  design.most_videos = most_videos;
  design.clip = std::sqrt(static_cast<double>(expressions));
  AssociationLayout& layout = study.ordinary.layout;
  layout.source = "visual";
  layout.context_use = "present";
  for (int g = 0; g < model.regions; ++g) layout.groups.push_back("g" + std::to_string(1000 + g));
  layout.parents.assign(layout.groups.size(), "");
  for (std::size_t k = 0; k < model.countries.size(); ++k) {
    layout.countries.push_back("k" + std::to_string(1000 + k));
    design.unit_region.push_back(static_cast<std::uint32_t>(model.countries[k].region));
  }
  for (int c = 0; c < model.contexts; ++c)
    layout.contexts.push_back("c" + std::to_string(10000 + c));
  for (std::size_t e = 0; e < expressions; ++e)
    layout.expressions.push_back("label_" + std::to_string(e));
  for (std::size_t k = 0; k < covariates; ++k) layout.covariates.push_back("z" + std::to_string(k));

  const SimulatedVideos source(model);
  VideoChunk chunk;
  std::uint32_t last_uploader = 0xffffffff;
  std::uint32_t taken = 0;
  for (std::size_t part = 0; part < source.chunks(); ++part) {
    source.draw(part, {.covariates = true, .scores = true, .contexts = true}, chunk);
    std::size_t row = 0;
    for (std::size_t v = 0; v < chunk.videos; ++v) {
      std::vector<std::uint32_t> present;
      for (; row < chunk.contexts.size() && chunk.contexts[row].video == v; ++row) {
        if (chunk.contexts[row].above_threshold) present.push_back(chunk.contexts[row].context);
      }
      FixtureVideos& all = study.ordinary;
      all.group.push_back(design.unit_region[chunk.country[v]]);
      all.country.push_back(chunk.country[v]);
      all.uploader.push_back(chunk.uploader[v]);
      for (std::size_t e = 0; e < expressions; ++e) {
        all.values.push_back(chunk.scores[v * expressions + e]);
      }
      for (std::size_t k = 0; k < covariates; ++k) {
        all.values.push_back(chunk.covariates[v * covariates + k]);
      }
      all.context.insert(all.context.end(), present.begin(), present.end());
      all.first.push_back(all.context.size());

      taken = chunk.uploader[v] == last_uploader ? taken + 1 : 0;
      last_uploader = chunk.uploader[v];
      if (taken >= most_videos) continue;
      PrivateVideos& some = study.private_;
      some.uploader.push_back(chunk.uploader[v]);
      some.unit.push_back(chunk.country[v]);
      for (std::size_t e = 0; e < expressions; ++e) {
        some.scores.push_back(chunk.scores[v * expressions + e]);
      }
      for (std::size_t k = 0; k < covariates; ++k) {
        some.covariates.push_back(
            std::clamp(chunk.covariates[v * covariates + k] / kDeclaredRange, -1.0, 1.0));
      }
      // Any ten: contexts are numbered without regard to how common they are.
      if (present.size() > design.most_contexts) present.resize(design.most_contexts);
      some.context.insert(some.context.end(), present.begin(), present.end());
      some.first.push_back(some.context.size());
    }
  }
  return study;
}

}  // namespace mien
