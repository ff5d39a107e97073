// MediaPipe's task bundles (FILE.task): a zip of networks in TensorFlow Lite's format and what
// belongs to them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mien {

// Of the files named, those that the bundle has, by name. Bytes that are no zip archive, a wrong
// CRC-32 or an entry that cannot be unpacked are kCorrupt; an entry of more than 256 MiB is
// kUnsupported, whatever it says of itself.
Result<std::map<std::string, std::string>> read_task_bundle(std::string_view bytes,
                                                            const std::vector<std::string>& names);

}  // namespace mien
