// Everything that decides what `annotate` measures, in one place: the command line fills it, the
// coordinator hands it to its workers as JSON, the study remembers it, and every Parquet file
// carries it. Thread counts, paths and shard sizes are not part of it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "context/visual_scorer.h"
#include "expression/channel.h"
#include "expression/windows.h"
#include "face/frame_analyser.h"
#include "media/video_reader.h"

namespace mien {

// Grid points analysed as one unit: 4 s at 6 Hz. Chunks begin with a full detection and know
// nothing of each other, so they can be analysed side by side and joined in order.
inline constexpr int kChunkGridPoints = 24;

// Of each such run of grid points (2 s at 6 Hz) the middle frame is the one whose contexts are
// named; a chunk holds whole runs.
inline constexpr int kContextGridPoints = 12;
static_assert(kChunkGridPoints % kContextGridPoints == 0);

struct AnnotateOptions {
  double rate_hz = 6;
  bool frames_table = false;
  bool image_sequence = false;  // a named folder is one video made of its pictures
  ReaderOptions reader;
  FaceOptions face;
  ChannelOptions channels;
  WindowOptions windows;
  VisualOptions contexts;
};

// Frames from one full detection to the next where nobody says: 4, or what comes nearest to 2/3 s
// on grids of more than 6 frames a second.
int usual_detect_every(double rate_hz);

// Whether the second mesh follows faces (FaceOptions::second_mesh_follows): blendshapes or Action
// Units are all that is measured of a face, on a grid of at least 20 frames a second, so that faces
// move little from frame to frame.
bool second_mesh_should_follow(const AnnotateOptions& options);

nlohmann::json to_json(const AnnotateOptions& options);

// Reads what to_json wrote; a missing or misshapen field is an error (kCorrupt).
Result<AnnotateOptions> annotate_options_from_json(const nlohmann::json& json);

}  // namespace mien
