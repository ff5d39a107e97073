#include <fmt/format.h>

#include "app/command.h"
#include "media/media_info.h"
#include "model/model_set.h"
#include "model/session.h"
#include "pipeline/study/program_version.h"
#include "store/database.h"

namespace mien {

std::string version_text(const Resources& resources) {
  const auto models = ModelSet::open(resources.manifests, resources.models);
  return fmt::format("mien {}\nONNX Runtime {}\nDuckDB {}\nFFmpeg {}\nmodel set {}\n",
                     kProgramVersion, Session::library_version(), Database::library_version(),
                     media_library_version(),
                     models.ok() ? models->hash() : "unknown: " + models.error().message);
}

}  // namespace mien
