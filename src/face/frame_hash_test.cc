#include "face/frame_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/random.h"
#include "face/shot_cut.h"

namespace mien {
namespace {

using Signature = std::vector<float>;

// A smooth picture: a few waves of random direction and strength.
Signature picture(std::uint64_t seed) {
  Random random(seed);
  Signature signature(64U * 48U, 128);
  for (int wave = 0; wave < 6; ++wave) {
    const double across = 6 * random.uniform() - 3;
    const double down = 6 * random.uniform() - 3;
    const double phase = 6.28 * random.uniform();
    for (std::size_t i = 0; i < signature.size(); ++i) {
      const double x = static_cast<double>(i % 64) / 64;
      const double y = static_cast<double>(i / 64) / 48;
      signature[i] += static_cast<float>(18 * std::sin(6.28 * (across * x + down * y) + phase));
    }
  }
  for (float& v : signature) v = std::round(std::clamp(v, 0.0F, 255.0F));
  return signature;
}

Signature changed(Signature signature, float gain, float offset, std::uint64_t noise_seed) {
  Random random(noise_seed);
  for (float& v : signature) {
    const auto noise = static_cast<float>(random.below(5)) - 2;
    v = std::round(std::clamp(gain * v + offset + noise, 0.0F, 255.0F));
  }
  return signature;
}

int distance(const Signature& a, const Signature& b) {
  return std::popcount(frame_hash(a) ^ frame_hash(b));
}

TEST(FrameHash, NoiseBrightnessAndContrastChangeFewBitsAnotherPictureMany) {
  int most_same = 0;
  int least_other = 64;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Signature one = picture(seed);
    most_same = std::max(most_same, distance(one, changed(one, 0.8F, 15, seed + 100)));
    least_other = std::min(least_other, distance(one, picture(seed + 50)));
  }
  EXPECT_LE(most_same, 8);
  EXPECT_GE(least_other, 10);
}

TEST(FrameHash, IsTheSignOfEachFrequency) {
  // One cosine of the first frequency downwards: of all bits its own is certain, and it turns with
  // the picture.
  Signature wave(64U * 48U);
  for (std::size_t i = 0; i < wave.size(); ++i) {
    const double y = (static_cast<double>(i / 64) + 0.5) / 48;
    wave[i] = static_cast<float>(128 + 100 * std::cos(3.14159265 * y));
  }
  Signature turned = wave;
  std::reverse(turned.begin(), turned.end());
  EXPECT_EQ(frame_hash(wave) & 1U, 1U);
  EXPECT_EQ(frame_hash(turned) & 1U, 0U);
}

TEST(FrameHash, ChoosesFramesByWhatTheyShow) {
  std::vector<Signature> frames;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) frames.push_back(picture(seed));
  FrameHasher forwards;
  FrameHasher backwards;
  FrameHasher trimmed;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    forwards.add(frames[i]);
    backwards.add(frames[frames.size() - 1 - i]);
    if (i >= 8) trimmed.add(frames[i]);
  }
  EXPECT_EQ(forwards.hashes(), backwards.hashes());
  // Only what showed most or least of a pattern in the part that is gone can differ.
  int same = 0;
  for (std::size_t i = 0; i < kHashedFrames; ++i) {
    same += (*forwards.hashes())[i] == (*trimmed.hashes())[i] ? 1 : 0;
  }
  EXPECT_GE(same, 4);
  EXPECT_LT(same, 8);
}

TEST(FrameHash, BlankFramesHaveNone) {
  FrameHasher hasher;
  hasher.add(Signature(64U * 48U, 0));
  EXPECT_FALSE(hasher.hashes().has_value());
  hasher.add(picture(1));
  hasher.add(Signature(64U * 48U, 255));
  EXPECT_EQ(hasher.hashes()->front(), frame_hash(picture(1)));
  EXPECT_EQ(hasher.hashes()->back(), frame_hash(picture(1)));
}

TEST(FrameHash, ReadsBackWhatItWrote) {
  FrameHashes hashes{};
  Random random(3);
  for (std::uint64_t& hash : hashes) hash = random.next_u64();
  hashes[2] = 0x0123456789abcdefU;
  const std::string text = to_text(hashes);
  EXPECT_EQ(text.size(), 135U);
  EXPECT_EQ(text.substr(34, 16), "0123456789abcdef");
  EXPECT_EQ(parse_frame_hashes(text), hashes);
  for (const std::string& wrong :
       {std::string(), text.substr(1), text + " ", "-" + text.substr(1),
        text.substr(0, 16) + "0" + text.substr(17), "g" + text.substr(1)}) {
    EXPECT_FALSE(parse_frame_hashes(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace mien
