// A checked sentence network, ready to run: token ids -> one vector.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/sentence_manifest.h"

namespace mien {

// May be used by several threads at once. Each call runs one sequence, on the caller's thread:
// what stands beside a sequence in a batch, and the zeros that make it as long as its neighbours,
// would change the last bits of its vector.
class SentenceSession {
 public:
  // Refuses, with the difference shown, a file whose SHA-256, inputs, output or dimensions disagree
  // with the manifest (kMismatch). Runs the network once.
  static Result<SentenceSession> open(const SentenceManifest& manifest,
                                      const std::filesystem::path& model_folder);
  SentenceSession(SentenceSession&&) noexcept;
  SentenceSession& operator=(SentenceSession&&) noexcept;
  ~SentenceSession();

  // `ids`: 1 to max_tokens of them, begin_ids and end_ids among them. Gives `dimensions` numbers,
  // pooled where the manifest says so, of length 1. kMismatch where the network refuses an id or
  // gives no direction (a number that is not finite, all zeros).
  Result<std::vector<float>> run(std::span<const std::int64_t> ids) const;

 private:
  struct State;
  explicit SentenceSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// In what file and manifest differ; empty where they agree. The tokenizer's file is checked by its
// hash.
std::vector<std::string> verify_sentence_model(const SentenceManifest& manifest,
                                               const std::filesystem::path& model_folder);

}  // namespace mien
