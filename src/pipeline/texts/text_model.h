// The models that name contexts from words, by name: a sentence encoder (models/sentence/*.json or
// a manifest of one's own), a trained classifier's manifest, or "word_overlap".
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "context/operating_points.h"
#include "context/text_evaluation.h"
#include "context/text_scorer.h"
#include "context/vocabulary.h"

namespace mien {

struct TextModelRequest {
  std::filesystem::path manifests;    // models/
  std::filesystem::path models;       // networks
  std::filesystem::path data;         // data/
  std::string model;                  // id, a manifest's file, or empty: the default
  std::filesystem::path vocabulary;   // empty: data/contexts/everyday.csv
  std::filesystem::path calibration;  // empty: data/contexts/calibration_<id>.json
  double least_prob = 0;              // no context is given below, see TextScorer
  int threads = 1;
  std::function<void(const std::string& line)> say;  // what is worth knowing; may be empty
};

struct TextModel {
  std::string id;          // as people call it
  std::string vocabulary;  // the file's name without its ending
  std::unique_ptr<TextScorer> scorer;
};

// kNotFound where model, vocabulary or calibration is missing; kMismatch where they do not belong
// together; each with the remedy.
Result<TextModel> open_text_model(const TextModelRequest& request);

// Labelled titles (labelled_text.h) and which of them are meant.
struct TitleChoice {
  std::filesystem::path file;
  std::string split;     // those of this split; empty: all
  std::string language;  // those that the file says are in this language; empty: all
};

// A calibration of the model for the vocabulary. The model's own calibration is not looked at.
Result<Calibration> calibrate_text_model(const TextModelRequest& request,
                                         const TitleChoice& titles);

struct TextModelEvaluation {
  std::string id;
  std::string vocabulary;
  std::vector<std::string> contexts;   // ids, as evaluation.contexts
  std::map<std::string, int> reasons;  // of texts without scores
  TextEvaluation evaluation;
  std::vector<OperatingPoint> points;
};

// What `mien evaluate` and a trained model's manifest tell; figures that cannot be had are null.
nlohmann::json evaluation_json(const TextModelEvaluation& model);

Result<TextModelEvaluation> evaluate_text_model(const TextModelRequest& request,
                                                const TitleChoice& titles);

}  // namespace mien
