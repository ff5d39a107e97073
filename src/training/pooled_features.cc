#include "training/pooled_features.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>

#include "base/half_float.h"
#include "stats/parallel.h"

namespace mien {

namespace {

constexpr std::size_t kClipsAPiece = 256;
constexpr double kLeastDeviation = 1e-6;  // halves of features of size 1 are 5e-4 apart
constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

std::vector<float> all_halves() {
  std::vector<float> values(0x10000);
  for (std::uint32_t i = 0; i < values.size(); ++i)
    values[i] = half_to_float(static_cast<std::uint16_t>(i));
  return values;
}

float entering(float value, std::uint8_t root) {
  return root != 0 ? std::sqrt(value < 0 ? 0 : value) : value;
}

// Mean and deviation of column `d` of the rows.
void pool_column(std::span<const std::uint16_t> halves, const std::vector<float>& value_of,
                 std::size_t dimensions, std::size_t d, bool spread, float* to) {
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t at = d; at < halves.size(); at += dimensions) {
    const float value = value_of[halves[at]];
    if (std::isnan(value)) continue;
    sum += static_cast<double>(value);
    ++count;
  }
  const double mean = sum / static_cast<double>(count);
  to[d] = count > 0 ? static_cast<float>(mean) : kMissing;
  if (!spread) return;
  double squares = 0;
  for (std::size_t at = d; at < halves.size(); at += dimensions) {
    const float value = value_of[halves[at]];
    if (!std::isnan(value))
      squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  }
  to[dimensions + d] = count > 1
                           ? static_cast<float>(std::sqrt(squares / static_cast<double>(count - 1)))
                           : kMissing;
}

}  // namespace

Result<PooledFeatures> pool(const Dataset& set, std::span<const std::uint32_t> clips, bool spread,
                            int threads) {
  const std::size_t dimensions = set.dimensions();
  PooledFeatures pooled{clips.size(), spread ? 2 * dimensions : dimensions, spread, {}};
  pooled.values.resize(pooled.clips * pooled.features);
  const std::vector<float> value_of = all_halves();
  std::mutex mutex;
  std::optional<Error> failed;
  for_each_piece((clips.size() + kClipsAPiece - 1) / kClipsAPiece, threads, [&](std::size_t piece) {
    std::vector<std::uint16_t> halves;
    const std::size_t end = std::min(clips.size(), (piece + 1) * kClipsAPiece);
    for (std::size_t i = piece * kClipsAPiece; i < end; ++i) {
      if (Status status = set.read(clips[i], halves); !status.ok()) {
        const std::lock_guard lock(mutex);
        failed = std::move(status).error();
        return;
      }
      for (std::size_t d = 0; d < dimensions; ++d) {
        pool_column(halves, value_of, dimensions, d, spread,
                    pooled.values.data() + i * pooled.features);
      }
    }
  });
  if (failed) return *std::move(failed);
  return pooled;
}

bool spread_tells(const Dataset& set) {
  const auto moving = std::ranges::count_if(set.clips(), [](const auto& c) { return c.rows > 1; });
  return static_cast<std::size_t>(moving) * 10 >= set.clips().size();
}

Scaling scaling_of(const PooledFeatures& pooled, std::span<const std::uint32_t> rows) {
  const std::size_t features = pooled.features;
  Scaling scaling;
  scaling.root.assign(features, 1);
  for (const std::uint32_t row : rows) {
    const float* values = pooled.values.data() + row * features;
    for (std::size_t f = 0; f < features; ++f) {
      if (values[f] < 0) scaling.root[f] = 0;
    }
  }
  std::vector<double> sum(features, 0), squares(features, 0), count(features, 0);
  const auto each = [&](const auto& take) {
    for (const std::uint32_t row : rows) {
      const float* values = pooled.values.data() + row * features;
      for (std::size_t f = 0; f < features; ++f) {
        if (!std::isnan(values[f]))
          take(f, static_cast<double>(entering(values[f], scaling.root[f])));
      }
    }
  };
  each([&](std::size_t f, double value) {
    sum[f] += value;
    ++count[f];
  });
  for (std::size_t f = 0; f < features; ++f) sum[f] = count[f] > 0 ? sum[f] / count[f] : 0;
  each([&](std::size_t f, double value) { squares[f] += (value - sum[f]) * (value - sum[f]); });
  for (std::size_t f = 0; f < features; ++f) {
    const double deviation = count[f] > 1 ? std::sqrt(squares[f] / (count[f] - 1)) : 0;
    scaling.mean.push_back(static_cast<float>(sum[f]));
    scaling.scale.push_back(deviation > kLeastDeviation ? static_cast<float>(1 / deviation) : 0);
  }
  return scaling;
}

std::vector<float> standardised(const PooledFeatures& pooled, const Scaling& scaling,
                                std::span<const std::uint32_t> rows) {
  std::vector<float> result;
  result.reserve(rows.size() * pooled.features);
  for (const std::uint32_t row : rows) {
    const float* values = pooled.values.data() + row * pooled.features;
    for (std::size_t f = 0; f < pooled.features; ++f) {
      const float off = entering(values[f], scaling.root[f]) - scaling.mean[f];
      result.push_back(std::isnan(off) ? 0 : off * scaling.scale[f]);
    }
  }
  return result;
}

}  // namespace mien
