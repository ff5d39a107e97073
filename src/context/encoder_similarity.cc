#include "context/encoder_similarity.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "base/ascii_case.h"
#include "base/sha256.h"

namespace mien {

namespace {

constexpr float kTitleShare = 0.7F;
constexpr std::size_t kPromptsAtOnce = 256;
constexpr const char* kMethod = "prompts-1";  // changes with prompts or weights

constexpr std::array<std::pair<std::string_view, std::string_view>, 36> kScripts = {
    {{"Latn", "en"}, {"Cyrl", "ru"},  {"Arab", "ar"},  {"Arab", "fa"}, {"Deva", "hi"},
     {"Hani", "zh"}, {"Hani", "ja"},  {"Hira", "ja"},  {"Kana", "ja"}, {"Hang", "ko"},
     {"Thai", "th"}, {"Grek", "el"},  {"Hebr", "he"},  {"Beng", "bn"}, {"Taml", "ta"},
     {"Telu", "te"}, {"Knda", "kn"},  {"Mlym", "ml"},  {"Gujr", "gu"}, {"Guru", "pa"},
     {"Geor", "ka"}, {"Armn", "hy"},  {"Ethi", "am"},  {"Khmr", "km"}, {"Laoo", "lo"},
     {"Mymr", "my"}, {"Sinh", "si"},  {"Tibt", "bo"},  {"Orya", "or"}, {"Thaa", "dv"},
     {"Mong", "mn"}, {"Cher", "chr"}, {"Syrc", "syr"}, {"Bopo", "zh"}, {"Arab", "ur"},
     {"Deva", "mr"}}};

float dot(const float* a, const float* b, std::size_t n) {
  std::array<float, 8> sums{};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) sums[k] += a[i + k] * b[i + k];
  }
  for (; i < n; ++i) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

void make_unit(float* row, std::size_t n) {
  const float length = std::sqrt(dot(row, row, n));
  if (length > 0) std::for_each(row, row + n, [&](float& value) { value /= length; });
}

// Encodes lists of texts side by side; vectors stand as the texts do.
Result<std::vector<float>> encode_all(const TextEncoder& encoder,
                                      const std::vector<std::string>& texts, int threads) {
  const std::size_t width = encoder.dimensions();
  std::vector<float> vectors(texts.size() * width);
  const std::size_t pieces = (texts.size() + kPromptsAtOnce - 1) / kPromptsAtOnce;
  std::vector<Status> states(pieces, Ok{});
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t piece = next++; piece < pieces; piece = next++) {
      const std::size_t first = piece * kPromptsAtOnce;
      const std::size_t count = std::min(kPromptsAtOnce, texts.size() - first);
      Result<std::vector<float>> made = encoder.encode(std::span(texts).subspan(first, count));
      if (!made.ok()) {
        states[piece] = std::move(made).error();
        continue;
      }
      std::ranges::copy(*made, vectors.begin() + static_cast<std::ptrdiff_t>(first * width));
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int t = 1; t < threads; ++t) workers.emplace_back(work);
    work();
  }
  for (Status& state : states) MIEN_TRY_VOID(std::move(state));
  return vectors;
}

std::string language_of_tag(const std::string& tag) {
  return tag.substr(0, tag.find('-'));
}

}  // namespace

std::vector<std::string> context_prompts(const Context& context, const TextEncoder& encoder) {
  std::vector<std::string> prompts;
  const auto sentence = [](const std::string& words) {
    return "This video is about " + ascii_lower_case(words) + ".";
  };
  prompts.push_back(context.name);
  prompts.push_back(sentence(context.name));
  if (!context.description.empty()) prompts.push_back(context.description);
  for (const Wording& wording : context.wordings) {
    const std::string language = language_of_tag(wording.language);
    if (!encoder.knows(language)) continue;
    prompts.push_back(wording.text);
    if (language == "en") prompts.push_back(sentence(wording.text));
  }
  return prompts;
}

bool knows_script(const TextEncoder& encoder, std::string_view script) {
  return std::ranges::any_of(kScripts, [&](const auto& pair) {
    return pair.first == script && encoder.knows(pair.second);
  });
}

std::string encoder_model(const TextEncoder& encoder) {
  return encoder.identity() + " " + kMethod;
}

Status EncoderSimilarity::set_background(std::vector<float> background) {
  if (background.size() != background_.size()) {
    return Error{ErrorCode::kMismatch,
                 "the calibration's background has " + std::to_string(background.size()) +
                     " numbers where the encoder gives " + std::to_string(background_.size()) +
                     "; remedy: make it anew with 'mien contexts calibrate'"};
  }
  background_ = std::move(background);
  return Ok{};
}

Result<std::unique_ptr<EncoderSimilarity>> EncoderSimilarity::create(
    std::shared_ptr<const TextEncoder> encoder, const ContextVocabulary& vocabulary, int threads,
    const ContextVectorStore& store) {
  const std::size_t numbers = vocabulary.contexts.size() * encoder->dimensions();
  std::unique_ptr<EncoderSimilarity> similarity(new EncoderSimilarity(std::move(encoder)));
  std::vector<std::string> prompts;
  std::vector<std::size_t> ends;
  Sha256 hash;
  for (const Context& context : vocabulary.contexts) {
    similarity->ids_.push_back(context.id);
    for (std::string& prompt : context_prompts(context, *similarity->encoder_)) {
      prompts.push_back(std::move(prompt));
    }
    ends.push_back(prompts.size());
  }
  for (std::size_t c = 0, p = 0; c < ends.size(); ++c) {
    hash.add(similarity->ids_[c] + "\n");
    for (; p < ends[c]; ++p) hash.add(prompts[p] + "\n");
  }
  similarity->prompts_hash_ = hash.finish();
  if (store.find) similarity->vectors_ = store.find(similarity->identity(), numbers);
  if (similarity->vectors_.size() == numbers) return similarity;
  MIEN_TRY_VOID(similarity->encode_contexts(prompts, ends, threads));
  if (store.keep) store.keep(similarity->identity(), similarity->vectors_);
  return similarity;
}

// Prompts of a context end where `ends` says.
Status EncoderSimilarity::encode_contexts(const std::vector<std::string>& prompts,
                                          const std::vector<std::size_t>& ends, int threads) {
  const std::size_t width = encoder_->dimensions();
  MIEN_TRY(vectors, encode_all(*encoder_, prompts, threads));
  vectors_.assign(ends.size() * width, 0.0F);
  for (std::size_t c = 0, p = 0; c < ends.size(); ++c) {
    float* const row = &vectors_[c * width];
    for (; p < ends[c]; ++p) {
      const float* const prompt = &vectors[p * width];
      if (std::isnan(prompt[0])) continue;
      for (std::size_t i = 0; i < width; ++i) row[i] += prompt[i];
    }
    make_unit(row, width);
  }
  return Ok{};
}

std::string EncoderSimilarity::identity() const {
  return encoder_model(*encoder_) + " vocabulary " + prompts_hash_;
}

Result<std::vector<float>> EncoderSimilarity::text_vectors(
    std::span<const PreparedText> texts, std::vector<std::string>& reasons) const {
  const std::size_t width = encoder_->dimensions();
  reasons.assign(texts.size(), "");
  std::vector<std::string> words;
  std::vector<std::pair<std::size_t, float>> owners;  // text and weight of each of `words`
  for (std::size_t t = 0; t < texts.size(); ++t) {
    const PreparedText& text = texts[t];
    const LanguageGuess& guess = text.language;
    reasons[t] = unreadable(text);
    if (reasons[t].empty() && !guess.script.empty() && !knows_script(*encoder_, guess.script)) {
      reasons[t] = kUnknownScript;
    }
    const bool is_sure = !guess.code.empty() && guess.prob >= kSureLanguageProb;
    if (is_sure && !encoder_->knows(language_of_tag(guess.code))) reasons[t] = kUnknownLanguage;
    if (!reasons[t].empty()) continue;
    if (!text.title.empty()) {
      owners.emplace_back(t, kTitleShare);
      words.push_back(text.title);
    }
    if (!text.description.empty()) {
      owners.emplace_back(t, 1 - kTitleShare);
      words.push_back(text.description);
    }
  }
  std::vector<float> vectors(texts.size() * width, 0.0F);
  std::vector<std::uint8_t> read(texts.size(), 0);
  if (!words.empty()) {
    MIEN_TRY(encoded, encoder_->encode(words));
    for (std::size_t k = 0; k < words.size(); ++k) {
      const auto [t, weight] = owners[k];
      const float* const from = &encoded[k * width];
      if (std::isnan(from[0])) continue;
      read[t] = 1;
      for (std::size_t i = 0; i < width; ++i) vectors[t * width + i] += weight * from[i];
    }
  }
  for (std::size_t t = 0; t < texts.size(); ++t) {
    float* const row = &vectors[t * width];
    if (reasons[t].empty() && read[t] == 0) reasons[t] = kNoWords;
    if (reasons[t].empty()) {
      make_unit(row, width);
    } else {
      std::fill(row, row + width, std::numeric_limits<float>::quiet_NaN());
    }
  }
  return vectors;
}

Result<Similarities> EncoderSimilarity::compare(std::span<const PreparedText> texts) const {
  const std::size_t width = encoder_->dimensions();
  Similarities result;
  MIEN_TRY(vectors, text_vectors(texts, result.reasons));
  result.values.resize(texts.size() * ids_.size());
  for (std::size_t t = 0; t < texts.size(); ++t) {
    float* const row = &vectors[t * width];
    for (std::size_t i = 0; i < width; ++i) row[i] -= background_[i];
    for (std::size_t c = 0; c < ids_.size(); ++c) {
      result.values[t * ids_.size() + c] = dot(row, &vectors_[c * width], width);
    }
  }
  return result;
}

Result<std::vector<float>> background_of(const EncoderSimilarity& similarity,
                                         std::span<const PreparedText> texts) {
  std::vector<std::string> reasons;
  MIEN_TRY(vectors, similarity.text_vectors(texts, reasons));
  const std::size_t width = texts.empty() ? 0 : vectors.size() / texts.size();
  std::vector<double> sums(width, 0.0);
  double count = 0;
  for (std::size_t t = 0; t < texts.size(); ++t) {
    if (!reasons[t].empty()) continue;
    for (std::size_t i = 0; i < width; ++i) sums[i] += vectors[t * width + i];
    ++count;
  }
  std::vector<float> mean(width, 0.0F);
  for (std::size_t i = 0; i < width && count > 0; ++i)
    mean[i] = static_cast<float>(sums[i] / count);
  return mean;
}

}  // namespace mien
