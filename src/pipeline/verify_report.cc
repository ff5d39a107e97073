#include "pipeline/verify_report.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

template <typename T>
void keep(std::vector<T>& list, T entry) {
  if (list.size() < kMostFindings) list.push_back(std::move(entry));
}

OrderedJson counts_of(const CoverageRow& row) {
  return {{"videos", row.videos},        {"ok", row.ok},           {"partial", row.partial},
          {"failed", row.failed},        {"pending", row.pending}, {"never_attempted", row.never},
          {"with_faces", row.with_faces}};
}

std::string line_of(const std::string& country, const std::string& region, const CoverageRow& row) {
  return fmt::format("{:<8} {:<24} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8} {:>10}\n", country, region,
                     row.videos, row.ok, row.partial, row.failed, row.pending, row.never,
                     row.with_faces);
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

OrderedJson to_json(const VerifyReport& report) {
  OrderedJson damage = OrderedJson::array();
  for (const VerifyFinding& finding : report.damage) {
    damage.push_back(
        {{"file", finding.file.string()}, {"what", finding.what}, {"remedy", finding.remedy}});
  }
  OrderedJson coverage = OrderedJson::array();
  for (const CoverageRow& row : report.coverage) {
    OrderedJson entry = {
        {"country", row.country.empty() ? OrderedJson() : OrderedJson(row.country)},
        {"region", row.region.empty() ? OrderedJson() : OrderedJson(row.region)}};
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
          {"videos", counts_of(report.videos)},
          {"coverage", std::move(coverage)},
          {"seconds", report.seconds}};
}

std::string to_text(const VerifyReport& report) {
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
    for (const CoverageRow& row : report.coverage) {
      text += line_of(row.country.empty() ? "-" : row.country,
                      row.region.empty() ? "-" : row.region, row);
    }
    text += line_of("all", "", report.videos);
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
