// The weights of a PyTorch state dict as torch.save wrote them before version 1.6: five pickles
// (magic number, protocol, machine, the dict, the storages' keys), then the storages' numbers.
//
// Nothing of the pickle is executed: of Python's pickle language (protocol 2) only the operations
// are known that build such a dict, and of all that a pickle may name, only OrderedDict,
// torch._utils._rebuild_tensor_v2 and the storages of float32 and int64. Anything else is an error
// that names it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/import/tfjs_weights.h"

namespace mien {

// Tensors by name, row major; float32 (floats) or int64 (integers). kCorrupt for bytes that
// end early, are left over or contradict one another; kUnsupported for what is not known.
Result<Weights> read_torch_weights(std::string_view bytes);

}  // namespace mien
