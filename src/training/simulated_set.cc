#include "training/simulated_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "rating/ratings.h"
#include "training/dataset.h"

namespace mien {

namespace {

constexpr double kPersonShare = 0.3;  // of the variance of z
constexpr double kDrift = 0.3;        // SD of a row's z around the clip's
constexpr double kSharedWeight = 0.2;

std::vector<double> normals(std::size_t count, Random random) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(random.normal());
  return values;
}

// Each label has a latent score of its own, and a little of all others.
std::vector<double> label_weights(const SimulatedSet& design, Random random) {
  std::vector<double> weights = normals(design.labels * design.latent, random);
  for (double& weight : weights) weight *= kSharedWeight;
  for (std::size_t l = 0; l < design.labels; ++l)
    weights[l * design.latent + l % design.latent] += 1;
  return weights;
}

class Simulation {
 public:
  explicit Simulation(const SimulatedSet& design)
      : design_(design),
        random_(design.seed),
        mixing_(normals(design.dimensions * design.latent, random_.fork(1))),
        weights_(label_weights(design, random_.fork(2))),
        people_(normals(design.people * design.latent, random_.fork(3))),
        biases_(normals(design.raters * design.labels, random_.fork(4))) {}

  std::size_t person_of(std::size_t clip) const { return clip % design_.people; }

  std::vector<double> latent_of(std::size_t clip) const {
    std::vector<double> z = normals(design_.latent, random_.fork(5).fork(clip));
    for (std::size_t k = 0; k < design_.latent; ++k) {
      z[k] = std::sqrt(1 - kPersonShare) * z[k] +
             std::sqrt(kPersonShare) * people_[person_of(clip) * design_.latent + k];
    }
    return z;
  }

  void rows_of(std::size_t clip, const std::vector<double>& z, std::vector<float>& rows) const {
    Random random = random_.fork(6).fork(clip);
    rows.clear();
    const double scale = 1 / std::sqrt(static_cast<double>(design_.latent));
    std::vector<double> here(design_.latent), drift;
    for (std::size_t i = 0; i < design_.rows * design_.latent; ++i)
      drift.push_back(kDrift * random.normal());
    for (std::size_t k = 0; k < design_.latent; ++k) {  // around the mean exactly
      double mean = 0;
      for (std::size_t row = 0; row < design_.rows; ++row) mean += drift[row * design_.latent + k];
      for (std::size_t row = 0; row < design_.rows; ++row)
        drift[row * design_.latent + k] -= mean / static_cast<double>(design_.rows);
    }
    for (std::size_t row = 0; row < design_.rows; ++row) {
      for (std::size_t k = 0; k < design_.latent; ++k)
        here[k] = z[k] + drift[row * design_.latent + k];
      for (std::size_t d = 0; d < design_.dimensions; ++d) {
        double value = 0;
        for (std::size_t k = 0; k < design_.latent; ++k)
          value += mixing_[d * design_.latent + k] * here[k];
        value *= scale;
        if (d % 4 == 3) value = std::tanh(value);
        rows.push_back(static_cast<float>(value + design_.feature_noise * random.normal()));
      }
    }
  }

  // What is chosen without biases.
  std::vector<double> shares_of(const std::vector<double>& z) const {
    std::vector<double> share(design_.labels), confused(design_.labels);
    double sum = 0;
    for (std::size_t l = 0; l < design_.labels; ++l) {
      double logit = 0;
      for (std::size_t k = 0; k < design_.latent; ++k)
        logit += weights_[l * design_.latent + k] * z[k];
      share[l] = std::exp(design_.strength * logit);
      sum += share[l];
    }
    for (std::size_t l = 0; l < design_.labels; ++l) {
      confused[l] += (1 - design_.confusion) * share[l] / sum;
      confused[(l + 1) % design_.labels] += design_.confusion * share[l] / sum;
    }
    return confused;
  }

  std::size_t group_of(std::size_t rater) const { return rater % design_.groups; }

  std::size_t choice(std::size_t rater, std::vector<double> share, Random& random) const {
    if (group_of(rater) > 0 && random.uniform() < design_.group_difference)
      std::swap(share[0], share[1]);
    double sum = 0;
    for (std::size_t l = 0; l < design_.labels; ++l) {
      share[l] *= std::exp(design_.rater_bias * biases_[rater * design_.labels + l]);
      sum += share[l];
    }
    double left = random.uniform() * sum;
    for (std::size_t l = 0; l + 1 < design_.labels; ++l) {
      left -= share[l];
      if (left < 0) return l;
    }
    return design_.labels - 1;
  }

  // Raters of the clip, each once.
  std::vector<std::size_t> raters_of(Random& random) const {
    std::vector<std::size_t> all(design_.raters);
    std::iota(all.begin(), all.end(), std::size_t{0});
    const std::size_t count = std::min(design_.raters_a_clip, design_.raters);
    for (std::size_t i = 0; i < count; ++i)
      std::swap(all[i], all[i + random.below(design_.raters - i)]);
    all.resize(count);
    return all;
  }

  Random random_for_ratings(std::size_t clip) const { return random_.fork(7).fork(clip); }

 private:
  const SimulatedSet& design_;
  Random random_;
  std::vector<double> mixing_, weights_, people_, biases_;
};

std::string name_of(const char* kind, std::size_t number) {
  return fmt::format("{}{:06}", kind, number);
}

}  // namespace

Result<std::vector<float>> write_simulated_set(const SimulatedSet& design,
                                               const std::filesystem::path& folder) {
  const Simulation simulation(design);
  DatasetHeader header;
  header.blocks = {{"simulated", design.dimensions, "", ""}};
  header.simulated = true;
  header.seed = design.seed;
  MIEN_TRY(writer, DatasetWriter::create(folder, header));
  RatingsBuilder builder;
  std::vector<float> truth, rows;
  for (std::size_t clip = 0; clip < design.clips; ++clip) {
    const std::vector<double> z = simulation.latent_of(clip);
    simulation.rows_of(clip, z, rows);
    const std::string person = name_of("person", simulation.person_of(clip));
    DatasetClip entry;
    entry.id = name_of("clip", clip);
    entry.person = entry.source = person;
    MIEN_TRY_VOID(writer.add(entry, rows));
    const std::vector<double> share = simulation.shares_of(z);
    for (const double value : share) truth.push_back(static_cast<float>(value));
    Random random = simulation.random_for_ratings(clip);
    for (const std::size_t rater : simulation.raters_of(random)) {
      const std::string label = name_of("label", simulation.choice(rater, share, random));
      const std::string who = name_of("rater", rater);
      const std::string group =
          design.groups > 1 ? name_of("group", simulation.group_of(rater)) : "";
      RatingsBuilder::Row row;
      row.rater = who;
      row.clip = entry.id;
      row.label = label;
      row.group = group;
      builder.add(row);
    }
  }
  MIEN_TRY(ratings, std::move(builder).finish(RatingMode::kChoice));
  MIEN_TRY(rated, writer.finish(ratings));
  MIEN_CHECK(rated == design.clips, "a clip without a rating");
  return truth;
}

}  // namespace mien
