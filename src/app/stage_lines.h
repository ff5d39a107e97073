// Progress of a verb that goes through stages, on standard error: a line that redraws itself on a
// terminal, a plain line now and then in a log.
#pragma once

#include "pipeline/study/stage_progress.h"

namespace mien {

StageReport stage_lines();

}  // namespace mien
