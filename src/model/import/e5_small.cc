#include "model/import/e5_small.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/utf8.h"
#include "model/import/onnx_graph.h"
#include "model/import/transformer_graph.h"

namespace mien {

namespace {

using Extents = std::vector<std::int64_t>;

class E5Builder {
 public:
  explicit E5Builder(const E5File& file) : file_(file), graph_("e5_small") {}

  Result<std::string> run(const SentenceManifest& manifest) {
    if (manifest.max_tokens > file_.positions || manifest.dimensions != file_.width) {
      return Error{ErrorCode::kMismatch, "the weights are for " + std::to_string(file_.positions) +
                                             " tokens and " + std::to_string(file_.width) +
                                             " dimensions, the manifest says otherwise"};
    }
    const std::string& ids = manifest.inputs.front().name;
    graph_.integer_input(ids, Extents{-1, -1});
    MIEN_TRY(rows, embedded(ids));
    MIEN_TRY(positions, positions_and_type());
    const std::string sum = parts_.add(rows, parts_.positions(ids, positions, file_.width));
    MIEN_TRY(x, normalised(sum, "emb.ln"));
    for (std::int64_t i = 0; i < file_.layers; ++i) {
      MIEN_TRY(next, layer(x, "l" + std::to_string(i) + "."));
      x = next;
    }
    graph_.node("Identity", {x}, {}, manifest.output);
    graph_.output(manifest.output, Extents{-1, -1, file_.width});
    return graph_.serialise();
  }

 private:
  // The rows of the token ids, each block of 32 times its scale.
  Result<std::string> embedded(const std::string& ids) {
    MIEN_TRY(table, file_.quantised("emb.word", file_.rows, file_.width));
    const std::int64_t blocks = file_.width / kE5Block;
    const std::string values = graph_.node(
        "Gather", {graph_.small_integers(table.values, Extents{file_.rows, file_.width}), ids});
    const std::string scales =
        graph_.node("Gather", {graph_.floats(table.scales, Extents{file_.rows, blocks}), ids});
    constexpr std::int64_t kFloat = 1;  // ONNX's number of float32
    const std::string by_block =
        graph_.node("Reshape", {graph_.node("Cast", {values}, {{"to", kFloat}}),
                                graph_.integers(Extents{0, 0, blocks, kE5Block}, Extents{4})});
    const std::string scale =
        graph_.node("Unsqueeze", {scales, graph_.integers(Extents{-1}, Extents{1})});
    return graph_.node("Reshape", {graph_.node("Mul", {by_block, scale}),
                                   graph_.integers(Extents{0, 0, file_.width}, Extents{3})});
  }

  // All tokens are of the first type.
  Result<std::vector<float>> positions_and_type() {
    MIEN_TRY(table, file_.floats("emb.pos", file_.positions * file_.width));
    MIEN_TRY(types, file_.floats("emb.type", 2 * file_.width));
    const auto width = static_cast<std::size_t>(file_.width);
    for (std::size_t i = 0; i < table.size(); ++i) table[i] += types[i % width];
    return table;
  }

  Result<std::string> normalised(const std::string& x, const std::string& name) {
    MIEN_TRY(scale, file_.floats(name + ".w", file_.width));
    MIEN_TRY(bias, file_.floats(name + ".b", file_.width));
    return parts_.layer_norm(x, {scale, bias}, file_.epsilon);
  }

  Result<std::string> linear(const std::string& x, const std::string& name, std::int64_t inputs,
                             std::int64_t outputs) {
    MIEN_TRY(weights, file_.turned(name + ".w", outputs, inputs));
    MIEN_TRY(bias, file_.floats(name + ".b", outputs));
    return parts_.linear(x, {weights, bias});
  }

  // Queries, keys and values as one product.
  Result<std::string> joined(const std::string& x, const std::string& name) {
    const auto width = static_cast<std::size_t>(file_.width);
    std::vector<float> weights(3 * width * width);
    std::vector<float> biases;
    for (std::size_t part = 0; part < 3; ++part) {
      const std::string one = name + std::string(1, "qkv"[part]);
      MIEN_TRY(own, file_.turned(one + ".w", file_.width, file_.width));
      MIEN_TRY(bias, file_.floats(one + ".b", file_.width));
      for (std::size_t row = 0; row < width; ++row) {
        std::copy_n(own.begin() + static_cast<std::ptrdiff_t>(row * width), width,
                    weights.begin() + static_cast<std::ptrdiff_t>((3 * row + part) * width));
      }
      biases.insert(biases.end(), bias.begin(), bias.end());
    }
    return parts_.linear(x, {weights, biases});
  }

  Result<std::string> layer(const std::string& x, const std::string& name) {
    MIEN_TRY(qkv, joined(x, name));
    MIEN_TRY(attended, linear(parts_.attention(qkv, file_.heads, file_.width / file_.heads),
                              name + "ao", file_.width, file_.width));
    MIEN_TRY(calm, normalised(parts_.add(x, attended), name + "aln"));
    MIEN_TRY(wide, linear(calm, name + "fi", file_.width, file_.inner_width));
    MIEN_TRY(narrow, linear(parts_.gelu(wide), name + "fo", file_.inner_width, file_.width));
    return normalised(parts_.add(calm, narrow), name + "oln");
  }

  const E5File& file_;
  OnnxGraph graph_;
  TransformerGraph parts_{graph_};
};

std::string utf8(const std::u32string& codes) {
  std::string bytes;
  const auto put = [&](char32_t byte) { bytes += static_cast<char>(byte); };
  for (const char32_t code : codes) {
    if (code < 0x80) {
      put(code);
      continue;
    }
    const int more = code < 0x800 ? 1 : (code < 0x10000 ? 2 : 3);  // bytes behind the first
    put((0xF00U >> (more + 1) & 0xF0U) | code >> (6 * more));
    for (int i = more - 1; i >= 0; --i) put(0x80U | (code >> (6 * i) & 0x3FU));
  }
  return bytes;
}

}  // namespace

Result<std::string> build_e5_small(const E5File& file, const SentenceManifest& manifest) {
  return E5Builder(file).run(manifest);
}

Result<std::string> build_e5_tokenizer(const E5File& file) {
  using nlohmann::json;
  json pieces = json::array();
  for (std::size_t id = 0; id < file.pieces.size(); ++id) {
    const auto& [piece, score] = file.pieces[id];
    const auto own = static_cast<std::int64_t>(id);
    const bool is_mark = own == file.begin_id || own == file.end_id || own == file.pad_id ||
                         own == file.unknown_id || piece == "<mask>" || piece.empty();
    if (first_invalid_utf8(piece) != std::string_view::npos)
      return Error{ErrorCode::kCorrupt, "piece " + std::to_string(id) + " is not UTF-8"};
    pieces.push_back(is_mark ? json() : json::array({piece, score}));
  }
  json characters = json::array();
  for (const auto& [from, to] : file.characters)
    characters.push_back(json::array({utf8({from}), utf8(to)}));
  const json tokenizer = {{"format", "unigram"},           {"normal_form", "nfc"},
                          {"characters", characters},      {"collapse_spaces", true},
                          {"leading_space", "missing"},    {"equal_scores", "first"},
                          {"unknown_id", file.unknown_id}, {"pieces", pieces}};
  return tokenizer.dump();
}

}  // namespace mien
