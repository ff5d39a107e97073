// The parts of `mien train`, one file each.
#pragma once

#include "app/command.h"

namespace mien {

void add_train_visual(CommandLine& line, CLI::App& train);

}  // namespace mien
