#include "pipeline/rate/reliability_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pipeline/study/json_values.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kListedRaters = 10;

Json measure(double estimate, double lower, double upper, const std::string& reason) {
  return {{"estimate", number(estimate)},
          {"lower", number(lower)},
          {"upper", number(upper)},
          {"reason", text_or_null(reason)}};
}

Json measure(const Measure& m) {
  return measure(m.estimate, m.lower, m.upper, m.reason);
}

Json icc_json(const LabelReliability& label) {
  const auto form = [&](const Interval& i) {
    return measure(i.estimate, i.lower, i.upper, label.icc_reason);
  };
  const IntraclassCorrelations& icc = label.icc;
  return {{"icc1", form(icc.icc1)},     {"icc2", form(icc.icc2)},      {"icc3", form(icc.icc3)},
          {"icc1k", form(icc.icc1k)},   {"icc2k", form(icc.icc2k)},    {"icc3k", form(icc.icc3k)},
          {"clips", label.block_clips}, {"raters", label.block_raters}};
}

Json label_json(const LabelReliability& label, const std::string& mean) {
  const CrossedComponents& parts = label.components;
  return {{"ratings", label.ratings},
          {"clips", label.clips},
          {"clips_rated_twice", label.clips_rated_twice},
          {"raters", label.raters},
          {mean, measure(label.mean)},
          {"alpha",
           {{"nominal", measure(label.alpha_nominal)},
            {"ordinal", measure(label.alpha_ordinal)},
            {"interval", measure(label.alpha_interval)},
            {"ratio", measure(label.alpha_ratio)}}},
          {"icc", icc_json(label)},
          {"kappa",
           {{"fleiss", measure(label.kappa_fleiss)},
            {"cohen",
             {{"estimate", number(label.kappa_cohen)},
              {"rater_pairs", label.rater_pairs},
              {"reason", text_or_null(label.kappa_cohen_reason)}}}}},
          {"split_half", measure(label.split_half)},
          {"reliability", measure(label.reliability)},
          {"ceiling", measure(label.ceiling)},
          {"components",
           {{"clip", number(parts.row)},
            {"rater", number(parts.column)},
            {"residual", number(parts.residual)},
            {"method", text_or_null(parts.method)},
            {"reason", text_or_null(parts.reason)}}}};
}

Json profile_json(const ReliabilityReport& report, const RaterProfile& profile) {
  Json bias = Json::object();
  for (std::size_t l = 0; l < report.labels.size(); ++l) {
    bias[report.labels[l].label] = number(profile.bias[l]);
  }
  return {{"clips", profile.clips},
          {"compared", profile.compared},
          {"agreement", number(profile.agreement)},
          {"drift", number(profile.drift)},
          {"drift_se", number(profile.drift_se)},
          {"repeats", profile.repeats},
          {"consistency", number(profile.consistency)},
          {"repeat_difference", number(profile.repeat_difference)},
          {"bias", bias}};
}

std::string cell(const Measure& m) {
  if (!std::isfinite(m.estimate)) return fmt::format("{:>20}", m.reason.empty() ? "-" : m.reason);
  if (!std::isfinite(m.lower)) return fmt::format("{:>20.3f}", m.estimate);
  return fmt::format("{:>20}",
                     fmt::format("{:.3f} [{:.3f}, {:.3f}]", m.estimate, m.lower, m.upper));
}

std::string number_or_dash(double value) {
  return std::isfinite(value) ? fmt::format("{:>8.3f}", value) : fmt::format("{:>8}", "-");
}

}  // namespace

Json to_json(const ReliabilityReport& report) {
  const bool choice = report.mode == RatingMode::kChoice;
  const std::string mean = choice ? "proportion" : "mean";
  Json labels = Json::object();
  for (const LabelReliability& label : report.labels) {
    labels[label.label] = label_json(label, mean);
  }
  Json profiles = Json::object();
  for (std::size_t r = 0; r < report.raters.size(); ++r) {
    profiles[report.raters[r]] = profile_json(report, report.profiles[r]);
  }
  Json groups = Json::array();
  for (const GroupAgreement& agreement : report.group_agreements) {
    groups.push_back({{"first", report.groups[agreement.first]},
                      {"second", report.groups[agreement.second]},
                      {"label", report.labels[agreement.label].label},
                      {"clips", agreement.clips},
                      {"r", number(agreement.r)},
                      {"corrected", number(agreement.corrected)},
                      {"reason", text_or_null(agreement.reason)}});
  }
  return {{"mode", choice ? "choice" : "value"},
          {"judgements", report.judgements},
          {"repeats", report.repeats},
          {"clips", report.clips.size()},
          {"raters", report.raters.size()},
          {"bootstrap", report.replicates},
          {"seed", report.seed},
          {"labels", labels},
          {"overall", report.overall.label.empty() ? Json() : label_json(report.overall, mean)},
          {"rater_profiles", profiles},
          {"group_agreements", groups}};
}

std::string to_text(const ReliabilityReport& report) {
  const bool choice = report.mode == RatingMode::kChoice;
  std::string text = fmt::format(
      "{} judgements ({} of them repeats) of {} clips by {} raters, {}\n\n{:<18} {:>8} {:>20} "
      "{:>20} "
      "{:>20} {:>20} {:>20}\n",
      report.judgements, report.repeats, report.clips.size(), report.raters.size(),
      choice ? "choices" : "values", "label", "clips", choice ? "proportion" : "mean",
      choice ? "alpha, nominal" : "alpha, interval", "split half", "reliability", "noise ceiling");
  for (const LabelReliability& label : report.labels) {
    text += fmt::format("{:<18} {:>8} {} {} {} {} {}\n", label.label, label.clips, cell(label.mean),
                        cell(choice ? label.alpha_nominal : label.alpha_interval),
                        cell(label.split_half), cell(label.reliability), cell(label.ceiling));
  }
  if (!report.overall.label.empty()) {
    text += fmt::format("\nthe label chosen, as one variable: alpha {}, Fleiss' kappa {}\n",
                        cell(report.overall.alpha_nominal), cell(report.overall.kappa_fleiss));
  }
  for (const GroupAgreement& agreement : report.group_agreements) {
    text += fmt::format("{} and {}, {}: r {} over {} clips, corrected for noise {} {}\n",
                        report.groups[agreement.first], report.groups[agreement.second],
                        report.labels[agreement.label].label, number_or_dash(agreement.r),
                        agreement.clips, number_or_dash(agreement.corrected), agreement.reason);
  }
  std::vector<std::size_t> raters;
  for (std::size_t r = 0; r < report.raters.size(); ++r) {
    if (std::isfinite(report.profiles[r].agreement)) raters.push_back(r);
  }
  std::ranges::stable_sort(raters, {}, [&](std::size_t r) { return report.profiles[r].agreement; });
  if (raters.size() > kListedRaters) raters.resize(kListedRaters);
  if (!raters.empty()) {
    text +=
        fmt::format("\nraters who agree least with the others\n{:<18} {:>8} {:>9} {:>8} {:>8}\n",
                    "rater", "clips", "agreement", "drift", "repeats alike");
  }
  for (const std::size_t r : raters) {
    const RaterProfile& profile = report.profiles[r];
    text += fmt::format("{:<18} {:>8} {:>9.3f} {} {}\n", report.raters[r], profile.clips,
                        profile.agreement, number_or_dash(profile.drift),
                        number_or_dash(profile.consistency));
  }
  text += fmt::format(
      "\nIntervals: 95%, {} resamples of clips and raters, seed {}. All measures: --json.\n"
      "They tell how far these raters agree about these clips, not what anyone felt.\n",
      report.replicates, report.seed);
  return text;
}

Json to_json(const std::vector<ViewComparison>& views) {
  Json all = Json::object();
  for (const ViewComparison& view : views) {
    all[view.label] = {{"pairs", view.pairs},
                       {"face", measure(view.face)},
                       {"scene", measure(view.scene)},
                       {"difference", measure(view.difference)},
                       {"r", measure(view.r)},
                       {"corrected", number(view.corrected)},
                       {"corrected_reason", text_or_null(view.corrected_reason)}};
  }
  return all;
}

std::string to_text(const std::vector<ViewComparison>& views) {
  if (views.empty()) return "";
  std::string text = fmt::format(
      "\nthe same moments in two views, the face alone and the scene\n{:<18} {:>8} {:>20} {:>20} "
      "{:>20} {:>20} {:>9}\n",
      "label", "moments", "face", "scene", "scene - face", "r of means", "corrected");
  for (const ViewComparison& view : views) {
    text += fmt::format("{:<18} {:>8} {} {} {} {} {} {}\n", view.label, view.pairs, cell(view.face),
                        cell(view.scene), cell(view.difference), cell(view.r),
                        number_or_dash(view.corrected), view.corrected_reason);
  }
  return text;
}

}  // namespace mien
