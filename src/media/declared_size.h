// What a file's header asks for, read before FFmpeg acts on it.
#pragma once

#include <cstdint>
#include <optional>

#include "media/source_file.h"

namespace mien {

struct DeclaredSize {
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
};

// Of a PNG (ISO/IEC 15948) or a JPEG (ITU-T T.81, its frame header); nullopt for all else. FFmpeg
// refuses the largest of them as damage and forgets the size.
std::optional<DeclaredSize> declared_picture_size(const SourceFile& file);

// Bytes to which the compressed index of a MOV (QuickTime File Format, `cmov`) says it inflates; 0
// where there is none. A thousandth of them is enough in the file.
std::uint64_t inflated_index_bytes(const SourceFile& file);

}  // namespace mien
