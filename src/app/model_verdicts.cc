#include "app/model_verdicts.h"

#include "model/import/sentence_import.h"
#include "model/manifest.h"
#include "model/model_set.h"
#include "model/sentence_session.h"
#include "model/session.h"

namespace mien {

Result<std::vector<ModelVerdict>> model_verdicts(const Resources& resources) {
  MIEN_TRY(models, ModelSet::open(resources.manifests, resources.models));
  MIEN_TRY(encoders, read_sentence_manifests(resources.manifests / "sentence"));
  const auto is_there = [&](const std::string& file) {
    std::error_code ignored;
    return std::filesystem::exists(resources.models / file, ignored);
  };
  std::vector<ModelVerdict> verdicts;
  for (const Manifest& manifest : models.manifests()) {
    ModelVerdict& verdict = verdicts.emplace_back();
    verdict.id = manifest.id;
    const auto session = models.open_session(manifest.id);
    if (!session.ok()) verdict.wrong.push_back(session.error().message);
  }
  for (const char* folder : {"optional", "bundle"}) {
    MIEN_TRY(optional, read_manifests(resources.manifests / folder));
    for (const Manifest& manifest : optional) {
      ModelVerdict& verdict = verdicts.emplace_back();
      verdict = {manifest.id, true, is_there(manifest.onnx_file), {}};
      if (verdict.is_installed) verdict.wrong = verify_model(manifest, resources.models);
    }
  }
  for (const SentenceManifest& manifest : encoders) {
    ModelVerdict& verdict = verdicts.emplace_back();
    verdict = {manifest.id, is_optional(manifest), is_there(manifest.onnx_file), {}};
    if (verdict.is_installed || !verdict.is_optional)
      verdict.wrong = verify_sentence_model(manifest, resources.models);
  }
  return verdicts;
}

}  // namespace mien
