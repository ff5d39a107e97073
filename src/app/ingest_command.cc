#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/command.h"
#include "app/interrupt.h"
#include "app/stage_lines.h"
#include "pipeline/ingest/ingest.h"
#include "stats/suppression.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

struct Flags {
  std::string list;
  std::string config;
  std::string regions;
  std::vector<std::string> columns;
  std::int64_t per_region = -1;
  std::int64_t per_country = -1;
  std::int64_t per_uploader = -1;
  std::int64_t seed = -1;
  bool json = false;
};

// study.toml named, or the one in the study folder; then the flags.
Result<IngestOptions> options_of(const Flags& flags, const fs::path& study) {
  IngestOptions options;
  std::error_code ignored;
  const fs::path file = flags.config.empty() ? study / "study.toml" : fs::path(flags.config);
  if (!flags.config.empty() || fs::exists(file, ignored)) {
    MIEN_TRY(read, read_ingest_options(file));
    options = std::move(read);
  }
  if (!flags.list.empty()) options.list = flags.list;
  if (!flags.regions.empty()) options.regions = flags.regions;
  for (const std::string& column : flags.columns) MIEN_TRY_VOID(add_column(options, column));
  if (flags.per_region >= 0) options.per_region = flags.per_region;
  if (flags.per_country >= 0) options.per_country = flags.per_country;
  if (flags.per_uploader >= 0) options.per_uploader = flags.per_uploader;
  if (flags.seed >= 0) options.seed = static_cast<std::uint64_t>(flags.seed);
  if (options.list.empty()) {
    return Error{
        ErrorCode::kUsage,
        "no list is named; remedy: mien ingest LIST, or `list` under [ingest] in study.toml"};
  }
  return options;
}

// Rows by name, null where they or their uploaders are too few to be told; of regions also the next
// smallest then, since all together are told (stats/suppression.h).
nlohmann::json told(const std::map<std::string, AcceptedRows>& counts, bool add_up) {
  std::vector<CellCount> sizes;
  std::vector<std::string> families;
  for (const auto& [name, found] : counts) {
    sizes.push_back({found.rows, found.uploaders, 0, 0});
    families.push_back(add_up ? "" : name);
  }
  const std::vector<bool> held = suppressed_groups(sizes, families, kLeastCount);
  nlohmann::json list = nlohmann::json::object();
  std::size_t at = 0;
  for (const auto& [name, found] : counts) {
    list[name] = held[at++] ? nlohmann::json() : nlohmann::json(found.rows);
  }
  return list;
}

std::string words_of(const nlohmann::json& count) {
  return count.is_null() ? "few" : count.dump();
}

nlohmann::json to_json(const IngestSummary& summary) {
  return {{"rows", summary.rows},
          {"accepted", summary.accepted},
          {"rejected", summary.rejected},
          {"reasons", summary.reasons},
          {"not_sampled", summary.not_sampled},
          {"forgotten", summary.forgotten},
          {"without_country", summary.without_country},
          {"without_region", summary.without_region},
          {"former_countries", told(summary.former_countries, false)},
          {"regions", told(summary.regions, true)},
          {"duplicate_clusters", summary.duplicate_clusters},
          {"duplicate_videos", summary.duplicate_videos},
          {"clusters_across_regions", summary.clusters_across_regions},
          {"clusters_across_uploaders", summary.clusters_across_uploaders},
          {"notes", summary.notes},
          {"seconds", summary.seconds}};
}

std::string to_text(const IngestSummary& summary) {
  std::string text = fmt::format("{} rows: {} accepted, {} rejected", summary.rows,
                                 summary.accepted, summary.rejected);
  if (summary.not_sampled > 0) text += fmt::format(", {} not sampled", summary.not_sampled);
  if (summary.forgotten > 0) {
    text += fmt::format(", {} forgotten by this study and passed over", summary.forgotten);
  }
  text += fmt::format(", {:.1f} s\n", summary.seconds);
  for (const auto& [reason, rows] : summary.reasons) {
    text += fmt::format("  rejected, {}: {} (see rejects.parquet)\n", reason, rows);
  }
  const nlohmann::json counts = to_json(summary);
  for (const auto& [note, rows] : counts["former_countries"].items()) {
    text += fmt::format("  former country, {} rows: {}\n", words_of(rows), note);
  }
  for (const auto& [region, rows] : counts["regions"].items()) {
    text += fmt::format("  {}: {}\n", region, words_of(rows));
  }
  if (summary.without_country > 0) {
    text += fmt::format("  no country given: {}\n", summary.without_country);
  }
  if (summary.without_region > 0) text += fmt::format("  no region: {}\n", summary.without_region);
  if (summary.duplicate_clusters > 0) {
    text += fmt::format(
        "  same title: {} videos in {} clusters, {} across regions, {} across uploaders\n",
        summary.duplicate_videos, summary.duplicate_clusters, summary.clusters_across_regions,
        summary.clusters_across_uploaders);
  }
  for (const std::string& note : summary.notes) text += "  note: " + note + "\n";
  return text;
}

}  // namespace

void add_ingest(CommandLine& line) {
  const auto request = std::make_shared<IngestRequest>();
  const auto flags = std::make_shared<Flags>();
  request->threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  CLI::App* verb =
      line.app.add_subcommand("ingest", "Check a list of videos and make it a study's corpus");
  verb->add_option("list", flags->list,
                   "CSV, TSV, JSON lines (*.jsonl) or Parquet; a folder of "
                   "yt-dlp's *.info.json");
  verb->add_option("--out", request->study, "The study folder")->required();
  add_example(verb, "mien ingest videos.csv --out study");
  verb->add_option("--config", flags->config,
                   "A study.toml (default: the one in the study folder)");
  verb->add_option("--column", flags->columns,
                   "CORPUS_COLUMN=COLUMN_OF_THE_LIST; may be given several times");
  verb->add_option("--regions", flags->regions,
                   "A table of countries and regions instead of Mien's own");
  verb->add_option("--per-region", flags->per_region, "At most so many videos a region")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--per-country", flags->per_country, "At most so many videos a country")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--per-uploader", flags->per_uploader, "At most so many videos an uploader")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--seed", flags->seed, "Which videos are taken then (default 0)")
      ->check(CLI::NonNegativeNumber);
  verb->add_flag("--redo", request->redo, "Replace the corpus that is there");
  verb->add_option("--threads", request->threads, "Threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_flag("--json", flags->json, "The summary as JSON");
  verb->callback([&line, request, flags] {
    line.action = [&line, request, flags]() -> Status {
      MIEN_TRY(options, options_of(*flags, request->study));
      request->options = std::move(options);
      MIEN_TRY(countries, CountryTable::load(line.resources.data, request->options.regions));
      request->progress = stage_lines();
      MIEN_TRY(summary, ingest(*request, countries, stop_on_interrupt()));
      const std::string text = flags->json ? to_json(summary).dump() + "\n" : to_text(summary);
      std::fputs(text.c_str(), stdout);
      return Ok{};
    };
  });
}

}  // namespace mien
