// check_export() of fit_job.h, for who runs the exported head and has no LibTorch.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "store/durable_file.h"
#include "training/dataset.h"
#include "training/fit_job.h"

namespace mien {

Result<double> check_export(const std::filesystem::path& dataset, const std::filesystem::path& out,
                            const HeadRunner& run) {
  MIEN_TRY(set, Dataset::open(dataset));
  const std::filesystem::path path = out / "export_check.json";
  MIEN_TRY(text, read_whole_file(path));
  const auto mismatch = [&](const std::string& what) {
    return Error{
        ErrorCode::kMismatch,
        path.string() + ": " + what +
            "; remedy: train again; where it comes back, the head's export is at fault and "
            "the head must not be used"};
  };
  const nlohmann::json check = nlohmann::json::parse(text, nullptr, false);
  std::vector<std::uint32_t> clips;
  std::vector<float> probs;
  try {
    clips = check.at("clips").get<std::vector<std::uint32_t>>();
    probs = check.at("probabilities").get<std::vector<float>>();
  } catch (const nlohmann::json::exception& exception) {
    return mismatch(exception.what());
  }
  if (clips.empty() || probs.size() % clips.size() != 0) return mismatch("it holds no clips");
  const std::size_t labels = probs.size() / clips.size();
  double largest = 0;
  std::vector<float> rows;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    if (clips[i] >= set.clips().size()) return mismatch("it is of another training set");
    MIEN_TRY_VOID(set.read_floats(clips[i], rows));
    MIEN_TRY(given, run(rows));
    if (given.size() != labels) return mismatch("the exported head has another number of labels");
    for (std::size_t l = 0; l < labels; ++l) {
      const auto off = static_cast<double>(std::fabs(given[l] - probs[i * labels + l]));
      if (!(off <= kMostExportDifference)) {
        return mismatch(fmt::format("clip '{}': the exported head says {}, LibTorch {}",
                                    set.clips()[clips[i]].id, given[l], probs[i * labels + l]));
      }
      largest = std::max(largest, off);
    }
  }
  return largest;
}

}  // namespace mien
