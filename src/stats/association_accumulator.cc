#include "stats/association_accumulator.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "base/check.h"
#include "stats/contexts_of_uploaders.h"
#include "stats/parallel.h"
#include "stats/vector_widths.h"
#include "stats/weighted_sums.h"

namespace mien {

namespace {

// Blocks of one group are cut into segments of this many for the sums per group, which are then
// added in order.
constexpr std::size_t kBlocksPerSegment = 16;

// Segments whose sums are held at once; no result depends on it.
constexpr std::size_t kSegmentsAtOnce = 64;

struct BlockRange {
  std::size_t first;
  std::size_t last;
};

constexpr std::uint32_t kNoBlock = 0xffffffff;  // a pair of group and country without videos

// PresenceSums of a segment's videos, per context.
struct SegmentPresence {
  explicit SegmentPresence(const AssociationLayout& layout)
      : expressions(layout.expressions.size()),
        stride(rounded_up(2 * expressions)),
        videos(layout.contexts.size(), 0),
        weight(layout.contexts.size(), 0.0),
        sums(layout.contexts.size() * stride, 0.0) {}

  void add_to(std::span<PresenceSums> group) const {
    for (std::size_t c = 0; c < videos.size(); ++c) {
      if (videos[c] == 0) continue;
      group[c].videos += videos[c];
      group[c].weight += weight[c];
      const double* row = sums.data() + c * stride;
      for (std::size_t e = 0; e < expressions; ++e) {
        group[c].sums[e] += row[e];
        group[c].squares[e] += row[expressions + e];
      }
    }
  }

  std::size_t expressions;
  std::size_t stride;
  std::vector<std::int64_t> videos;
  std::vector<double> weight;
  std::vector<double> sums;  // contexts x stride: of w y, then of w y y
  ContextsOfUploaders uploaders;
};

typedef double Vector __attribute__((vector_size(64), aligned(8), may_alias));
static_assert(sizeof(Vector) == kWeightedSumsStep * sizeof(double));

// to[i] += factor * from[i], `count` a multiple of kWeightedSumsStep.
[[gnu::always_inline]] inline void add_scaled(double factor, const double* from, std::size_t count,
                                              double* to) {
  for (std::size_t i = 0; i < count; i += kWeightedSumsStep) {
    *reinterpret_cast<Vector*>(to + i) += factor * *reinterpret_cast<const Vector*>(from + i);
  }
}

// products[i][j] += weight * value[i] * value[j] for j >= i (and some before, which nobody reads).
MIEN_VECTOR_WIDTHS
void add_products(double weight, const double* value, std::size_t columns, std::size_t stride,
                  double* products) {
  for (std::size_t i = 0; i < columns; ++i) {
    const std::size_t from = i / kWeightedSumsStep * kWeightedSumsStep;
    add_scaled(weight * value[i], value + from, stride - from, products + i * stride + from);
  }
}

// Adds a video's row to the rows of its contexts; term[1] becomes the context's x.
MIEN_VECTOR_WIDTHS
void add_to_contexts(const std::uint32_t* contexts, const double* scores, std::size_t count,
                     double weight, double* term, std::size_t stride, double* rows) {
  for (std::size_t k = 0; k < count; ++k) {
    const double x = scores == nullptr ? 1.0 : scores[k];
    term[1] = x;
    add_scaled(weight * x, term, stride, rows + contexts[k] * stride);
  }
}

MIEN_VECTOR_WIDTHS
void add_presence(const std::uint32_t* contexts, const std::uint8_t* above, std::size_t count,
                  double weight, const double* term, SegmentPresence& presence) {
  for (std::size_t k = 0; k < count; ++k) {
    if (above != nullptr && above[k] == 0) continue;
    ++presence.videos[contexts[k]];
    presence.weight[contexts[k]] += weight;
    add_scaled(weight, term, presence.stride, presence.sums.data() + contexts[k] * presence.stride);
  }
}

// Accumulators over contexts that are cleared by what was touched, not whole.
class BlockAccumulator {
 public:
  BlockAccumulator(const AssociationLayout& layout, const AssociationVideos& videos,
                   std::span<const double> centres)
      : columns_(layout.columns()),
        expressions_(layout.expressions.size()),
        stride_(rounded_up(columns_ + 2)),
        products_stride_(rounded_up(columns_)),
        videos_(&videos),
        centres_(centres),
        rows_(layout.contexts.size() * stride_, 0.0),
        products_(columns_ * products_stride_, 0.0),
        last_upload_(layout.contexts.size(), kNobody),
        is_touched_(layout.contexts.size(), 0),
        value_(products_stride_, 0.0),
        term_(stride_, 0.0),
        presence_term_(rounded_up(2 * expressions_), 0.0) {
    term_[0] = 1.0;
  }

  // `order`: the block's videos; left with those of an uploader one after the other, hashes
  // ascending.
  void run(std::span<std::uint32_t> order, AssociationBlock& block, SegmentPresence& presence) {
    sorted_.clear();
    for (const std::uint32_t video : order) sorted_.emplace_back(videos_->uploader[video], video);
    std::sort(sorted_.begin(), sorted_.end());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = sorted_[i].second;
    block.sums.assign(columns_, 0.0);
    constexpr std::size_t kAhead = 6;  // videos lie all over the memory
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i + kAhead < order.size()) prefetch(order[i + kAhead]);
      add_video(order[i], block, presence);
    }
    finish(block, presence.uploaders);
  }

 private:
  static constexpr std::uint32_t kNobody = 0xffffffff;

  struct Uploader {
    std::uint64_t hash;
    std::size_t first;  // of uploads_
    std::uint32_t videos;
  };
  struct Upload {
    std::uint32_t context;
    std::uint32_t videos;  // of the uploader, with the context
  };

  void prefetch(std::uint32_t video) const {
    const double* values = videos_->values.data() + std::size_t{video} * columns_;
    constexpr std::size_t kLine = 8;  // doubles
    for (std::size_t i = 0; i < columns_; i += kLine) __builtin_prefetch(values + i);
    __builtin_prefetch(values + columns_ - 1);
    __builtin_prefetch(videos_->context.data() + videos_->first[video]);
  }

  void add_video(std::uint32_t video, AssociationBlock& block, SegmentPresence& presence) {
    const double weight = videos_->weight.empty() ? 1.0 : videos_->weight[video];
    const double* from = videos_->values.data() + std::size_t{video} * columns_;
    for (std::size_t i = 0; i < columns_; ++i) value_[i] = from[i] - centres_[i];
    std::copy_n(value_.begin(), columns_, term_.begin() + 2);
    for (std::size_t e = 0; e < expressions_; ++e) {
      presence_term_[e] = value_[e];
      presence_term_[expressions_ + e] = value_[e] * value_[e];
    }
    ++block.videos;
    block.weight += weight;
    for (std::size_t i = 0; i < columns_; ++i) block.sums[i] += weight * value_[i];
    add_products(weight, value_.data(), columns_, products_stride_, products_.data());
    const std::uint64_t hash = videos_->uploader[video];
    if (uploaders_.empty() || uploaders_.back().hash != hash) {
      uploaders_.push_back({hash, uploads_.size(), 0});
    }
    ++uploaders_.back().videos;

    const std::uint64_t first = videos_->first[video];
    const std::size_t count = videos_->first[video + 1] - first;
    const std::uint32_t* contexts = videos_->context.data() + first;
    const double* scores = videos_->score.empty() ? nullptr : videos_->score.data() + first;
    const std::uint8_t* above =
        videos_->above_threshold.empty() ? nullptr : videos_->above_threshold.data() + first;
    for (std::size_t k = 0; k < count; ++k) {
      const std::uint32_t context = contexts[k];
      if (is_touched_[context] == 0) {
        is_touched_[context] = 1;
        touched_.push_back(context);
      }
      if (above != nullptr && above[k] == 0) continue;
      std::uint32_t& last = last_upload_[context];
      if (last == kNobody || last < uploaders_.back().first) {
        last = static_cast<std::uint32_t>(uploads_.size());
        uploads_.push_back({context, 0});
      }
      ++uploads_[last].videos;
    }
    add_to_contexts(contexts, scores, count, weight, term_.data(), stride_, rows_.data());
    add_presence(contexts, above, count, weight, presence_term_.data(), presence);
  }

  void finish(AssociationBlock& block, ContextsOfUploaders& uploaders) {
    block.products.reserve(columns_ * (columns_ + 1) / 2);
    for (std::size_t i = 0; i < columns_; ++i) {
      const double* row = products_.data() + i * products_stride_;
      block.products.insert(block.products.end(), row + i, row + columns_);
    }
    std::fill(products_.begin(), products_.end(), 0.0);
    const std::size_t width = columns_ + 2;
    std::sort(touched_.begin(), touched_.end());
    block.contexts = touched_;
    block.rows.reserve(touched_.size() * width);
    for (const std::uint32_t context : touched_) {
      double* row = rows_.data() + context * stride_;
      block.rows.insert(block.rows.end(), row, row + width);
      std::fill(row, row + stride_, 0.0);
      is_touched_[context] = 0;
      last_upload_[context] = kNobody;
    }
    for (std::size_t u = 0; u < uploaders_.size(); ++u) {
      const Uploader& uploader = uploaders_[u];
      if (u < kUploadersKept) block.uploaders.push_back(uploader.hash);
      const std::size_t end = u + 1 < uploaders_.size() ? uploaders_[u + 1].first : uploads_.size();
      for (std::size_t k = uploader.first; k < end; ++k) {
        const bool in_all = uploads_[k].videos == uploader.videos;
        uploaders.contexts.push_back(uploads_[k].context |
                                     (in_all ? ContextsOfUploaders::kInAll : 0));
      }
      uploaders.hashes.push_back(uploader.hash);
      uploaders.ends.push_back(uploaders.contexts.size());
    }
    uploaders_.clear();
    touched_.clear();
    uploads_.clear();
  }

  std::size_t columns_;
  std::size_t expressions_;
  std::size_t stride_;           // of a context's row: sum of x, of xx, of xv
  std::size_t products_stride_;  // of a column's products
  const AssociationVideos* videos_;
  std::span<const double> centres_;
  std::vector<double> rows_;
  std::vector<double> products_;
  std::vector<std::uint32_t> last_upload_;  // a context: its last place in uploads_
  std::vector<std::uint8_t> is_touched_;
  std::vector<double> value_;
  std::vector<double> term_;           // 1, x, value
  std::vector<double> presence_term_;  // scores, their squares
  std::vector<std::uint32_t> touched_;
  std::vector<Uploader> uploaders_;  // hashes ascending
  std::vector<Upload> uploads_;      // uploader by uploader
  std::vector<std::pair<std::uint64_t, std::uint32_t>> sorted_;
};

// Which videos each block holds: entries of `order`, ascending, from first[b] to first[b + 1].
struct BlockOrder {
  std::vector<std::uint32_t> order;
  std::vector<std::size_t> first;
};

// Fills slots and, without their sums, blocks; empty ones are not there.
BlockOrder order_videos(const AssociationVideos& videos, AssociationSums& sums) {
  const std::size_t groups = sums.layout.groups.size();
  const std::size_t countries = sums.layout.countries.size();
  const auto is_in = [&](std::size_t i) { return videos.group[i] != AssociationVideos::kLeftOut; };
  const auto pair_of = [&](std::size_t i) {
    return videos.group[i] * countries + videos.country[i];
  };
  // Of each pair of group and country that occurs, the place of its first slot.
  std::vector<std::uint32_t> places(groups * countries, kNoBlock);
  for (std::size_t i = 0; i < videos.group.size(); ++i) {
    if (is_in(i)) places[pair_of(i)] = 0;
  }
  std::vector<AssociationBlock> blocks;
  for (std::uint32_t g = 0; g < groups; ++g) {
    const auto row = std::span(places).subspan(g * countries, countries);
    const auto occurring = std::count(row.begin(), row.end(), 0U);
    sums.slots.push_back(slots_for(static_cast<std::size_t>(occurring)));
    for (std::uint32_t country = 0; country < countries; ++country) {
      if (row[country] == kNoBlock) continue;
      row[country] = static_cast<std::uint32_t>(blocks.size());
      for (std::uint32_t slot = 0; slot < sums.slots[g]; ++slot) {
        blocks.emplace_back();
        blocks.back().group = g;
        blocks.back().country = country;
        blocks.back().slot = slot;
      }
    }
  }
  const auto block_of = [&](std::size_t i) {
    return places[pair_of(i)] + (videos.uploader[i] & (sums.slots[videos.group[i]] - 1));
  };
  std::vector<std::size_t> next(blocks.size() + 1, 0);
  for (std::size_t i = 0; i < videos.group.size(); ++i) {
    if (is_in(i)) ++next[block_of(i) + 1];
  }
  std::partial_sum(next.begin(), next.end(), next.begin());
  BlockOrder result;
  result.order.resize(next.back());
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    if (next[b] == next[b + 1]) continue;
    result.first.push_back(next[b]);
    sums.blocks.push_back(std::move(blocks[b]));
  }
  result.first.push_back(next.back());
  for (std::uint32_t i = 0; i < videos.group.size(); ++i) {
    if (is_in(i)) result.order[next[block_of(i)]++] = i;
  }
  return result;
}

std::vector<PresenceSums> no_presence(const AssociationLayout& layout) {
  PresenceSums nothing;
  nothing.sums.assign(layout.expressions.size(), 0.0);
  nothing.squares.assign(layout.expressions.size(), 0.0);
  return std::vector<PresenceSums>(layout.contexts.size(), nothing);
}

}  // namespace

std::vector<double> association_centres(const AssociationLayout& layout,
                                        const AssociationVideos& videos) {
  const std::size_t columns = layout.columns();
  std::vector<double> sums(columns, 0.0);
  double count = 0;
  for (std::size_t i = 0; i < videos.group.size(); ++i) {
    if (videos.group[i] == AssociationVideos::kLeftOut) continue;
    ++count;
    for (std::size_t v = 0; v < columns; ++v) sums[v] += videos.values[i * columns + v];
  }
  for (std::size_t v = 0; v < columns; ++v) {
    const std::size_t first_covariate = layout.expressions.size();
    const bool is_level = v >= first_covariate &&
                          layout.covariates[v - first_covariate].find('=') != std::string::npos;
    sums[v] = count > 0 && !is_level ? sums[v] / count : 0.0;
  }
  return sums;
}

AssociationSums accumulate_sums(const AssociationLayout& layout, const AssociationVideos& videos,
                                std::span<const double> centres, int threads) {
  const std::size_t count = videos.group.size();
  MIEN_CHECK(centres.size() == layout.columns(), "one centre a column");
  MIEN_CHECK(videos.values.size() == count * layout.columns(), "all columns of every video");
  MIEN_CHECK(videos.first.size() == count + 1, "a first entry a video, and the end");
  AssociationSums result;
  result.layout = layout;
  result.centres.assign(centres.begin(), centres.end());
  BlockOrder order = order_videos(videos, result);

  // Segments never cross a group.
  std::vector<BlockRange> segments;
  for (std::size_t b = 0; b < result.blocks.size(); ++b) {
    const bool fresh = segments.empty() || b - segments.back().first == kBlocksPerSegment ||
                       result.blocks[b].group != result.blocks[b - 1].group;
    if (fresh) segments.push_back({b, b});
    segments.back().last = b + 1;
  }
  for (std::size_t g = 0; g < layout.groups.size(); ++g) {
    const std::vector<PresenceSums> nothing = no_presence(layout);
    result.presence.insert(result.presence.end(), nothing.begin(), nothing.end());
  }
  std::vector<std::vector<ContextsOfUploaders>> uploaders(layout.groups.size());
  std::vector<std::optional<SegmentPresence>> parts;
  for (std::size_t first = 0; first < segments.size(); first += kSegmentsAtOnce) {
    parts.assign(std::min(kSegmentsAtOnce, segments.size() - first), std::nullopt);
    for_each_piece(parts.size(), threads, [&](std::size_t part) {
      const BlockRange& segment = segments[first + part];
      BlockAccumulator accumulator(layout, videos, centres);
      parts[part].emplace(layout);
      for (std::size_t b = segment.first; b < segment.last; ++b) {
        accumulator.run(
            std::span(order.order).subspan(order.first[b], order.first[b + 1] - order.first[b]),
            result.blocks[b], *parts[part]);
      }
    });
    for (std::size_t part = 0; part < parts.size(); ++part) {
      const std::size_t group = result.blocks[segments[first + part].first].group;
      parts[part]->add_to(std::span(result.presence)
                              .subspan(group * layout.contexts.size(), layout.contexts.size()));
      uploaders[group].push_back(std::move(parts[part]->uploaders));
    }
  }
  for_each_piece(layout.groups.size(), threads, [&](std::size_t group) {
    sketch_uploaders(
        uploaders[group],
        std::span(result.presence).subspan(group * layout.contexts.size(), layout.contexts.size()));
  });
  return result;
}

}  // namespace mien
