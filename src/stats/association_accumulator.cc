#include "stats/association_accumulator.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/check.h"
#include "stats/parallel.h"

namespace mien {

namespace {

// Blocks of one group are cut into segments of this many for the sums per group, which are then
// added in order.
constexpr std::size_t kBlocksPerSegment = 16;

// Segments whose sums are held at once; no result depends on it.
constexpr std::size_t kSegmentsAtOnce = 64;

struct BlockRange {
  std::size_t first;  // in the order of videos
  std::size_t last;
};

// PresenceSums of a segment's videos, per context.
struct SegmentPresence {
  explicit SegmentPresence(const AssociationLayout& layout)
      : videos(layout.contexts.size(), 0),
        weight(layout.contexts.size(), 0.0),
        sums(layout.contexts.size() * layout.expressions.size(), 0.0),
        squares(sums.size(), 0.0) {}

  void add_to(std::span<PresenceSums> group) const {
    const std::size_t expressions = videos.empty() ? 0 : sums.size() / videos.size();
    for (std::size_t c = 0; c < videos.size(); ++c) {
      if (videos[c] == 0) continue;
      group[c].videos += videos[c];
      group[c].weight += weight[c];
      for (std::size_t e = 0; e < expressions; ++e) {
        group[c].sums[e] += sums[c * expressions + e];
        group[c].squares[e] += squares[c * expressions + e];
      }
    }
  }

  std::vector<std::int64_t> videos;
  std::vector<double> weight;
  std::vector<double> sums;     // contexts x expressions
  std::vector<double> squares;  // contexts x expressions
};

// Accumulators over contexts that are cleared by what was touched, not whole.
class BlockAccumulator {
 public:
  BlockAccumulator(const AssociationLayout& layout, const AssociationVideos& videos,
                   std::span<const double> centres)
      : columns_(layout.columns()),
        expressions_(layout.expressions.size()),
        videos_(&videos),
        centres_(centres),
        rows_(layout.contexts.size() * (columns_ + 2), 0.0),
        last_uploader_(layout.contexts.size(), kNobody),
        is_touched_(layout.contexts.size(), 0),
        value_(columns_),
        square_(expressions_) {}

  // `order`: the block's videos, those of an uploader one after the other, hashes ascending.
  void run(std::span<const std::uint32_t> order, AssociationBlock& block,
           SegmentPresence& presence) {
    block.sums.assign(columns_, 0.0);
    block.products.assign(columns_ * (columns_ + 1) / 2, 0.0);
    for (const std::uint32_t video : order) add_video(video, block, presence);
    finish(block);
  }

 private:
  static constexpr std::uint32_t kNobody = 0xffffffff;
  struct Upload {
    std::uint32_t context;
    std::uint32_t uploader;
  };

  void add_video(std::uint32_t video, AssociationBlock& block, SegmentPresence& presence) {
    const double weight = videos_->weight.empty() ? 1.0 : videos_->weight[video];
    const double* from = videos_->values.data() + std::size_t{video} * columns_;
    for (std::size_t i = 0; i < columns_; ++i) value_[i] = from[i] - centres_[i];
    ++block.videos;
    block.weight += weight;
    double* product = block.products.data();
    for (std::size_t i = 0; i < columns_; ++i) {
      const double scaled = weight * value_[i];
      block.sums[i] += scaled;
      for (std::size_t j = i; j < columns_; ++j) *product++ += scaled * value_[j];
    }
    const std::uint64_t hash = videos_->uploader[video];
    if (block.uploaders.empty() || block.uploaders.back() != hash) block.uploaders.push_back(hash);
    const auto uploader = static_cast<std::uint32_t>(block.uploaders.size() - 1);
    for (std::size_t e = 0; e < expressions_; ++e) square_[e] = value_[e] * value_[e];

    const std::size_t width = columns_ + 2;
    for (std::uint64_t k = videos_->first[video]; k < videos_->first[video + 1]; ++k) {
      const std::uint32_t context = videos_->context[k];
      const double x = videos_->score.empty() ? 1.0 : videos_->score[k];
      if (!is_touched_[context]) {
        is_touched_[context] = 1;
        touched_.push_back(context);
      }
      double* row = rows_.data() + context * width;
      const double scaled = weight * x;
      row[0] += scaled;
      row[1] += scaled * x;
      for (std::size_t i = 0; i < columns_; ++i) row[2 + i] += scaled * value_[i];
      if (!videos_->above_threshold.empty() && videos_->above_threshold[k] == 0) continue;
      if (last_uploader_[context] != uploader) {
        last_uploader_[context] = uploader;
        uploads_.push_back({context, uploader});
      }
      ++presence.videos[context];
      presence.weight[context] += weight;
      double* sums = presence.sums.data() + context * expressions_;
      double* squares = presence.squares.data() + context * expressions_;
      for (std::size_t e = 0; e < expressions_; ++e) {
        sums[e] += weight * value_[e];
        squares[e] += weight * square_[e];
      }
    }
  }

  void finish(AssociationBlock& block) {
    const std::size_t width = columns_ + 2;
    std::sort(touched_.begin(), touched_.end());
    std::stable_sort(uploads_.begin(), uploads_.end(),
                     [](const Upload& a, const Upload& b) { return a.context < b.context; });
    block.contexts = touched_;
    block.rows.reserve(touched_.size() * width);
    auto upload = uploads_.begin();
    std::vector<std::uint32_t> positions;
    for (const std::uint32_t context : touched_) {
      double* row = rows_.data() + context * width;
      block.rows.insert(block.rows.end(), row, row + width);
      std::fill(row, row + width, 0.0);
      is_touched_[context] = 0;
      last_uploader_[context] = kNobody;
      positions.clear();
      for (; upload != uploads_.end() && upload->context == context; ++upload) {
        positions.push_back(upload->uploader);
      }
      append_uploads(positions, block.uploads);
    }
    block.uploads.shrink_to_fit();
    touched_.clear();
    uploads_.clear();
  }

  std::size_t columns_;
  std::size_t expressions_;
  const AssociationVideos* videos_;
  std::span<const double> centres_;
  std::vector<double> rows_;
  std::vector<std::uint32_t> last_uploader_;
  std::vector<std::uint8_t> is_touched_;
  std::vector<double> value_;
  std::vector<double> square_;
  std::vector<std::uint32_t> touched_;
  std::vector<Upload> uploads_;
};

std::vector<std::uint32_t> slots_of_groups(const AssociationLayout& layout,
                                           const AssociationVideos& videos) {
  std::vector<std::uint8_t> seen(layout.groups.size() * layout.countries.size(), 0);
  for (std::size_t i = 0; i < videos.group.size(); ++i) {
    if (videos.group[i] == AssociationVideos::kLeftOut) continue;
    seen[videos.group[i] * layout.countries.size() + videos.country[i]] = 1;
  }
  std::vector<std::uint32_t> slots;
  for (std::size_t g = 0; g < layout.groups.size(); ++g) {
    const auto first = seen.begin() + static_cast<std::ptrdiff_t>(g * layout.countries.size());
    const auto countries =
        std::count(first, first + static_cast<std::ptrdiff_t>(layout.countries.size()), 1);
    slots.push_back(slots_for(static_cast<std::size_t>(countries)));
  }
  return slots;
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
  result.slots = slots_of_groups(layout, videos);

  const auto block_key = [&](std::uint32_t i) {
    const std::uint64_t slot = videos.uploader[i] & (result.slots[videos.group[i]] - 1);
    return (std::uint64_t{videos.group[i]} << 40) | (std::uint64_t{videos.country[i]} << 16) | slot;
  };
  struct Placed {
    std::uint64_t block;
    std::uint64_t uploader;
    std::uint32_t video;
  };
  std::vector<Placed> placed;
  placed.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (videos.group[i] == AssociationVideos::kLeftOut) continue;
    placed.push_back({block_key(i), videos.uploader[i], i});
  }
  std::sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
    return std::tie(a.block, a.uploader, a.video) < std::tie(b.block, b.uploader, b.video);
  });
  std::vector<std::uint32_t> order(placed.size());
  std::vector<BlockRange> ranges;
  for (std::size_t i = 0; i < placed.size(); ++i) {
    order[i] = placed[i].video;
    if (i == 0 || placed[i].block != placed[i - 1].block) {
      AssociationBlock block;
      block.group = videos.group[order[i]];
      block.country = videos.country[order[i]];
      block.slot = static_cast<std::uint32_t>(placed[i].block & 0xffff);
      result.blocks.push_back(std::move(block));
      if (!ranges.empty()) ranges.back().last = i;
      ranges.push_back({i, placed.size()});
    }
  }
  placed = {};

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
  std::vector<std::optional<SegmentPresence>> parts;
  for (std::size_t first = 0; first < segments.size(); first += kSegmentsAtOnce) {
    parts.assign(std::min(kSegmentsAtOnce, segments.size() - first), std::nullopt);
    for_each_piece(parts.size(), threads, [&](std::size_t part) {
      const BlockRange& segment = segments[first + part];
      BlockAccumulator accumulator(layout, videos, centres);
      parts[part].emplace(layout);
      for (std::size_t b = segment.first; b < segment.last; ++b) {
        accumulator.run(std::span(order).subspan(ranges[b].first, ranges[b].last - ranges[b].first),
                        result.blocks[b], *parts[part]);
      }
    });
    for (std::size_t part = 0; part < parts.size(); ++part) {
      const std::size_t group = result.blocks[segments[first + part].first].group;
      parts[part]->add_to(std::span(result.presence)
                              .subspan(group * layout.contexts.size(), layout.contexts.size()));
    }
  }
  return result;
}

}  // namespace mien
