// The program: parses, runs one verb, turns its Status into an exit status.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/help_text.h"
#include "app/suggestion.h"
#include "pipeline/worker/process.h"

namespace mien {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kTryAgain = 75;  // EX_TEMPFAIL of sysexits.h

std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!verb->get_group().empty()) words.push_back(verb->get_name());
  }
  return words;
}

// The verb whose options were being read when parsing stopped.
const CLI::App& innermost(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.back());
}

int explain_usage(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& verb = innermost(app);
  const std::string name = facts_of(verb).name();
  std::string message = fmt::format("{}: {}\n", name, error.what());
  for (const std::string& word : verb.remaining(true)) {
    const std::string flag = word.substr(0, word.find('='));
    if (const auto nearest = nearest_word(flag, known_words(verb))) {
      message += fmt::format("{}: '{}' is not known; did you mean '{}'?\n", name, flag, *nearest);
    }
  }
  message += fmt::format("Run '{} --help' for what it takes.\n", name);
  std::fputs(message.c_str(), stderr);
  return kUsage;
}

// What no reader expected is said like any other failure, not by a crash.
Status without_exceptions(const std::function<Status()>& action) {
  try {
    return action();
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kInternal,
                 "the machine has not enough memory for this; remedy: fewer threads or workers, a "
                 "smaller part at a time, or another machine"};
  } catch (const std::exception& error) {
    return Error{ErrorCode::kInternal,
                 fmt::format("{}; this is a fault of the program; remedy: report it with the "
                             "command and, if you may, the file",
                             error.what())};
  }
}

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto program = own_program();
  if (!program.ok()) {
    std::fputs(("mien: " + program.error().message + "\n").c_str(), stderr);
    return kFailed;
  }
  CommandLine line;
  line.resources = find_resources(*program);
  line.app.description(
      "Measures facial expressions in their context. A label is what raters would call a face,\n"
      "never what a person feels.");
  line.app.name("mien");
  line.app.require_subcommand(0, 1);
  line.app.set_help_all_flag("--help-all", "Print this help with all options");
  bool show_version = false;
  line.app.add_flag("--version", show_version, "Versions of Mien, its libraries and its model set");
  // For the test that reads the documentation.
  bool parse_only = false;
  line.app.add_flag("--parse-only", parse_only, "Say whether the command line is understood")
      ->group("");
  add_probe(line);
  add_annotate(line);
  add_associate(line);
  add_doctor(line);
  add_evaluate(line);
  add_export(line);
  add_forget(line);
  add_cluster(line);
  add_compare(line);
  add_contexts(line);
  add_import(line);
  add_ingest(line);
  add_merge(line);
  add_models(line);
  add_plan(line);
  add_privacy(line);
  add_rate(line);
  add_serve(line);
  add_report(line);
  add_run(line);
  add_simulate(line);
  add_train(line);
  add_verify(line);
  add_worker(line);
  add_data_dictionary(line);
  add_manual(line);
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(help_text(facts_of(innermost(line.app)), false).c_str(), stdout);
    return kDone;
  } catch (const CLI::CallForAllHelp&) {
    std::fputs(help_text(facts_of(innermost(line.app)), true).c_str(), stdout);
    return kDone;
  } catch (const CLI::ParseError& error) {
    return explain_usage(line.app, error);
  }
  if (show_version) {
    std::fputs(version_text(line.resources).c_str(), stdout);
    return kDone;
  }
  if (parse_only) return kDone;
  if (!line.action) {
    std::fputs(help_text(facts_of(line.app), false).c_str(), stderr);
    return kUsage;
  }
  const Status status = without_exceptions(line.action);
  if (status.ok()) return kDone;
  std::fputs(fmt::format("mien: {}\n", status.error().message).c_str(), stderr);
  return exit_status(line, status);
}

}  // namespace

int exit_status(const CommandLine& line, const Status& status) {
  if (status.ok()) return kDone;
  const ErrorCode code = status.error().code;
  const bool passes =
      code == ErrorCode::kIo || code == ErrorCode::kBusy || code == ErrorCode::kCancelled;
  if (line.is_task && passes) return kTryAgain;
  return code == ErrorCode::kUsage ? kUsage : kFailed;
}

}  // namespace mien

int main(int argc, char** argv) {
  return mien::run(argc, argv);
}
