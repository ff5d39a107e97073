// A small file of the format, made here: what it says is read, its network gives what plain loops
// give, and damaged ones are refused.
#include "model/import/e5_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "support/paths.h"

#include "base/sha256.h"
#include "model/import/e5_small.h"
#include "model/sentence_session.h"

namespace mien {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr int kWidth = 32, kInner = 64, kRows = 6, kPositions = 32;

class SmallFile {
 public:
  explicit SmallFile(int layers) {
    put("E5S1");
    put<std::uint32_t>(1);
    for (const std::int32_t size : {kWidth, layers, 2, kInner, kRows, kPositions, 2})
      put<std::int32_t>(size);
    put(1e-6F);
    put<std::int32_t>(32);
    put<std::int32_t>(5);  // pieces
    for (const std::int32_t id : {0, 2, 1, 3}) put<std::int32_t>(id);
    const std::string text = "<s><pad></s><unk>\xE2\x96\x81x";
    put<std::uint64_t>(text.size());
    for (const std::uint32_t offset : {0, 3, 8, 12, 17, 21}) put<std::uint32_t>(offset);
    for (const float score : {0.0F, 0.0F, 0.0F, 0.0F, -2.5F}) put(score);
    put(text);
    put<std::int32_t>(2);  // characters: A -> a, U+1F600 -> nothing
    put<std::uint32_t>(14);
    put<std::uint32_t>('A'), put<std::uint8_t>(1), put<std::uint32_t>('a');
    put<std::uint32_t>(0x1F600), put<std::uint8_t>(0);
    add_tensors(layers);
  }

  const std::string& bytes() const { return bytes_; }

 private:
  template <typename T>
  void put(T value) {
    const char* const at = reinterpret_cast<const char*>(&value);
    bytes_.append(at, sizeof(T));
  }
  void put(const char* text) { bytes_ += text; }
  void put(const std::string& text) { bytes_ += text; }

  std::string floats(int count, float middle) {
    std::string data;
    for (int i = 0; i < count; ++i) {
      const float value = middle + static_cast<float>(random_() % 100) / 1000;
      data.append(reinterpret_cast<const char*>(&value), 4);
    }
    return data;
  }
  std::string blocks(int count) {
    std::string data;
    for (int i = 0; i < count; ++i) {
      data += '\0';
      data += '\x28';  // 2^-5 as binary16
      for (int j = 0; j < 16; ++j) data += static_cast<char>(random_() % 256);
    }
    return data;
  }

  void add_tensors(int layers) {
    std::vector<std::pair<std::string, std::string>> tensors = {
        {"emb.word", blocks(kRows)},
        {"emb.pos", floats(kPositions * kWidth, 0)},
        {"emb.type", floats(2 * kWidth, 0)},
        {"emb.ln.w", floats(kWidth, 1)},
        {"emb.ln.b", floats(kWidth, 0)}};
    for (int i = 0; i < layers; ++i) {
      const std::string name = "l" + std::to_string(i) + ".";
      for (const char* part : {"q", "k", "v", "ao"}) {
        tensors.emplace_back(name + part + ".w", blocks(kWidth));
        tensors.emplace_back(name + part + ".b", floats(kWidth, 0));
      }
      tensors.emplace_back(name + "fi.w", blocks(2 * kWidth));
      tensors.emplace_back(name + "fi.b", floats(kInner, 0));
      tensors.emplace_back(name + "fo.w", blocks(2 * kWidth));
      tensors.emplace_back(name + "fo.b", floats(kWidth, 0));
      for (const char* part : {"aln", "oln"}) {
        tensors.emplace_back(name + part + ".w", floats(kWidth, 1));
        tensors.emplace_back(name + part + ".b", floats(kWidth, 0));
      }
    }
    put<std::int32_t>(static_cast<std::int32_t>(tensors.size()));
    std::size_t place = bytes_.size();
    for (const auto& [name, data] : tensors) place += 2 + name.size() + 1 + 4 + 16;
    for (const auto& [name, data] : tensors) {
      put<std::uint16_t>(static_cast<std::uint16_t>(name.size()));
      put(name);
      const bool is_quantised = name == "emb.word" || (name.ends_with(".w") && name[0] == 'l' &&
                                                       name.find("ln") == std::string::npos);
      put<std::uint8_t>(is_quantised ? 1 : 0);
      put<std::uint32_t>(0);
      put<std::uint64_t>(place);
      put<std::uint64_t>(data.size());
      place += data.size();
    }
    for (const auto& [name, data] : tensors) bytes_ += data;
  }

  std::string bytes_;
  std::mt19937 random_{5};
};

SentenceManifest small_manifest() {
  std::ifstream file(testing::source_dir() / "models/sentence/multilingual_e5.json");
  json manifest = json::parse(file);
  manifest["max_tokens"] = kPositions;
  manifest["dimensions"] = kWidth;
  return *parse_sentence_manifest(manifest.dump(), "small.json");
}

TEST(E5File, ReadsWhatItSays) {
  const SmallFile small(1);
  const auto file = E5File::read(small.bytes());
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->width, kWidth);
  EXPECT_EQ(file->end_id, 2);
  ASSERT_EQ(file->pieces.size(), 5U);
  EXPECT_EQ(file->pieces[4].first, "\xE2\x96\x81x");
  EXPECT_EQ(file->pieces[4].second, -2.5F);
  ASSERT_EQ(file->characters.size(), 2U);
  EXPECT_EQ(file->characters[0].second, U"a");
  const auto tokenizer = build_e5_tokenizer(*file);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message;
  const json made = json::parse(*tokenizer);
  EXPECT_EQ(made.at("pieces"), json::parse(R"([null, null, null, null, ["▁x", -2.5]])"));
  EXPECT_EQ(made.at("characters"), json::parse(R"([["A", "a"], ["😀", ""]])"));
  EXPECT_FALSE(file->floats("emb.pos", 7).ok());
  EXPECT_FALSE(file->floats("emb.word", kRows * kWidth).ok());
  EXPECT_FALSE(file->floats("none", 1).ok());
}

using Rows = std::vector<std::vector<double>>;

// The network again, in plain loops over double.
class Plain {
 public:
  explicit Plain(const E5File& file) : file_(file) {}

  std::vector<double> run(const std::vector<std::int64_t>& ids) const {
    const auto word = *file_.quantised("emb.word", kRows, kWidth);
    const auto position = *file_.floats("emb.pos", kPositions * kWidth);
    const auto type = *file_.floats("emb.type", 2 * kWidth);
    Rows x;
    for (std::size_t t = 0; t < ids.size(); ++t) {
      x.emplace_back();
      for (std::size_t c = 0; c < kWidth; ++c) {
        const std::size_t at = static_cast<std::size_t>(ids[t]) * kWidth + c;
        x[t].push_back(word.values[at] * static_cast<double>(word.scales[at / 32]) +
                       position[t * kWidth + c] + type[c]);
      }
    }
    x = normalised(x, "emb.ln");
    for (int i = 0; i < file_.layers; ++i) {
      const std::string name = "l" + std::to_string(i) + ".";
      x = normalised(sum(x, linear(attention(x, name), name + "ao", kWidth, kWidth)), name + "aln");
      Rows wide = linear(x, name + "fi", kWidth, kInner);
      for (auto& row : wide) {
        for (double& v : row) v *= 0.5 * (1 + std::erf(v / std::sqrt(2.0)));
      }
      x = normalised(sum(x, linear(wide, name + "fo", kInner, kWidth)), name + "oln");
    }
    std::vector<double> mean(kWidth, 0);
    double square = 0;
    for (std::size_t c = 0; c < kWidth; ++c) {
      for (const auto& row : x) mean[c] += row[c];
      square += mean[c] * mean[c];
    }
    for (double& value : mean) value /= std::sqrt(square);
    return mean;
  }

 private:
  static Rows sum(Rows a, const Rows& b) {
    for (std::size_t t = 0; t < a.size(); ++t) {
      for (std::size_t c = 0; c < a[t].size(); ++c) a[t][c] += b[t][c];
    }
    return a;
  }

  Rows normalised(Rows x, const std::string& name) const {
    const auto scale = *file_.floats(name + ".w", kWidth);
    const auto bias = *file_.floats(name + ".b", kWidth);
    for (auto& row : x) {
      double mean = 0;
      double variance = 0;
      for (const double v : row) mean += v / kWidth;
      for (const double v : row) variance += (v - mean) * (v - mean) / kWidth;
      for (std::size_t c = 0; c < kWidth; ++c)
        row[c] = (row[c] - mean) / std::sqrt(variance + 1e-6) * scale[c] + bias[c];
    }
    return x;
  }

  Rows linear(const Rows& x, const std::string& name, int inputs, int outputs) const {
    const auto weights = *file_.quantised(name + ".w", outputs, inputs);
    const auto bias = *file_.floats(name + ".b", outputs);
    Rows y;
    for (const auto& row : x) {
      y.emplace_back(bias.begin(), bias.end());
      for (std::size_t o = 0; o < static_cast<std::size_t>(outputs); ++o) {
        for (std::size_t i = 0; i < static_cast<std::size_t>(inputs); ++i) {
          const std::size_t at = o * static_cast<std::size_t>(inputs) + i;
          y.back()[o] += row[i] * weights.values[at] * static_cast<double>(weights.scales[at / 32]);
        }
      }
    }
    return y;
  }

  Rows attention(const Rows& x, const std::string& name) const {
    const Rows q = linear(x, name + "q", kWidth, kWidth);
    const Rows k = linear(x, name + "k", kWidth, kWidth);
    const Rows v = linear(x, name + "v", kWidth, kWidth);
    constexpr std::size_t kHead = kWidth / 2;
    Rows mixed(x.size(), std::vector<double>(kWidth, 0));
    for (std::size_t head = 0; head < kWidth; head += kHead) {
      for (std::size_t t = 0; t < x.size(); ++t) {
        std::vector<double> weight;
        double total = 0;
        for (std::size_t s = 0; s < x.size(); ++s) {
          double dot = 0;
          for (std::size_t c = head; c < head + kHead; ++c) dot += q[t][c] * k[s][c];
          weight.push_back(std::exp(dot / 4));  // the root of 16
          total += weight.back();
        }
        for (std::size_t s = 0; s < x.size(); ++s) {
          for (std::size_t c = head; c < head + kHead; ++c)
            mixed[t][c] += weight[s] / total * v[s][c];
        }
      }
    }
    return mixed;
  }

  const E5File& file_;
};

TEST(E5File, ItsNetworkGivesWhatPlainLoopsGive) {
  const SmallFile small(2);
  const auto file = E5File::read(small.bytes());
  ASSERT_TRUE(file.ok()) << file.error().message;
  SentenceManifest manifest = small_manifest();
  const auto onnx = build_e5_small(*file, manifest);
  ASSERT_TRUE(onnx.ok()) << onnx.error().message;
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / manifest.onnx_file, std::ios::binary) << *onnx;
  manifest.onnx_sha256 = sha256_of_bytes(*onnx);
  const auto session = SentenceSession::open(manifest, folder.path());
  ASSERT_TRUE(session.ok()) << session.error().message;
  const std::vector<std::int64_t> ids = {0, 4, 5, 3, 4, 2};
  const auto vector = session->run(ids, ids.size());
  ASSERT_TRUE(vector.ok()) << vector.error().message;
  const std::vector<double> plain = Plain(*file).run(ids);
  for (std::size_t c = 0; c < kWidth; ++c) EXPECT_NEAR((*vector)[c], plain[c], 2e-6);
  manifest.max_tokens = kPositions + 1;
  EXPECT_THAT(build_e5_small(*file, manifest).error().message, HasSubstr("32 tokens"));
}

TEST(E5File, DamagedFilesAreRefusedOrRead) {
  const std::string whole = SmallFile(1).bytes();
  const SentenceManifest manifest = small_manifest();
  const auto all = [&](const std::string& bytes) {
    const auto file = E5File::read(bytes);
    return file.ok() && build_e5_tokenizer(*file).ok() && build_e5_small(*file, manifest).ok();
  };
  EXPECT_TRUE(all(whole));
  for (std::size_t length = 0; length < whole.size(); length += length < 1200 ? 1 : 97)
    EXPECT_FALSE(all(whole.substr(0, length))) << length;
  std::mt19937 random(11);
  for (int round = 0; round < 1500; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 3; ++i) damaged[random() % 900] = static_cast<char>(random());
    (void)all(damaged);
  }
}

}  // namespace
}  // namespace mien
