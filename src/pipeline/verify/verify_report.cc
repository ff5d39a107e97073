#include "pipeline/verify/verify_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>
#include <utility>

#include "stats/suppression.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

template <typename T>
void keep(std::vector<T>& list, T entry) {
  if (list.size() < kMostFindings) list.push_back(std::move(entry));
}

constexpr std::array kCounts = {std::pair("videos", &CoverageCounts::videos),
                                std::pair("ok", &CoverageCounts::ok),
                                std::pair("partial", &CoverageCounts::partial),
                                std::pair("failed", &CoverageCounts::failed),
                                std::pair("pending", &CoverageCounts::pending),
                                std::pair("never_attempted", &CoverageCounts::never),
                                std::pair("with_faces", &CoverageCounts::with_faces)};

struct ToldRow {
  std::string country;
  std::string region;
  bool is_held_back = false;  // several of few videos or uploaders, put together
  std::vector<std::optional<std::int64_t>> counts;  // as kCounts
};

ToldRow told(const CoverageRow& row, std::int64_t minimum) {
  ToldRow result{row.country, row.region, false, {}};
  for (const auto& [name, count] : kCounts) {
    result.counts.push_back(told_count(row.*count, row.uploaders.*count, minimum));
  }
  return result;
}

// What is put together has at least as many uploaders as the part that has most.
void put_to(const CoverageRow& row, CoverageRow& together) {
  for (const auto& [name, count] : kCounts) {
    together.*count += row.*count;
    together.uploaders.*count = std::max(together.uploaders.*count, row.uploaders.*count);
  }
}

std::vector<ToldRow> told_coverage(const VerifyReport& report, std::int64_t minimum) {
  std::vector<CellCount> sizes;
  for (const CoverageRow& row : report.coverage) {
    sizes.push_back({row.videos, row.uploaders.videos, 0, 0});
  }
  const std::vector<bool> held =
      suppressed_groups(sizes, std::vector<std::string>(sizes.size()), minimum);
  std::vector<ToldRow> rows;
  CoverageRow together;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (held[i]) {
      put_to(report.coverage[i], together);
    } else {
      rows.push_back(told(report.coverage[i], minimum));
    }
  }
  if (together.videos > 0) {
    rows.push_back(told(together, minimum));
    rows.back().is_held_back = true;
  }
  return rows;
}

OrderedJson counts_of(const ToldRow& row) {
  OrderedJson counts = OrderedJson::object();
  for (std::size_t i = 0; i < kCounts.size(); ++i) {
    counts[kCounts[i].first] = row.counts[i] ? OrderedJson(*row.counts[i]) : OrderedJson();
  }
  return counts;
}

std::string line_of(const std::string& country, const std::string& region, const ToldRow& row) {
  std::string line = fmt::format("{:<8} {:<24}", country, region);
  for (std::size_t i = 0; i < kCounts.size(); ++i) {
    constexpr std::array kWidths = {9, 9, 8, 8, 8, 8, 10};
    line +=
        fmt::format(" {:>{}}", row.counts[i] ? std::to_string(*row.counts[i]) : "few", kWidths[i]);
  }
  return line + "\n";
}

}  // namespace

void VerifyFindings::note(std::string text) {
  keep(report_.notes, std::move(text));
}

void VerifyFindings::repaired(std::string text) {
  keep(report_.repaired, std::move(text));
}

void VerifyFindings::damage(VerifyFinding finding) {
  ++report_.damage_count;
  keep(report_.damage, std::move(finding));
}

void VerifyFindings::damage_that_goes(VerifyFinding finding, const fs::path& goes) {
  if (!repair_) return damage(std::move(finding));
  const fs::path aside = temporary_name_for(goes);
  std::error_code failed;
  fs::rename(goes, aside, failed);
  if (!failed) fs::remove_all(aside, failed);
  if (failed) {
    finding.what += fmt::format(", and it cannot be removed: {}", failed.message());
    return damage(std::move(finding));
  }
  repaired(fmt::format("{}: {}; removed; {}", finding.file.string(), finding.what, finding.remedy));
}

OrderedJson to_json(const VerifyReport& report, std::int64_t minimum) {
  OrderedJson damage = OrderedJson::array();
  for (const VerifyFinding& finding : report.damage) {
    damage.push_back(
        {{"file", finding.file.string()}, {"what", finding.what}, {"remedy", finding.remedy}});
  }
  OrderedJson coverage = OrderedJson::array();
  for (const ToldRow& row : told_coverage(report, minimum)) {
    OrderedJson entry = {
        {"country", row.country.empty() ? OrderedJson() : OrderedJson(row.country)},
        {"region", row.region.empty() ? OrderedJson() : OrderedJson(row.region)},
        {"held_back", row.is_held_back}};
    entry.update(counts_of(row));
    coverage.push_back(std::move(entry));
  }
  return {{"sound", report.is_sound()},
          {"damage_count", report.damage_count},
          {"damage", std::move(damage)},
          {"notes", report.notes},
          {"repaired", report.repaired},
          {"shards", {{"planned", report.shards_planned}, {"sound", report.shards_sound}}},
          {"files", report.files},
          {"bytes", report.bytes},
          {"rows", report.rows},
          {"program_versions", report.program_versions},
          {"least_told", minimum},
          {"videos", counts_of(told(report.videos, minimum))},
          {"coverage", std::move(coverage)},
          {"seconds", report.seconds}};
}

std::string to_text(const VerifyReport& report, std::int64_t minimum) {
  std::string text = fmt::format("{} of {} shards sound; {} files, {:.1f} MB, {} rows read\n",
                                 report.shards_sound, report.shards_planned, report.files,
                                 static_cast<double>(report.bytes) / 1e6, report.rows);
  for (const auto& [version, shards] : report.program_versions) {
    text += fmt::format("made by version {}: {} shards\n", version, shards);
  }
  if (report.videos.videos > 0) {
    text += fmt::format("\n{:<8} {:<24} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8} {:>10}\n", "country",
                        "region", "videos", "ok", "partial", "failed", "pending", "never",
                        "with faces");
    for (const ToldRow& row : told_coverage(report, minimum)) {
      text += row.is_held_back ? line_of("several", "of few videos each", row)
                               : line_of(row.country.empty() ? "-" : row.country,
                                         row.region.empty() ? "-" : row.region, row);
    }
    text += line_of("all", "", told(report.videos, minimum));
    if (minimum > 1) {
      text += fmt::format(
          "to the nearest ten; few: of fewer than {} videos or uploaders (--min-count 0 tells "
          "all)\n",
          minimum);
    }
  }
  for (const std::string& line : report.repaired) text += "repaired: " + line + "\n";
  for (const std::string& line : report.notes) text += "note: " + line + "\n";
  for (const VerifyFinding& finding : report.damage) {
    text += fmt::format("DAMAGE {}: {}; remedy: {}\n", finding.file.string(), finding.what,
                        finding.remedy);
  }
  if (report.damage_count > static_cast<std::int64_t>(report.damage.size())) {
    text += fmt::format("and {} more\n",
                        report.damage_count - static_cast<std::int64_t>(report.damage.size()));
  }
  text +=
      report.is_sound() ? "sound\n" : fmt::format("not sound: {} findings\n", report.damage_count);
  return text;
}

}  // namespace mien
