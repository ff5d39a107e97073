// The parts of `mien train`, one file each.
#pragma once

#include <string>

#include "app/command.h"
#include "pipeline/texts/text_model.h"

namespace mien {

void add_train_expression(CommandLine& line, CLI::App& train);
void add_train_visual(CommandLine& line, CLI::App& train);

// What a model of contexts does on the held-out ones, for people; `of` what: "texts", "videos".
std::string evaluation_text(const TextModelEvaluation& model, const std::string& of);

}  // namespace mien
