// Shards as a command line names them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

// "7" and "3-9", in the order given. kUsage: neither a number nor a range.
Result<std::vector<std::int64_t>> shard_list(const std::vector<std::string>& texts);

}  // namespace mien
