#include "stats/simulated_videos.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/missing.h"

namespace mien {

namespace {

constexpr std::int64_t kChunkVideos = 8192;  // at least; a chunk ends with an uploader
constexpr double kLargestUploader = 0.02;    // of a region's videos

// Streams beside those of the model's parameters.
enum VideosStream : std::uint64_t { kSizeStream = 101, kUploaderStream, kVideoStream };
// Streams of one video.
enum VideoStream : std::uint64_t {
  kCovariateDraws,
  kContextDraws,
  kRowDraws,
  kScoreDraws,
  kMissingDraws
};

}  // namespace

// What is known of the uploader at hand and of its present video.
struct SimulatedVideos::Workspace {
  std::vector<double> uploader_z;        // by covariate
  std::vector<double> uploader_scores;   // by expression
  std::vector<std::uint16_t> special;    // contexts the uploader keeps to
  std::vector<std::uint8_t> is_special;  // by context
  std::vector<double> z;                 // of the video, by covariate
  std::vector<std::uint16_t> present;    // contexts truly there
  std::vector<std::uint8_t> is_present;  // by context
  std::vector<std::uint8_t> is_listed;   // by context: has a row
};

SimulatedVideos::SimulatedVideos(const GenerativeModel& model)
    : model_(model), root_(model.design.seed) {
  const Random sizes = root_.fork(kSizeStream);
  std::int64_t first = 0;
  for (std::size_t j = 0; j < model.countries.size(); ++j) {
    Random random = sizes.fork(j);
    const std::int64_t most = std::max<std::int64_t>(
        3, static_cast<std::int64_t>(kLargestUploader * static_cast<double>(model.design.videos) /
                                     model.regions));
    for (std::int64_t left = model.countries[j].videos; left > 0;) {
      // Pareto with minimum 1, cut down to whole videos.
      const double drawn = std::pow(1.0 - random.uniform(), -1.0 / model.design.uploader_tail);
      const std::int64_t size =
          std::min({left, most, drawn < 1e15 ? static_cast<std::int64_t>(drawn) : most});
      uploaders_.push_back({static_cast<std::uint32_t>(j), static_cast<std::uint32_t>(size),
                            static_cast<std::uint32_t>(first)});
      largest_ = std::max(largest_, size);
      first += size;
      left -= size;
    }
  }
  std::int64_t in_chunk = 0;
  chunk_starts_.push_back(0);
  for (std::size_t u = 0; u < uploaders_.size(); ++u) {
    in_chunk += uploaders_[u].videos;
    if (in_chunk < kChunkVideos && u + 1 < uploaders_.size()) continue;
    chunk_starts_.push_back(u + 1);
    in_chunk = 0;
  }
}

void SimulatedVideos::draw(std::size_t chunk, const VideoParts& parts, VideoChunk& into) const {
  MIEN_CHECK(chunk < chunks(), "there is such a chunk");
  into = VideoChunk{};
  into.first = uploaders_[chunk_starts_[chunk]].first;
  Workspace work;
  work.is_special.assign(static_cast<std::size_t>(model_.contexts), 0);
  work.is_present.assign(static_cast<std::size_t>(model_.contexts), 0);
  work.is_listed.assign(static_cast<std::size_t>(model_.contexts), 0);
  for (std::size_t u = chunk_starts_[chunk]; u < chunk_starts_[chunk + 1]; ++u) {
    draw_uploader(u, parts, work, into);
  }
}

void SimulatedVideos::draw_uploader(std::size_t uploader, const VideoParts& parts, Workspace& work,
                                    VideoChunk& into) const {
  const Uploader& owner = uploaders_[uploader];
  const auto covariates = static_cast<std::size_t>(model_.covariates);
  Random random = root_.fork(kUploaderStream).fork(uploader);
  work.uploader_z.clear();
  for (std::size_t k = 0; k < covariates; ++k) work.uploader_z.push_back(uniform_unit(random));
  work.uploader_scores.clear();
  for (int e = 0; e < model_.expressions; ++e) work.uploader_scores.push_back(random.normal());
  for (const std::uint16_t context : work.special) work.is_special[context] = 0;
  work.special.clear();
  model_.special.draw(random, [&](std::uint16_t context, double cap) {
    if (random.uniform() * cap >= model_.special_prob[context]) return;
    work.special.push_back(context);
    work.is_special[context] = 1;
  });

  for (std::uint32_t v = 0; v < owner.videos; ++v) {
    const Random video = root_.fork(kVideoStream).fork(owner.first + v);
    const std::size_t at = into.videos++;
    into.country.push_back(owner.country);
    into.uploader.push_back(static_cast<std::uint32_t>(uploader));
    Random missing = video.fork(kMissingDraws);
    into.face_ok.push_back(missing.uniform() < model_.design.missing ? 0 : 1);
    into.context_ok.push_back(missing.uniform() < model_.design.missing ? 0 : 1);

    Random covariate_draws = video.fork(kCovariateDraws);
    work.z.clear();
    for (std::size_t k = 0; k < covariates; ++k) {
      work.z.push_back(std::sqrt(kCovariateIcc) * work.uploader_z[k] +
                       std::sqrt(1 - kCovariateIcc) * uniform_unit(covariate_draws));
    }
    if (parts.covariates) {
      for (std::size_t k = 0; k < covariates; ++k) {
        const bool known = missing.uniform() >= model_.design.missing;
        const double shift = model_.country_shifts[owner.country * covariates + k];
        into.covariates.push_back(known ? work.z[k] + shift : kNaN);
      }
    }
    if (!parts.scores && !parts.contexts) continue;
    draw_contexts(video.fork(kContextDraws), owner.country, work);
    if (parts.contexts && into.context_ok[at] != 0) {
      append_rows(video.fork(kRowDraws), owner.country, at, work, into);
    }
    if (parts.scores) {
      append_scores(video.fork(kScoreDraws), owner.country, work, into);
      if (into.face_ok[at] == 0) {
        std::fill(into.scores.end() - model_.expressions, into.scores.end(), kNaN);
      }
    }
  }
}

void SimulatedVideos::draw_contexts(Random random, std::size_t country, Workspace& work) const {
  for (const std::uint16_t context : work.present) work.is_present[context] = 0;
  work.present.clear();
  const auto contexts = static_cast<std::size_t>(model_.contexts);
  const auto region = static_cast<std::size_t>(model_.countries[country].region);
  const double* mean = model_.country_prevalence.data() + country * contexts;
  const double* moved = model_.prevalence.data() + region * contexts;
  const auto prob = [&](std::uint16_t context) {
    double factor = 0;
    for (const Confounder& term : model_.confounders[context]) {
      factor += term.weight * work.z[static_cast<std::size_t>(term.covariate)];
    }
    return mean[context] + moved[context] * factor;
  };
  const auto add = [&](std::uint16_t context) {
    work.present.push_back(context);
    work.is_present[context] = 1;
  };
  const double base = 1.0 - model_.design.uploader_contexts;
  model_.present[country].draw(random, [&](std::uint16_t context, double cap) {
    const double draw = random.uniform();
    if (work.is_special[context] == 0 && draw * cap < base * prob(context)) add(context);
  });
  for (const std::uint16_t context : work.special) {
    if (random.uniform() < model_.special_factor[context] * prob(context)) add(context);
  }
  std::sort(work.present.begin(), work.present.end());
}

void SimulatedVideos::append_rows(Random random, std::size_t country, std::size_t video,
                                  Workspace& work, VideoChunk& into) const {
  const std::size_t begin = into.contexts.size();
  const auto region = static_cast<std::size_t>(model_.countries[country].region);
  const SimulationDesign& design = model_.design;
  const auto row = [&](std::uint16_t context, bool above, std::uint64_t low, std::uint64_t high) {
    const auto step = static_cast<double>(low + random.below(high - low + 1));
    into.contexts.push_back(
        {static_cast<std::uint32_t>(video), context, above, step / kScoreSteps});
    work.is_listed[context] = 1;
  };
  for (const std::uint16_t context : work.present) {
    if (random.uniform() >= design.context_misses) row(context, true, kPresentLow, kPresentHigh);
  }
  const double rate = design.context_false + design.context_background;
  model_.extra[region].draw(random, [&](std::uint16_t context, double cap) {
    const auto cell = region * static_cast<std::size_t>(model_.contexts) + context;
    const double draw = random.uniform() * cap;
    if (draw >= rate * model_.prevalence[cell] || work.is_listed[context] != 0) return;
    if (draw >= design.context_false * model_.prevalence[cell]) {
      row(context, false, kBackgroundLow, kBackgroundHigh);
    } else if (work.is_present[context] == 0) {
      row(context, true, kPresentLow, kPresentHigh);
    }
  });
  for (std::uint16_t context = 0; context < model_.contexts; ++context) {
    if (into.contexts.size() - begin >= kFewestRows) break;
    if (work.is_listed[context] == 0) {
      into.contexts.push_back({static_cast<std::uint32_t>(video), context, false, 0.0});
    }
  }
  const auto first = into.contexts.begin() + static_cast<std::ptrdiff_t>(begin);
  std::sort(first, into.contexts.end(),
            [](const ContextRow& a, const ContextRow& b) { return a.context < b.context; });
  for (auto it = first; it != into.contexts.end(); ++it) work.is_listed[it->context] = 0;
}

void SimulatedVideos::append_scores(Random random, std::size_t country, const Workspace& work,
                                    VideoChunk& into) const {
  const auto expressions = static_cast<std::size_t>(model_.expressions);
  const auto contexts = static_cast<std::size_t>(model_.contexts);
  const auto covariates = static_cast<std::size_t>(model_.covariates);
  const SimulationDesign& design = model_.design;
  const double between = std::sqrt(design.uploader_scores);
  const double within = std::sqrt(model_.residual_variance() - design.uploader_scores);
  const std::size_t begin = into.scores.size();
  into.scores.resize(begin + expressions);
  double* y = into.scores.data() + begin;
  for (std::size_t e = 0; e < expressions; ++e) {
    y[e] = model_.country_levels[country * expressions + e] + between * work.uploader_scores[e];
    for (std::size_t k = 0; k < covariates; ++k) {
      y[e] += model_.covariate_effects[e * covariates + k] * work.z[k];
    }
  }
  for (const std::uint16_t context : work.present) {
    const double* effects =
        model_.country_effects.data() + (country * contexts + context) * expressions;
    for (std::size_t e = 0; e < expressions; ++e) y[e] += effects[e];
  }
  for (std::size_t e = 0; e < expressions; ++e) {
    const double exact = kScoreMean + kScoreUnit * (y[e] + within * random.normal());
    y[e] = static_cast<double>(static_cast<float>(std::clamp(exact, 0.0, 1.0)));
    into.clipped += exact < 0.0 || exact > 1.0 ? 1 : 0;
  }
}

}  // namespace mien
