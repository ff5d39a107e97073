// What a run of `annotate` measures with: its options, its networks and what the study remembers of
// them.
//
//   STUDY/annotations/run.json         the settings (study_settings.h)
//   STUDY/annotations/own_files.json   where the user's own models and vocabulary lie; only there
//                                      where some were given
#pragma once

#include "base/result.h"
#include "pipeline/annotate/annotate.h"
#include "pipeline/worker/protocol.h"

namespace mien {

// kNotFound, kCorrupt: a model; kUsage: two heads, or a head trained at another rate.
Result<WorkerSetup> worker_setup(const AnnotateRequest& request);

// The options, models and vocabulary of `request` become those that the study was made with.
// kUsage: it has none, so that videos must be named.
Status take_options_of_study(AnnotateRequest& request);

// Writes own_files.json, where it says something else.
Status remember_own_files(const AnnotateRequest& request);

}  // namespace mien
