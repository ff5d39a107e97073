// Looks at an installation: what is there, what is missing, and how to get it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/cluster_commands.h"
#include "app/command.h"
#include "app/model_verdicts.h"
#include "app/print.h"
#include "media/media_info.h"
#include "model/session.h"
#include "pipeline/study/program_version.h"
#include "pipeline/worker/confinement.h"
#include "pipeline/worker/process.h"
#include "store/database.h"

namespace mien {

namespace fs = std::filesystem;

namespace {

enum class State { kOk, kLimited, kBroken };

struct Finding {
  State state = State::kOk;
  std::string what;    // "networks"
  std::string detail;  // "13 hold"
  std::string remedy;  // of what is limited or broken
};

constexpr const char* kInstallAgain = "install Mien again: docs/install.md";

const char* to_string(State state) {
  return state == State::kOk ? "ok" : state == State::kLimited ? "limited" : "broken";
}

std::vector<Finding> libraries() {
  return {{State::kOk, "program", "mien " + std::string(kProgramVersion), ""},
          {State::kOk, "ONNX Runtime", Session::library_version(), ""},
          {State::kOk, "DuckDB", Database::library_version(), ""}};
}

Finding decoders() {
  std::vector<std::string> there;
  std::vector<std::string> missing;
  for (const char* codec : {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "png", "webp"}) {
    (can_decode(codec) ? there : missing).emplace_back(codec);
  }
  const std::string detail =
      fmt::format("FFmpeg {}; decodes {}", media_library_version(), fmt::join(there, ", "));
  if (missing.empty()) return {State::kOk, "decoders", detail, ""};
  return {
      State::kLimited, "decoders", fmt::format("{}; not {}", detail, fmt::join(missing, ", ")),
      "videos of these codecs fail with the reason no_decoder; install an FFmpeg that has them"};
}

std::vector<Finding> networks(const Resources& resources) {
  const std::string make =
      resources.is_installed ? kInstallAgain : "run 'mien models import', or tools/build release";
  const auto verdicts = model_verdicts(resources);
  if (!verdicts.ok()) return {{State::kBroken, "networks", verdicts.error().message, make}};
  std::vector<Finding> findings;
  std::size_t hold = 0;
  for (const ModelVerdict& verdict : *verdicts) {
    if (verdict.is_optional && !verdict.is_installed) {
      findings.push_back({State::kLimited, "network", verdict.id + " is not installed",
                          resources.is_installed
                              ? "optional; the package mien-optional-models has it, and 'make "
                                "install' of a source "
                                "tree whose tools/optional_models fetched it"
                              : "optional; tools/optional_models fetches it, then tools/build "
                                "release"});
    } else if (verdict.wrong.empty()) {
      ++hold;
    } else {
      findings.push_back({State::kBroken, "network",
                          fmt::format("{}: {}", verdict.id, fmt::join(verdict.wrong, ", ")), make});
    }
  }
  findings.insert(findings.begin(),
                  {hold > 0 ? State::kOk : State::kBroken, "networks",
                   fmt::format("{} hold against their manifests", hold), hold > 0 ? "" : make});
  return findings;
}

Finding file(const char* what, const fs::path& path, State otherwise, const char* remedy) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return {State::kOk, what, path.string(), ""};
  return {otherwise, what, path.string() + " is not there", remedy};
}

std::vector<Finding> files(const Resources& resources, const fs::path& program) {
  const bool installed = resources.is_installed;
  std::vector<Finding> findings = {
      file("data", resources.data / "prototype16.json", State::kBroken,
           installed ? kInstallAgain : "git restore data"),
      file("pages", resources.web / "report.js", State::kBroken,
           installed ? kInstallAgain : "reports need them; run tools/build_web"),
      file("training", program.parent_path() / "mien-train", State::kLimited,
           installed ? "only 'mien train expression' needs it; install the package mien-train, or "
                       "'make install' from source: the tarball leaves it out"
                     : "only 'mien train expression' needs it; tools/build release mien-train")};
  if (installed) {
    const fs::path share = program.parent_path().parent_path() / "share";
    findings.push_back(file("manual", share / "man" / "man1" / "mien.1", State::kLimited,
                            "'mien manual FOLDER' writes it"));
    findings.push_back(file("licences", share / "doc" / "mien" / "licences.md", State::kLimited,
                            "whoever passes Mien on needs them; install Mien again"));
  }
  return findings;
}

Finding workers() {
  const int abi = landlock_abi();
  if (abi > 0) {
    return {State::kOk, "confinement",
            fmt::format("Landlock (ABI {}) and seccomp hold workers", abi), ""};
  }
  return {State::kLimited, "confinement",
          "this kernel has no Landlock; seccomp alone holds workers",
          "a Linux 5.13 or later with lsm=landlock; docs/confinement.md tells what is lost"};
}

Finding cluster() {
  const auto sbatch = find_in_path("sbatch", search_path());
  if (sbatch.has_value()) return {State::kOk, "cluster", sbatch->string(), ""};
  return {State::kLimited, "cluster", "no sbatch in PATH",
          "only 'mien cluster slurm' needs it; other engines run 'mien annotate --shard'"};
}

Finding machine() {
  const double memory_gb = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                           static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e9;
  std::error_code error;
  const fs::path scratch = fs::temp_directory_path(error);
  const bool writable = !error && access(scratch.c_str(), W_OK) == 0;
  const std::string detail =
      fmt::format("{} cores, {:.0f} GB of memory, scratch files in {}",
                  std::thread::hardware_concurrency(), memory_gb, scratch.string());
  if (!writable) {
    return {State::kBroken, "machine", detail + ", which cannot be written to",
            "set TMPDIR to a folder that can"};
  }
  return {State::kOk, "machine", detail, ""};
}

std::vector<Finding> look(const Resources& resources) {
  std::vector<Finding> findings = libraries();
  const auto add = [&](std::vector<Finding> more) {
    findings.insert(findings.end(), more.begin(), more.end());
  };
  const auto program = own_program();
  add({decoders()});
  add(networks(resources));
  add(files(resources, program.ok() ? *program : fs::path()));
  add({workers(), cluster(), machine()});
  return findings;
}

std::string to_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text +=
        fmt::format("{:<8} {:<13} {}\n", to_string(finding.state), finding.what, finding.detail);
    if (!finding.remedy.empty()) text += fmt::format("{:<22} -> {}\n", "", finding.remedy);
  }
  return text;
}

nlohmann::json to_json(const std::vector<Finding>& findings) {
  nlohmann::json all = nlohmann::json::array();
  for (const Finding& finding : findings) {
    all.push_back(
        {{"state", to_string(finding.state)},
         {"what", finding.what},
         {"detail", finding.detail},
         {"remedy", finding.remedy.empty() ? nlohmann::json() : nlohmann::json(finding.remedy)}});
  }
  return all;
}

}  // namespace

void add_doctor(CommandLine& line) {
  CLI::App* verb = line.app.add_subcommand(
      "doctor", "Look at this installation; say what is missing and how to get it");
  const auto json = std::make_shared<bool>(false);
  verb->add_flag("--json", *json, "The findings as JSON");
  add_example(verb, "mien doctor");
  verb->callback([&line, json] {
    line.action = [&line, json]() -> Status {
      const std::vector<Finding> findings = look(line.resources);
      MIEN_TRY_VOID(print_text(*json ? to_json(findings).dump(2) + "\n" : to_text(findings)));
      MIEN_TRY_VOID(flush_printed());
      const auto broken =
          std::count_if(findings.begin(), findings.end(),
                        [](const Finding& finding) { return finding.state == State::kBroken; });
      if (broken == 0) return Ok{};
      return Error{ErrorCode::kNotFound,
                   fmt::format("{} parts that Mien needs are missing or damaged; "
                               "the remedies stand above",
                               broken)};
    };
  });
}

}  // namespace mien
