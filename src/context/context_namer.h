// A picture -> a probability for each context that the networks at hand can name.
//
//   witnesses     the object network and every picture classifier: what their classes speak for
//                 (context_map.h) is put together by noisy-or
//   image-text    models of role "image_text": nearness to the contexts' vectors (text_vectors.h)
//   probes        models of role "context_probe", trained by `mien train context-visual`, over the
//                 vectors of another network
//
// A context that an image-text model or a probe names is scored by it alone, since its numbers are
// meant as probabilities; two of them for one context are refused. Only what some network names is
// scored: a context that none does has no score.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "context/face_mask.h"
#include "context/visual_options.h"
#include "face/frame_analyser.h"
#include "model/model_set.h"

namespace mien {

struct ContextFile {
  std::string name;  // as a study remembers it
  std::filesystem::path path;
};

// The files that decide what is named beside the networks: the vocabulary, what each network's
// classes speak for, manifests with thresholds. A network of the user's own has its map beside its
// manifest, as ID_map.csv.
std::vector<ContextFile> context_files(const ModelSet& models, const VisualOptions& options);

// One thread at a time.
class ContextNamer {
 public:
  // kNotFound, kMismatch: name the model and the remedy where a part is missing or parts do not
  // belong together.
  static Result<ContextNamer> open(const ModelSet& models, const VisualOptions& options);
  ContextNamer(ContextNamer&&) noexcept;
  ContextNamer& operator=(ContextNamer&&) noexcept;
  ~ContextNamer();

  // Ids, in the vocabulary's order; none where the options ask for vectors.
  const std::vector<std::string>& contexts() const;
  const std::vector<double>& thresholds() const;  // one a context

  // One score a context; or, where the options ask for vectors, a vector. An object that lies
  // mostly in `filled` regions is not one that was seen.
  Result<std::vector<float>> name(const ImageView& image, std::span<const Region> filled);

  StageTime time() const;  // "contexts"

 private:
  struct State;
  explicit ContextNamer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
