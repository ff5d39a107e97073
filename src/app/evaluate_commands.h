// The parts of `mien evaluate` that have files of their own.
#pragma once

#include "app/command.h"

namespace mien {

void add_evaluate_expression(CommandLine& line, CLI::App& evaluate);

}  // namespace mien
