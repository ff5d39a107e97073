// mien-bench-sentences MANIFEST MODELS TOKENS TEXTS: encodes seeded texts of so many tokens each,
// one thread, once for every line on the standard input, and prints lines of JSON:
//
//   {"texts": [...], "first": [the first text's vector], "open_s": ...}
//   {"wall_s": ..., "cpu_s": ...}            one a pass; cpu_s of this process
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "context/sentence_encoder.h"

namespace mien::bench {
namespace {

using nlohmann::json;

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Words that titles are made of, drawn until the text has the tokens asked for; words of one token
// ("a") fill the rest.
std::vector<std::string> seeded_texts(const TextEncoder& encoder, std::size_t tokens,
                                      std::size_t count) {
  const std::vector<std::string> words = {
      "wedding", "birthday", "party",    "how",   "to",      "train",  "dog",     "funny",
      "prank",   "school",   "dance",    "video", "my",      "family", "at",      "the",
      "beach",   "police",   "fire",     "music", "concert", "street", "cooking", "rice",
      "garden",  "summer",   "football", "match", "toys",    "review", "new",     "car",
      "and",     "baby",     "first",    "steps"};
  std::vector<std::string> texts;
  Random random(17);
  while (texts.size() < count) {
    std::string text = "a";
    while (encoder.tokens(text) < tokens) {
      const std::string longer = text + " " + words[random.below(words.size())];
      text = encoder.tokens(longer) > tokens ? text + " a" : longer;
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

int run(const char* manifest, const char* models, std::size_t tokens, std::size_t count) {
  const double before_open = seconds(CLOCK_MONOTONIC);
  const auto encoder = open_sentence_encoder(manifest, models);
  if (!encoder.ok()) {
    std::fprintf(stderr, "mien-bench-sentences: %s\n", encoder.error().message.c_str());
    return 1;
  }
  const double open_s = seconds(CLOCK_MONOTONIC) - before_open;
  const std::vector<std::string> texts = seeded_texts(**encoder, tokens, count);
  const auto first = (*encoder)->encode(std::span(texts).first(1));
  if (!first.ok()) return 1;
  std::cout << json{{"texts", texts}, {"first", *first}, {"open_s", open_s}}.dump() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const double wall = seconds(CLOCK_MONOTONIC);
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    if (!(*encoder)->encode(texts).ok()) return 1;
    std::cout << json{{"wall_s", seconds(CLOCK_MONOTONIC) - wall},
                      {"cpu_s", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu}}
                     .dump()
              << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace mien::bench

int main(int argc, char** argv) {
  const long tokens = argc == 5 ? std::strtol(argv[3], nullptr, 10) : 0;
  const long texts = argc == 5 ? std::strtol(argv[4], nullptr, 10) : 0;
  if (tokens < 4 || tokens > 500 || texts < 1 || texts > 10000) {
    std::fputs("usage: mien-bench-sentences MANIFEST MODELS TOKENS TEXTS\n", stderr);
    return 2;
  }
  return mien::bench::run(argv[1], argv[2], static_cast<std::size_t>(tokens),
                          static_cast<std::size_t>(texts));
}
