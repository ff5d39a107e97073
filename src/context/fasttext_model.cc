#include "context/fasttext_model.h"

#include <fasttext/fasttext.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>
#include <system_error>

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLabel = "__label__";
constexpr std::uint32_t kNoLabel = 0xffffffff;
constexpr std::int64_t kMostRowNumbers = std::int64_t{1} << 28;  // 1 GB
constexpr std::int32_t kWordsTried = 100;
constexpr float kLargestLogit = 8;  // where training, by the library's table, sees no difference

Error failed(const fs::path& path, const std::string& what, const std::string& remedy) {
  return {ErrorCode::kIo, path.string() + ": " + what + "; remedy: " + remedy};
}

bool is_finite(const fasttext::DenseMatrix& matrix) {
  for (std::int64_t i = 0; i < matrix.size(0); ++i) {
    for (std::int64_t k = 0; k < matrix.size(1); ++k) {
      if (!std::isfinite(matrix.at(i, k))) return false;
    }
  }
  return true;
}

Status write_lines(std::span<const FastTextExample> examples, const fs::path& path) {
  std::ofstream out(path, std::ios::binary);
  for (const FastTextExample& example : examples) {
    for (const std::uint32_t label : example.labels) out << kLabel << label << ' ';
    out << example.words << '\n';
  }
  out.close();
  if (!out) return failed(path, "cannot be written", "make room, or name another --out");
  return Ok{};
}

fasttext::Args arguments(const FastTextOptions& options, const fs::path& input) {
  fasttext::Args args;
  args.input = input.string();
  args.model = fasttext::model_name::sup;
  args.loss = fasttext::loss_name::ova;
  args.dim = options.dimensions;
  args.epoch = options.epochs;
  args.lr = options.learning_rate;
  args.wordNgrams = 2;
  args.bucket = options.buckets;
  args.minCount = 1;
  args.minn = 0;
  args.maxn = 0;
  args.thread = 1;
  args.verbose = 0;
  args.seed = static_cast<int>(options.seed);
  return args;
}

}  // namespace

Status train_fasttext(std::span<const FastTextExample> examples, const FastTextOptions& options,
                      const fs::path& workplace, const fs::path& model) {
  const fs::path lines = workplace / "lines.txt";
  MIEN_TRY_VOID(write_lines(examples, lines));
  const Error diverged{ErrorCode::kMismatch,
                       "fastText met NaN while training; remedy: a smaller --learning-rate than " +
                           std::to_string(options.learning_rate)};
  Status status = Ok{};
  try {
    const fasttext::Args args = arguments(options, lines);
    fasttext::FastText trained;
    trained.train(args);
    const bool is_sound =
        is_finite(*trained.getInputMatrix()) && is_finite(*trained.getOutputMatrix());
    if (is_sound) {
      fasttext::Args quantised = args;
      quantised.qnorm = true;
      quantised.dsub = 2;
      trained.quantize(quantised);
      trained.saveModel(model.string());
    } else {
      status = diverged;
    }
  } catch (const fasttext::DenseMatrix::EncounteredNaNError&) {
    status = diverged;
  } catch (const std::exception& error) {
    status = Error{ErrorCode::kInternal, std::string("fastText: ") + error.what()};
  }
  std::error_code ignored;
  fs::remove(lines, ignored);
  if (!status.ok()) return status;
  const std::uintmax_t bytes = fs::file_size(model, ignored);
  if (ignored || bytes == 0) {
    return failed(model, "fastText left it empty", "make room, or name another --out");
  }
  return Ok{};
}

// The library's own prediction decodes every quantised row, looks each logistic up in a table and
// sorts all labels: slower than all else together.
struct FastTextModel::State {
  fasttext::FastText model;
  std::shared_ptr<const fasttext::Dictionary> words;
  std::size_t dimensions = 0;
  std::uint64_t buckets = 0;  // of pairs of words
  std::vector<float> rows;    // of words and pairs of words, x dimensions
  std::size_t labels = 0;
  std::vector<float> weights;  // dimensions x labels, by the number that training gave them
};

namespace {

// The rows of words and pairs, decoded.
bool take_rows(fasttext::FastText& model, std::int32_t words, std::vector<float>& rows) {
  const std::int64_t count = std::int64_t{words} + model.getArgs().bucket;
  fasttext::Vector row(model.getDimension());
  if (count <= 0 || count * row.size() > kMostRowNumbers) return false;
  rows.reserve(static_cast<std::size_t>(count * row.size()));
  for (std::int64_t id = 0; id < count; ++id) {
    model.getInputVector(row, static_cast<std::int32_t>(id));
    rows.insert(rows.end(), row.data(), row.data() + row.size());
  }
  return true;
}

bool take_weights(const fasttext::FastText& model, const std::vector<std::uint32_t>& number_of,
                  std::vector<float>& weights) {
  try {
    const std::shared_ptr<const fasttext::DenseMatrix> output = model.getOutputMatrix();
    const auto labels = static_cast<std::int64_t>(number_of.size());
    if (output->size(0) != labels || output->size(1) != model.getDimension()) return false;
    weights.resize(static_cast<std::size_t>(output->size(1) * labels));
    for (std::int64_t k = 0; k < output->size(1); ++k) {
      for (std::int64_t i = 0; i < labels; ++i) {
        weights[static_cast<std::size_t>(k * labels) + number_of[static_cast<std::size_t>(i)]] =
            output->at(i, k);
      }
    }
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

// What the library's Dictionary::getLine gives for words with one space between them and pairs of
// them, without its stream: the words' numbers, the line's end, then the pairs'.
void FastTextModel::row_numbers(const State& state, std::string_view words,
                                std::vector<std::int32_t>& ids) {
  constexpr std::uint64_t kPairFactor = 116049371;
  const std::int32_t known = state.words->nwords();
  std::vector<std::int32_t> hashes;
  std::string word;
  const auto add = [&] {
    const std::uint32_t hash = state.words->hash(word);
    const std::int32_t id = state.words->getId(word, hash);
    if (id >= known || (id < 0 && word.starts_with(kLabel))) return;  // a label
    if (id >= 0) ids.push_back(id);
    hashes.push_back(static_cast<std::int32_t>(hash));
  };
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    word.assign(words.substr(0, end));
    if (!word.empty()) add();
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  word = fasttext::Dictionary::EOS;
  add();
  const auto wide = [](std::int32_t hash) {
    return static_cast<std::uint64_t>(std::int64_t{hash});
  };
  for (std::size_t i = 0; i + 1 < hashes.size() && state.buckets > 0; ++i) {
    const std::uint64_t pair = wide(hashes[i]) * kPairFactor + wide(hashes[i + 1]);
    ids.push_back(known + static_cast<std::int32_t>(pair % state.buckets));
  }
}

// Whether the numbers are the library's: models trained in another way have others.
bool FastTextModel::has_our_numbers(const State& state) {
  std::string line;
  for (std::int32_t id = 0; id < std::min(state.words->nwords(), kWordsTried); ++id) {
    const std::string word = state.words->getWord(id);
    if (word != fasttext::Dictionary::EOS) line += word + " ";
  }
  line += "unseen";
  std::vector<std::int32_t> own, librarys, labels;
  row_numbers(state, line, own);
  std::istringstream stream(line + "\n");
  state.words->getLine(stream, librarys, labels);
  return own == librarys;
}

FastTextModel::FastTextModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
FastTextModel::FastTextModel(FastTextModel&&) noexcept = default;
FastTextModel& FastTextModel::operator=(FastTextModel&&) noexcept = default;
FastTextModel::~FastTextModel() = default;

Result<FastTextModel> FastTextModel::open(const fs::path& path) {
  auto state = std::make_unique<State>();
  try {
    state->model.loadModel(path.string());
    state->words = state->model.getDictionary();
  } catch (const std::exception& error) {
    return Error{ErrorCode::kCorrupt, path.string() + ": " + error.what() +
                                          "; remedy: train it anew with 'mien train context-text'"};
  }
  const std::int32_t labels = state->words->nlabels();
  std::vector<bool> seen(static_cast<std::size_t>(std::max(labels, 0)), false);
  std::vector<std::uint32_t> number_of;  // of training, by the library's own
  for (std::int32_t i = 0; i < labels; ++i) {
    const std::string name = state->words->getLabel(i);
    std::uint32_t number = kNoLabel;
    if (name.starts_with(kLabel)) {
      std::from_chars(name.data() + kLabel.size(), name.data() + name.size(), number);
    }
    if (number >= seen.size() || seen[number]) {
      return Error{ErrorCode::kMismatch,
                   path.string() + ": the label '" + name +
                       "' is not one of Mien's; remedy: train with 'mien train context-text'"};
    }
    seen[number] = true;
    number_of.push_back(number);
  }
  state->labels = number_of.size();
  state->dimensions = static_cast<std::size_t>(state->model.getDimension());
  state->buckets = static_cast<std::uint64_t>(std::max(0, state->model.getArgs().bucket));
  if (!has_our_numbers(*state)) {
    return Error{ErrorCode::kMismatch,
                 path.string() +
                     ": it reads more than words and pairs of words; remedy: train with "
                     "'mien train context-text'"};
  }
  if (!take_rows(state->model, state->words->nwords(), state->rows)) {
    return Error{ErrorCode::kUnsupported,
                 path.string() +
                     ": too many words and dimensions for the memory; remedy: train "
                     "with fewer --dimensions"};
  }
  if (!take_weights(state->model, number_of, state->weights)) {
    return Error{ErrorCode::kMismatch, path.string() +
                                           ": its output is quantised or not of its labels; "
                                           "remedy: train with 'mien train context-text'"};
  }
  return FastTextModel(std::move(state));
}

std::size_t FastTextModel::labels() const {
  return state_->labels;
}

bool FastTextModel::predict(const std::string& words, std::span<float> logits) const {
  std::vector<std::int32_t> ids;
  row_numbers(*state_, words, ids);
  const std::int32_t end_of_line = state_->words->getId(fasttext::Dictionary::EOS);
  // Pairs of words have numbers behind those of the words, whether they were met or not.
  const std::int32_t words_known = state_->words->nwords();
  if (std::ranges::none_of(
          ids, [&](std::int32_t id) { return id < words_known && id != end_of_line; })) {
    return false;
  }
  std::vector<float> mean(state_->dimensions, 0.0F);
  for (const std::int32_t id : ids) {
    const float* const row = &state_->rows[static_cast<std::size_t>(id) * mean.size()];
    for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += row[k];
  }
  std::ranges::fill(logits, 0.0F);
  const float* weights = state_->weights.data();
  for (std::size_t k = 0; k < mean.size(); ++k, weights += logits.size()) {
    const float value = mean[k] / static_cast<float>(ids.size());
    for (std::size_t label = 0; label < logits.size(); ++label)
      logits[label] += value * weights[label];
  }
  for (float& logit : logits) logit = std::clamp(logit, -kLargestLogit, kLargestLogit);
  return true;
}

}  // namespace mien
