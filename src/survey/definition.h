// What a rating study asks, of whom and how often: STUDY/rating/rating.toml (docs/rating-study.md).
//
// Strict: an unknown key, a value of another kind and a wording that is missing in one of the
// study's languages are errors that name file, line and remedy. Texts are UTF-8.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "survey/clip_options.h"

namespace mien {

using Wordings = std::map<std::string, std::string>;  // by language

enum class AnswerKind { kSingle, kMultiple, kIntensity };
std::string_view to_string(AnswerKind kind);  // "single", "multiple", "intensity"

struct SurveyLabel {
  std::string id;  // as tables name it
  Wordings words;  // as raters see it
  Wordings descriptions;
};

struct SurveyTexts {
  std::string title, instructions, consent, warning;
};

struct SurveyGroup {
  std::string name;
  std::string language;
  std::int64_t ratings_per_clip = 0;  // 0: the groups share the study's own target
  std::int64_t most_raters = 0;       // 0: any number
};

struct CatchClip {
  std::string clip;
  std::vector<std::string> expected;  // an answer with any of them passes
};

struct SurveyDefinition {
  bool simulated = false;
  std::string contact;
  std::vector<std::string> languages;  // the first stands in for wordings of the page that lack
  std::map<std::string, SurveyTexts> texts;
  std::map<std::string, Wordings> interface;  // the page's own words: language, key, wording

  AnswerKind kind = AnswerKind::kSingle;
  std::int64_t steps = 0;  // of the intensity scale, 1..steps; 0 is "not at all"
  bool none = true;        // "none of these": every label was seen and passed over
  bool cannot_tell = true;
  bool free_text = false;
  std::vector<SurveyLabel> labels;

  std::int64_t ratings_per_clip = 12;
  std::int64_t session_clips = 60;
  std::int64_t sessions = 1;      // that one rater may do
  std::int64_t catch_every = 0;   // one catch clip among so many; 0: none
  std::int64_t repeat_every = 0;  // one repeated clip among so many; 0: none
  std::int64_t repeat_gap = 10;   // clips between the first showing and the second, at least
  double lease_s = 900;
  double minimum_viewing_s = 1;
  double speeder_s = 0.8;  // a median response below it is pointed out
  std::uint64_t seed = 1;
  double pay_amount = 0;  // of one session
  std::string pay_currency;

  std::vector<SurveyGroup> groups;  // at least one
  std::vector<CatchClip> catches;
  ClipOptions clips;  // how they are chosen and shown

  int label_at(std::string_view id) const;  // -1: not offered
  const SurveyGroup* group(std::string_view name) const;
  bool groups_have_targets() const;
  // What answers depend on: with answers at hand it may not change.
  std::string answers_fingerprint() const;
};

Result<SurveyDefinition> parse_survey_definition(std::string_view toml, const std::string& name);
Result<SurveyDefinition> read_survey_definition(const std::filesystem::path& study);

std::filesystem::path rating_folder(const std::filesystem::path& study);  // STUDY/rating

}  // namespace mien
