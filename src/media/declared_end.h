// Whether a file ends before its own structure says it does.
#pragma once

#include "media/source_file.h"

namespace mien {

// Reads only the outermost structure: boxes of MP4 and MOV (ISO/IEC 14496-12), the segment of
// Matroska and WebM (RFC 8794), RIFF of AVI and WebP, chunks of PNG, markers of JPEG. False for
// formats that declare no end.
bool ends_early(const SourceFile& file);

}  // namespace mien
