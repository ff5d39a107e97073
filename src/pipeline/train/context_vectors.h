// The vectors of a vocabulary's contexts on disk, so that a start does not encode all prompts anew.
//
//   FOLDER/0123456789abcdef.vectors   one line of JSON: identity (encoder, prompts, vocabulary),
//                                     program_version, numbers, sha256 of the rest; then float32,
//                                     low byte first
//
// The name is the start of the SHA-256 of identity and version. Files are written whole or not at
// all, and several processes may use one folder. What does not hold is said, computed anew and
// replaced; a folder that cannot be written is said and nothing else. Any file may be removed.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "context/encoder_similarity.h"

namespace mien {

using SayLine = std::function<void(const std::string& line)>;

ContextVectorStore context_vector_files(std::filesystem::path folder, SayLine say);

}  // namespace mien
