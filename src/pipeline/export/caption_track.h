// A video's windows as WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format").
//
// One cue a window with at least one label at or above the threshold, its labels in falling order
// of score, said by the voice "Face N" (the track). Notes at the top say whose labels they are.
#pragma once

#include <string>

#include "pipeline/export/exported_video.h"

namespace mien {

std::string caption_track(const ExportedVideo& video);

}  // namespace mien
