// One file a verb: add_<verb> declares its options (the parser, its help and its errors come from
// that declaration) and what to do. Verbs print; nothing below them does.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "app/resources.h"
#include "app/verb_facts.h"
#include "base/result.h"

namespace mien {

// What a chosen verb does; its Status decides the exit: 0, 2 for usage errors, 1 for all others; of
// a task of a cluster 75 (EX_TEMPFAIL) where the same command may succeed later or elsewhere.
using Action = std::function<Status()>;

struct CommandLine {
  CLI::App app;
  Resources resources;
  Action action;  // set by the verb that was chosen
  bool is_task = false;
};

int exit_status(const CommandLine& line, const Status& status);

void add_plan(CommandLine& line);
void add_privacy(CommandLine& line);
void add_probe(CommandLine& line);
void add_annotate(CommandLine& line);
void add_associate(CommandLine& line);
void add_doctor(CommandLine& line);
void add_evaluate(CommandLine& line);
void add_export(CommandLine& line);
void add_forget(CommandLine& line);
void add_cluster(CommandLine& line);
void add_compare(CommandLine& line);
void add_contexts(CommandLine& line);
void add_merge(CommandLine& line);
void add_import(CommandLine& line);
void add_ingest(CommandLine& line);
void add_models(CommandLine& line);
void add_rate(CommandLine& line);
void add_report(CommandLine& line);
void add_run(CommandLine& line);
void add_serve(CommandLine& line);
void add_simulate(CommandLine& line);
void add_train(CommandLine& line);
void add_verify(CommandLine& line);
void add_worker(CommandLine& line);
void add_data_dictionary(CommandLine& line);
void add_manual(CommandLine& line);

std::string version_text(const Resources& resources);

}  // namespace mien
