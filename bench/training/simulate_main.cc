// mien-bench-training FOLDER CLIPS ROWS DIMENSIONS: writes FOLDER/set, a simulated training set of
// the shape of the study that Mien re-creates (31 labels, 800 raters, 2 ratings a clip, 1,000
// people), and FOLDER/request.json for mien-train. bench/training/run starts both.
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "store/durable_file.h"
#include "training/simulated_set.h"

namespace {

mien::Status write(const std::filesystem::path& folder, const mien::SimulatedSet& design) {
  MIEN_TRY_VOID(mien::make_folders(folder));
  MIEN_TRY(truth, mien::write_simulated_set(design, folder / "set"));
  std::printf("%zu clips, %zu labels\n", design.clips, truth.size() / design.clips);
  const nlohmann::json request = {{"dataset", (folder / "set").string()},
                                  {"out", (folder / "out").string()},
                                  {"evaluation", "splits"},
                                  {"epochs", 3},
                                  {"threads", 2},
                                  {"keep_all_labels", true}};
  return mien::write_file_durably(folder / "request.json", request.dump(1) + "\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: mien-bench-training FOLDER CLIPS ROWS DIMENSIONS\n", stderr);
    return 2;
  }
  mien::SimulatedSet design;
  design.clips = std::strtoul(argv[2], nullptr, 10);
  design.rows = std::strtoul(argv[3], nullptr, 10);
  design.dimensions = std::strtoul(argv[4], nullptr, 10);
  design.people = 1000;
  design.latent = design.labels = 31;
  design.raters = 800;
  design.raters_a_clip = 2;
  const mien::Status status = write(argv[1], design);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.error().message.c_str());
  return 1;
}
