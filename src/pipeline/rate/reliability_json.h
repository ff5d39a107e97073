// What a rating study's reliability came out as, for programs and for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rating/reliability.h"
#include "rating/view_comparison.h"

namespace mien {

// {mode, judgements, repeats, clips, raters, bootstrap, seed,
//  labels: {LABEL: {ratings, clips, raters, mean, alpha: {nominal, ordinal, interval, ratio},
//    icc: {icc1, icc2, icc3, icc1k, icc2k, icc3k, clips, raters}, kappa: {fleiss, cohen},
//    split_half, reliability, ceiling, components}}, overall, rater_profiles: {RATER: {...}},
//  group_agreements: [...]}. A measure is {estimate, lower, upper, reason}; null: not estimable.
nlohmann::ordered_json to_json(const ReliabilityReport& report);

// A table, a label a line.
std::string to_text(const ReliabilityReport& report);

// {LABEL: {pairs, face, scene, difference, r: measures as above, corrected, corrected_reason}}.
nlohmann::ordered_json to_json(const std::vector<ViewComparison>& views);
std::string to_text(const std::vector<ViewComparison>& views);  // empty where there are none

}  // namespace mien
