#include "pipeline/private/private_ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/outside_json.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "mien privacy ledger 1";

double epsilon_of_spent(double rho, double delta) {
  return rho > 0 ? epsilon_of(rho, delta) : 0;
}

fs::path ledger_file(const fs::path& study) {
  return study / "privacy" / "ledger.json";
}

Json to_json(const LedgerPart& part) {
  Json vectors = Json::array();
  for (std::size_t v = 0; v < kPrivateVectors; ++v) {
    const NoiseScale& scale = part.plan[v];
    if (scale.variance == 0) continue;
    vectors.push_back({{"vector", std::string(to_string(static_cast<PrivateVector>(v)))},
                       {"sensitivity2", scale.sensitivity2},
                       {"noise_variance", scale.variance},
                       {"rho", scale.rho()}});
  }
  return {{"source", part.source}, {"vectors", std::move(vectors)}};
}

Json to_json(const PrivacyLedger& ledger) {
  Json releases = Json::array();
  for (const LedgerRelease& release : ledger.releases) {
    Json parts = Json::array();
    for (const LedgerPart& part : release.parts) parts.push_back(to_json(part));
    releases.push_back({{"number", releases.size() + 1},
                        {"day", release.day},
                        {"kind", release.kind},
                        {"max_videos_per_uploader", release.most_videos},
                        {"max_contexts_per_video", release.most_contexts},
                        {"rho", release.rho()},
                        {"epsilon", epsilon_of_spent(release.rho(), ledger.budget.delta)},
                        {"parts", std::move(parts)}});
  }
  Json spent = {{"rho", ledger.rho()},
                {"epsilon", epsilon_of_spent(ledger.rho(), ledger.budget.delta)},
                {"delta", ledger.budget.delta}};
  return {{"format", kFormat},
          {"unit", "uploader, added or removed with all videos"},
          {"mechanism", "discrete Gaussian noise, zero-concentrated differential privacy"},
          {"budget",
           {{"epsilon", ledger.budget.epsilon},
            {"delta", ledger.budget.delta},
            {"rho", ledger.budget_rho()}}},
          {"spent", std::move(spent)},
          {"releases", std::move(releases)}};
}

// Throws nlohmann's exceptions where something is missing.
PrivacyLedger ledger_from(const Json& json) {
  PrivacyLedger ledger;
  ledger.budget = {json.at("budget").at("epsilon").get<double>(),
                   json.at("budget").at("delta").get<double>()};
  for (const Json& entry : json.at("releases")) {
    LedgerRelease release{entry.at("day").get<std::string>(),
                          entry.at("kind").get<std::string>(),
                          entry.at("max_videos_per_uploader").get<std::uint32_t>(),
                          entry.at("max_contexts_per_video").get<std::uint32_t>(),
                          {}};
    for (const Json& part_json : entry.at("parts")) {
      LedgerPart part{part_json.at("source").get<std::string>(), {}};
      for (const Json& vector : part_json.at("vectors")) {
        std::size_t v = 0;
        while (to_string(static_cast<PrivateVector>(v)) != vector.at("vector").get<std::string>()) {
          if (++v == kPrivateVectors) throw std::runtime_error("a vector of another name");
        }
        part.plan[v] = {vector.at("sensitivity2").get<std::uint64_t>(),
                        vector.at("noise_variance").get<std::uint64_t>()};
        if (part.plan[v].variance == 0) throw std::runtime_error("a vector without noise");
      }
      release.parts.push_back(std::move(part));
    }
    ledger.releases.push_back(std::move(release));
  }
  const DeclaredBudget& budget = ledger.budget;
  if (json.at("format") != kFormat || !(budget.epsilon > 0) || !(budget.delta > 0) ||
      !(budget.delta < 1)) {
    throw std::runtime_error("not its format");
  }
  return ledger;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Outputs of the study that are not private, for the reader to know of.
std::vector<std::string> ordinary_outputs(const fs::path& study) {
  std::vector<std::string> found;
  for (const char* name : {"maps", "compare", "report"}) {
    if (is_there(study / name)) found.emplace_back(name);
  }
  return found;
}

constexpr const char* kGuarantee =
    "The guarantee is that of what lies in the study's folder 'private', and of anything made of "
    "it "
    "alone. Whatever else of the study is given away (maps, comparisons, pages, tables, figures "
    "quoted from them) has no such guarantee and takes it from the uploaders whose videos it rests "
    "on.";

}  // namespace

double LedgerRelease::rho() const {
  double rho = 0;
  for (const LedgerPart& part : parts) rho += rho_of(part.plan);
  return rho;
}

double PrivacyLedger::rho() const {
  double rho = 0;
  for (const LedgerRelease& release : releases) rho += release.rho();
  return rho;
}

double PrivacyLedger::budget_rho() const {
  return rho_of(budget.epsilon, budget.delta);
}

fs::path private_folder(const fs::path& study) {
  return study / "private";
}

Result<std::optional<PrivacyLedger>> read_privacy_ledger(const fs::path& study) {
  const fs::path file = ledger_file(study);
  if (!is_there(file)) {
    if (!is_there(private_folder(study))) return std::optional<PrivacyLedger>{};
    return Error{ErrorCode::kCorrupt,
                 file.string() +
                     ": not there although the study has private maps, so what they "
                     "cost is unknown; remedy: bring the ledger back"};
  }
  MIEN_TRY(bytes, read_whole_file(file));
  try {
    return std::optional<PrivacyLedger>(ledger_from(parse_outside_json<Json>(bytes)));
  } catch (const std::exception& error) {
    return Error{ErrorCode::kCorrupt, file.string() + ": not a ledger that holds (" + error.what() +
                                          "); remedy: bring back the one that was there"};
  }
}

Result<PrivacyLedger> ledger_with(const fs::path& study, const DeclaredBudget& budget,
                                  const LedgerRelease& release) {
  MIEN_TRY(known, read_privacy_ledger(study));
  PrivacyLedger ledger{budget, {}};
  if (known) ledger = std::move(*known);
  if (ledger.budget.epsilon != budget.epsilon || ledger.budget.delta != budget.delta) {
    return Error{
        ErrorCode::kUsage,
        fmt::format("the study's budget was declared as epsilon {} and delta {}, and is "
                    "now {} and {}; remedy: a budget is declared once, go by the first",
                    ledger.budget.epsilon, ledger.budget.delta, budget.epsilon, budget.delta)};
  }
  const double before = ledger.rho();
  ledger.releases.push_back(release);
  const double allowed = ledger.budget_rho();
  if (ledger.rho() > allowed * (1 + 1e-12)) {
    return Error{
        ErrorCode::kUsage,
        fmt::format("the release would pass the study's budget: rho {:.6g} of {:.6g} is spent and "
                    "it costs {:.6g}; remedy: an epsilon of at most {:.4g}, or no further release",
                    before, allowed, release.rho(),
                    epsilon_of_spent(allowed - before, budget.delta))};
  }
  return ledger;
}

Result<std::size_t> spend_privacy(const fs::path& study, const DeclaredBudget& budget,
                                  const LedgerRelease& release) {
  MIEN_TRY(ledger, ledger_with(study, budget, release));
  MIEN_TRY_VOID(make_folders(ledger_file(study).parent_path()));
  MIEN_TRY_VOID(write_file_durably(ledger_file(study), to_json(ledger).dump(1) + "\n"));
  return ledger.releases.size();
}

Json privacy_json(const fs::path& study, const std::optional<PrivacyLedger>& ledger) {
  Json json = {{"released", ledger.has_value()}};
  if (ledger) json.update(to_json(*ledger));
  json["ordinary_outputs"] = ordinary_outputs(study);
  json["guarantee"] = kGuarantee;
  return json;
}

std::string privacy_text(const fs::path& study, const std::optional<PrivacyLedger>& ledger) {
  if (!ledger) return "no differentially private release of this study\n";
  std::string text =
      fmt::format("budget   epsilon {} at delta {} (rho {:.6g})\n", ledger->budget.epsilon,
                  ledger->budget.delta, ledger->budget_rho());
  const double rho = ledger->rho();
  text += fmt::format("spent    epsilon {:.4f} at delta {} (rho {:.6g}) in {} releases\n",
                      epsilon_of_spent(rho, ledger->budget.delta), ledger->budget.delta, rho,
                      ledger->releases.size());
  std::size_t number = 0;
  for (const LedgerRelease& release : ledger->releases) {
    text += fmt::format(
        "  {:3}  {}  {}  at most {} videos an uploader, {} contexts a video  rho {:.6g}\n",
        ++number, release.day, release.kind, release.most_videos, release.most_contexts,
        release.rho());
  }
  text += fmt::format("\n{}\n", kGuarantee);
  const std::vector<std::string> ordinary = ordinary_outputs(study);
  if (!ordinary.empty()) {
    text +=
        fmt::format("Of this study there are also, without it: {}\n", fmt::join(ordinary, ", "));
  }
  return text;
}

}  // namespace mien
