// What the processes that read videos may take, for the verbs that start them.
#pragma once

#include <CLI/CLI.hpp>

#include "pipeline/worker/protocol.h"

namespace mien {

void add_worker_flags(CLI::App* verb, WorkerLimits& limits);

}  // namespace mien
