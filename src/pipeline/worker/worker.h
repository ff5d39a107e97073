// The worker process: takes videos as lines on standard input, puts their tables into the study's
// pending folders, and answers with lines on standard output. It ends as soon as its input closes,
// even in the middle of a video, so that no worker outlives its coordinator. Before it opens a
// video it shuts itself in (confinement.h).
#pragma once

#include "base/result.h"

namespace mien {

// Runs until standard input ends. The first line is the set-up (see WorkerSetup in worker.cc),
// every later one a task.
Status run_worker();

}  // namespace mien
