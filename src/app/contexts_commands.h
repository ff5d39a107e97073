// The parts of `mien contexts` that have files of their own.
#pragma once

#include "app/command.h"
#include "pipeline/texts/text_model.h"

namespace mien {

void add_text_model_places(const CommandLine& line, TextModelRequest& request);

// --model, --vocabulary, --threads; the places of Mien's own files.
void add_text_model_options(CLI::App& verb, const CommandLine& line, TextModelRequest& request);

// --threshold: below which score no context is given.
void add_least_prob(CLI::App& verb, TextModelRequest& request);

void add_contexts_text(CLI::App& contexts, CommandLine& line);
void add_contexts_import(CLI::App& contexts, CommandLine& line);
void add_contexts_masking(CLI::App& contexts, CommandLine& line);
void add_contexts_calibrate(CLI::App& contexts, CommandLine& line);

}  // namespace mien
