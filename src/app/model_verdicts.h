// Every network that a manifest names, held against it: file, hash, shapes, labels, and one run.
#pragma once

#include <string>
#include <vector>

#include "app/resources.h"
#include "base/result.h"

namespace mien {

struct ModelVerdict {
  std::string id;
  bool is_optional = false;
  bool is_installed = true;
  std::vector<std::string> wrong;  // why it is refused; empty: it holds
};

// Errors: manifests that cannot be read.
Result<std::vector<ModelVerdict>> model_verdicts(const Resources& resources);

}  // namespace mien
