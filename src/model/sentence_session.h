// A checked sentence network, ready to run: token ids -> vectors.
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

// May be used by several threads at once; each call runs on the caller's thread. The sequences of a
// call are of one length: the zeros that would make shorter ones as long as their neighbours would
// change the last bits of their vectors.
class SentenceSession {
 public:
  // Refuses, with the difference shown, a file whose SHA-256, inputs, output or dimensions disagree
  // with the manifest (kMismatch). Runs the network once.
  static Result<SentenceSession> open(const SentenceManifest& manifest,
                                      const std::filesystem::path& model_folder);
  SentenceSession(SentenceSession&&) noexcept;
  SentenceSession& operator=(SentenceSession&&) noexcept;
  ~SentenceSession();

  // `ids`: sequences of `tokens` ids one behind the other, 1 to max_tokens, begin_ids and end_ids
  // among them. Gives `dimensions` numbers a sequence, pooled where the manifest says so, of length
  // 1. kMismatch where the network refuses an id or gives no direction (a number that is not
  // finite, all zeros).
  Result<std::vector<float>> run(std::span<const std::int64_t> ids, std::size_t tokens) const;

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
