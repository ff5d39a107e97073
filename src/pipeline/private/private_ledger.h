// STUDY/privacy/ledger.json: what differentially private releases of a study have cost, all
// together. A release is entered, durably, before its noise is drawn; what is entered is spent,
// whatever becomes of the release. Nothing in it depends on a video. A copy of a study's folder has
// the same uploaders and must not spend on its own.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/private/private_declaration.h"
#include "stats/private_sums.h"

namespace mien {

// The vectors of one source, with their noise.
struct LedgerPart {
  std::string source;
  PrivatePlan plan{};
};

struct LedgerRelease {
  std::string day;  // YYYY-MM-DD, UTC
  std::string kind;
  std::uint32_t most_videos = 0;
  std::uint32_t most_contexts = 0;
  std::vector<LedgerPart> parts;

  double rho() const;
};

struct PrivacyLedger {
  DeclaredBudget budget;
  std::vector<LedgerRelease> releases;

  double rho() const;         // spent
  double budget_rho() const;  // may be spent
};

std::filesystem::path private_folder(const std::filesystem::path& study);  // STUDY/private

// nullopt: nothing was released. kCorrupt where the ledger does not hold, or is not there although
// private maps are: what was spent is then unknown.
Result<std::optional<PrivacyLedger>> read_privacy_ledger(const std::filesystem::path& study);

// The ledger as it would be with a release more; writes nothing. kUsage where it would pass the
// budget, or where another budget is declared than before.
Result<PrivacyLedger> ledger_with(const std::filesystem::path& study, const DeclaredBudget& budget,
                                  const LedgerRelease& release);

// Enters a release. Its number, from 1. The caller holds the study's lock.
Result<std::size_t> spend_privacy(const std::filesystem::path& study, const DeclaredBudget& budget,
                                  const LedgerRelease& release);

// What `mien privacy` says.
nlohmann::ordered_json privacy_json(const std::filesystem::path& study,
                                    const std::optional<PrivacyLedger>& ledger);
std::string privacy_text(const std::filesystem::path& study,
                         const std::optional<PrivacyLedger>& ledger);

}  // namespace mien
