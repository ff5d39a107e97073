#include "survey/definition.h"

#include <set>

#include "base/sha256.h"
#include "store/durable_file.h"
#include "survey/clip_options_reader.h"
#include "survey/definition_reader.h"

namespace mien {

namespace {

constexpr std::size_t kMostLabels = 500;
constexpr std::size_t kMostLanguages = 50;
constexpr std::size_t kMostGroups = 200;
constexpr std::size_t kMostCatches = 10'000;
constexpr std::size_t kLongestText = 20'000;

// The page's own words, which a study may give in its languages (web/src/rate/words.ts).
constexpr std::array<std::string_view, 33> kInterfaceKeys = {
    "agree",          "another",        "answered",         "cannot_tell",  "clip",
    "closed",         "comment",        "confirm_withdraw", "decline",      "declined",
    "decrease_speed", "increase_speed", "invitation",       "labels",       "leave",
    "no_clip",        "none",           "nothing_left",     "offline",      "pause",
    "paused",         "play",           "progress",         "session_done", "simulated",
    "skip",           "stop",           "stopped",          "submit",       "undo",
    "watch",          "withdraw",       "withdrawn"};

bool is_language(std::string_view code) {
  return code.size() >= 2 && code.size() <= 20 && std::ranges::all_of(code, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-';
         });
}

class Reader {
 public:
  Reader(std::string file, const toml::table& root)
      : file_(std::move(file)), root_(file_, root, "rating.toml") {}

  Result<SurveyDefinition> read() {
    root_.truth("simulated", to_.simulated);
    root_.text("contact", to_.contact);
    root_.texts("languages", to_.languages, kMostLanguages);
    check_languages();
    MIEN_TRY_VOID(read_texts());
    MIEN_TRY_VOID(read_interface());
    MIEN_TRY_VOID(read_answers());
    MIEN_TRY_VOID(read_labels());
    MIEN_TRY_VOID(read_plan());
    MIEN_TRY_VOID(read_pay());
    MIEN_TRY_VOID(read_groups());
    MIEN_TRY_VOID(read_catches());
    MIEN_TRY_VOID(read_clips());
    MIEN_TRY_VOID(root_.finish());
    return std::move(to_);
  }

 private:
  void check_languages() {
    if (to_.languages.empty()) {
      root_.fail("there are no languages", "languages = [\"en\"]");
      to_.languages = {"en"};
    }
    std::set<std::string> seen;
    for (const std::string& language : to_.languages) {
      if (!is_language(language) || !seen.insert(language).second) {
        root_.fail(fmt::format("'{}' is no language code, or stands there twice", language),
                   "codes such as \"en\", \"ar\" or \"zh-Hant\", each once");
      }
    }
  }

  // A table with one text a language, all of them there.
  Status read_wordings(const toml::node& node, const std::string& where, Wordings& to,
                       std::size_t longest) {
    StrictTable table(file_, node, where);
    for (const std::string& language : to_.languages) {
      std::string text;
      table.text(language, text, longest);
      if (text.empty()) {
        table.fail(fmt::format("there is no wording in '{}'", language),
                   "give one for each of the study's languages");
      }
      to[language] = std::move(text);
    }
    return table.finish();
  }

  Status read_texts() {
    const toml::node* node = root_.node("texts");
    if (node == nullptr) {
      root_.fail("there are no texts", "a table [texts.en] with title, instructions and consent");
      return Ok{};
    }
    StrictTable all(file_, *node, "texts");
    for (const std::string& language : to_.languages) {
      const toml::node* own = all.node(language);
      if (own == nullptr) {
        all.fail(fmt::format("there are none in '{}'", language),
                 fmt::format("write [texts.{}]", language));
        continue;
      }
      StrictTable table(file_, *own, "texts." + language);
      SurveyTexts& texts = to_.texts[language];
      table.text("title", texts.title);
      table.text("instructions", texts.instructions, kLongestText);
      table.text("consent", texts.consent, kLongestText);
      table.text("warning", texts.warning, kLongestText);
      if (texts.title.empty() || texts.instructions.empty() || texts.consent.empty()) {
        table.fail("title, instructions or consent is missing",
                   "raters agree to what they have read: give all three");
      }
      MIEN_TRY_VOID(table.finish());
    }
    return all.finish();
  }

  Status read_interface() {
    const toml::node* node = root_.node("interface");
    if (node == nullptr) return Ok{};
    StrictTable all(file_, *node, "interface");
    for (const std::string& language : to_.languages) {
      const toml::node* own = all.node(language);
      if (own == nullptr) continue;
      StrictTable table(file_, *own, "interface." + language);
      for (const std::string_view key : kInterfaceKeys) {
        std::string text;
        table.text(key, text);
        if (!text.empty()) to_.interface[language][std::string(key)] = std::move(text);
      }
      MIEN_TRY_VOID(table.finish());
    }
    return all.finish();
  }

  Status read_answers() {
    const toml::node* node = root_.node("answers");
    if (node == nullptr) return Ok{};
    StrictTable table(file_, *node, "answers");
    std::string choice = "single";
    table.text("choice", choice);
    if (choice == "multiple") {
      to_.kind = AnswerKind::kMultiple;
    } else if (choice == "intensity") {
      to_.kind = AnswerKind::kIntensity;
      to_.steps = 5;
    } else if (choice != "single") {
      table.fail(fmt::format("choice = '{}' is not known", choice),
                 "single, multiple or intensity");
    }
    const bool has_steps = table.node("steps") != nullptr;
    table.whole("steps", to_.steps, 2, 9);
    if (has_steps && to_.kind != AnswerKind::kIntensity) {
      table.fail("steps are of an intensity scale", "choice = \"intensity\", or no steps");
    }
    table.truth("none", to_.none);
    table.truth("cannot_tell", to_.cannot_tell);
    table.truth("free_text", to_.free_text);
    return table.finish();
  }

  Status read_labels() {
    std::set<std::string> seen;
    for (const toml::node* node : root_.entries("labels", kMostLabels)) {
      StrictTable table(file_, *node, "labels");
      SurveyLabel label;
      table.text("id", label.id, 100);
      if (label.id.empty() || !seen.insert(label.id).second) {
        table.fail("the id is missing or stands there twice", "an id of its own for each label");
      }
      const toml::node* words = table.node("words");
      if (words == nullptr) {
        table.fail("there are no words", "words.en = \"...\"");
      } else {
        MIEN_TRY_VOID(read_wordings(*words, "labels.words", label.words, 400));
      }
      if (const toml::node* descriptions = table.node("description")) {
        MIEN_TRY_VOID(read_wordings(*descriptions, "labels.description", label.descriptions, 2000));
      }
      MIEN_TRY_VOID(table.finish());
      to_.labels.push_back(std::move(label));
    }
    if (to_.labels.empty()) root_.fail("there are no labels", "[[labels]] with id and words");
    return Ok{};
  }

  Status read_plan() {
    const toml::node* node = root_.node("plan");
    if (node == nullptr) return Ok{};
    StrictTable table(file_, *node, "plan");
    table.whole("ratings_per_clip", to_.ratings_per_clip, 1, 10'000);
    table.whole("session_clips", to_.session_clips, 1, 10'000);
    table.whole("sessions", to_.sessions, 1, 1000);
    table.whole("catch_every", to_.catch_every, 0, 10'000);
    table.whole("repeat_every", to_.repeat_every, 0, 10'000);
    table.whole("repeat_gap", to_.repeat_gap, 1, 10'000);
    table.number("lease_s", to_.lease_s, 1, 864'000);
    table.number("minimum_viewing_s", to_.minimum_viewing_s, 0, 600);
    table.number("speeder_s", to_.speeder_s, 0, 600);
    std::int64_t seed = 1;
    table.whole("seed", seed, 0, std::numeric_limits<std::int64_t>::max());
    to_.seed = static_cast<std::uint64_t>(seed);
    if (to_.catch_every == 1 || to_.repeat_every == 1) {
      table.fail("every clip would be a catch or a repeat", "one among at least 2");
    }
    return table.finish();
  }

  Status read_pay() {
    const toml::node* node = root_.node("pay");
    if (node == nullptr) return Ok{};
    StrictTable table(file_, *node, "pay");
    table.number("amount", to_.pay_amount, 0, 1e9);
    table.text("currency", to_.pay_currency, 20);
    if (to_.pay_amount > 0 && to_.pay_currency.empty()) {
      table.fail("an amount without a currency", "currency = \"EUR\"");
    }
    return table.finish();
  }

  Status read_groups() {
    std::set<std::string> seen;
    for (const toml::node* node : root_.entries("groups", kMostGroups)) {
      StrictTable table(file_, *node, "groups");
      SurveyGroup group;
      group.language = to_.languages.front();
      table.text("name", group.name, 100);
      table.text("language", group.language, 20);
      table.whole("ratings_per_clip", group.ratings_per_clip, 1, 10'000);
      table.whole("most_raters", group.most_raters, 1, 10'000'000);
      if (group.name.empty() || !seen.insert(group.name).second) {
        table.fail("the name is missing or stands there twice", "a name of its own for each group");
      }
      if (std::ranges::find(to_.languages, group.language) == to_.languages.end()) {
        table.fail(fmt::format("'{}' is none of the study's languages", group.language),
                   "add it to languages, with its texts");
      }
      MIEN_TRY_VOID(table.finish());
      to_.groups.push_back(std::move(group));
    }
    const auto with_target = std::ranges::count_if(
        to_.groups, [](const SurveyGroup& group) { return group.ratings_per_clip > 0; });
    if (with_target != 0 && static_cast<std::size_t>(with_target) != to_.groups.size()) {
      root_.fail("some groups have a target and some have none",
                 "ratings_per_clip in all [[groups]] or in none");
    }
    if (to_.groups.empty()) to_.groups.push_back({"all", to_.languages.front(), 0, 0});
    return Ok{};
  }

  Status read_catches() {
    for (const toml::node* node : root_.entries("catch", kMostCatches)) {
      StrictTable table(file_, *node, "catch");
      CatchClip clip;
      table.text("clip", clip.clip, 400);
      table.texts("expected", clip.expected, kMostLabels);
      if (clip.clip.empty() || clip.expected.empty()) {
        table.fail("clip or expected is missing", "clip = \"ID\" and expected = [\"LABEL\"]");
      }
      for (const std::string& label : clip.expected) {
        if (to_.label_at(label) < 0) {
          table.fail(fmt::format("the label '{}' is not offered", label), "name ids of [[labels]]");
        }
      }
      MIEN_TRY_VOID(table.finish());
      to_.catches.push_back(std::move(clip));
    }
    if (to_.catch_every > 0 && to_.catches.empty()) {
      root_.fail("catch_every without a catch clip",
                 "[[catch]] with clip and expected, or no catch_every");
    }
    return Ok{};
  }

  Status read_clips() {
    const toml::node* node = root_.node("clips");
    if (node == nullptr) return Ok{};
    StrictTable table(file_, *node, "clips");
    each_clip_option(to_.clips, ClipOptionsReader{table});
    return table.finish();
  }

  std::string file_;
  StrictTable root_;
  SurveyDefinition to_;
};

}  // namespace

std::string_view to_string(AnswerKind kind) {
  switch (kind) {
    case AnswerKind::kSingle:
      return "single";
    case AnswerKind::kMultiple:
      return "multiple";
    default:
      return "intensity";
  }
}

int SurveyDefinition::label_at(std::string_view id) const {
  const auto found = std::ranges::find(labels, id, &SurveyLabel::id);
  return found == labels.end() ? -1 : static_cast<int>(found - labels.begin());
}

const SurveyGroup* SurveyDefinition::group(std::string_view name) const {
  const auto found = std::ranges::find(groups, name, &SurveyGroup::name);
  return found == groups.end() ? nullptr : &*found;
}

bool SurveyDefinition::groups_have_targets() const {
  return !groups.empty() && groups.front().ratings_per_clip > 0;
}

std::string SurveyDefinition::answers_fingerprint() const {
  std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}\n", to_string(kind), steps, none, cannot_tell, simulated);
  for (const SurveyLabel& label : labels) text += label.id + "\n";
  return sha256_of_bytes(text);
}

Result<SurveyDefinition> parse_survey_definition(std::string_view text, const std::string& name) {
  toml::table root;
  try {
    root = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::kCorrupt, fmt::format("{}: line {}: {}; remedy: write TOML", name,
                                                  error.source().begin.line, error.description())};
  }
  return Reader(name, root).read();
}

Result<SurveyDefinition> read_survey_definition(const std::filesystem::path& study) {
  const std::filesystem::path file = rating_folder(study) / "rating.toml";
  auto text = read_whole_file(file);
  if (!text.ok()) {
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) return std::move(text).error();
    return Error{ErrorCode::kNotFound,
                 file.string() +
                     ": there is no rating study yet; remedy: mien rate prepare --study " +
                     study.string() + ", then mien rate template > " + file.string() +
                     " and write down there what is asked"};
  }
  return parse_survey_definition(*text, file.string());
}

std::filesystem::path rating_folder(const std::filesystem::path& study) {
  return study / "rating";
}

}  // namespace mien
