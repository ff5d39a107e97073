// model_bench MANIFESTS MODELS [ROUNDS]: milliseconds of every network, one thread, one picture and
// four a call. Checks first that a batch gives what single calls give; networks take turns, so that
// a slow moment of the machine meets all of them.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "model/model_set.h"

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

mien::Tensor pictures(const mien::Manifest& manifest, std::int64_t batch) {
  const mien::PictureShape shape = mien::picture_shape(manifest);
  mien::Tensor tensor = mien::Tensor::zeros({batch, shape.rows, shape.columns, shape.channels});
  const auto channels = static_cast<std::size_t>(shape.channels);
  std::uint32_t state = 12345;
  for (std::size_t i = 0; i < tensor.data.size(); ++i) {
    state = state * 1664525U + 1013904223U;
    const auto pixel = static_cast<float>(state >> 24);
    tensor.data[i] = (pixel - manifest.scaling.subtract[i % channels]) * manifest.scaling.multiply;
  }
  return tensor;
}

struct Timed {
  std::string id;
  mien::Session session;
  mien::Tensor one;
  mien::Tensor four;  // empty where the network takes one a call
  double open_ms = 0;
  std::vector<double> one_ms;
  std::vector<double> four_ms;

  std::vector<mien::Tensor> run(const mien::Tensor& input) {
    auto outputs = session.run({input.shape, input.data});
    if (!outputs.ok()) {
      std::fprintf(stderr, "model_bench: %s\n", outputs.error().message.c_str());
      std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
    }
    return std::move(outputs).value();
  }

  bool batch_agrees() {
    const std::vector<mien::Tensor> alone = run(one);
    const std::vector<mien::Tensor> batch = run(four);
    for (std::size_t i = 0; i < alone.size(); ++i) {
      for (std::size_t k = 0; k < alone[i].data.size(); ++k) {
        const float wanted = alone[i].data[k];
        if (!(std::abs(batch[i].data[k] - wanted) <= 1e-4F * (1 + std::abs(wanted)))) return false;
      }
    }
    return true;
  }
};

double median(std::vector<double> values) {
  if (values.empty()) return NAN;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: model_bench MANIFESTS MODELS [ROUNDS]\n", stderr);
    return 2;
  }
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 100;  // NOLINT(cert-err34-c): 0 shows itself
  const auto models = mien::ModelSet::open(argv[1], argv[2]);
  if (!models.ok()) {
    std::fprintf(stderr, "model_bench: %s\n", models.error().message.c_str());
    return 1;
  }
  std::vector<Timed> all;
  for (const mien::Manifest& manifest : models->manifests()) {
    const auto start = Clock::now();
    auto session = models->open_session(manifest.id);
    if (!session.ok()) {
      std::fprintf(stderr, "model_bench: %s\n", session.error().message.c_str());
      return 1;
    }
    const double open_ms = ms_since(start);
    const bool takes_batches = manifest.input.shape.front() == -1;
    all.push_back({manifest.id,
                   std::move(session).value(),
                   pictures(manifest, 1),
                   takes_batches ? pictures(manifest, 4) : mien::Tensor{},
                   open_ms,
                   {},
                   {}});
    if (takes_batches && !all.back().batch_agrees()) {
      std::fprintf(stderr, "model_bench: %s: a batch gives other numbers\n", manifest.id.c_str());
      return 1;
    }
  }
  for (int round = 0; round < rounds; ++round) {
    for (Timed& model : all) {
      auto start = Clock::now();
      model.run(model.one);
      model.one_ms.push_back(ms_since(start));
      if (model.four.data.empty()) continue;
      start = Clock::now();
      model.run(model.four);
      model.four_ms.push_back(ms_since(start) / 4);
    }
  }
  std::printf("%-20s %10s %12s %18s\n", "model", "open (ms)", "1 a call", "4 a call (each)");
  for (const Timed& model : all) {
    std::printf("%-20s %10.1f %12.2f", model.id.c_str(), model.open_ms, median(model.one_ms));
    if (model.four_ms.empty()) {
      std::printf(" %18s\n", "-");
    } else {
      std::printf(" %18.2f\n", median(model.four_ms));
    }
  }
  return 0;
}
