#include "pipeline/panels/confound_panels.h"

#include <algorithm>
#include <set>

#include "pipeline/study/json_values.h"
#include "stats/context_order.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kGroupSize = 20;  // contexts exchanged together in panel (e)
constexpr int kNullPermutations = 999;

std::set<std::string> words_of(const std::string& name) {
  std::set<std::string> words;
  std::string word;
  for (const char c : name + " ") {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z')) {
      word += static_cast<char>(upper ? c - 'A' + 'a' : c);
      continue;
    }
    if (!word.empty()) words.insert(word);
    word.clear();
  }
  return words;
}

ContextMaps without(const ContextMaps& maps, const std::vector<std::size_t>& left_out) {
  const std::set<std::size_t> gone(left_out.begin(), left_out.end());
  ContextMaps rest{maps.regions, {}, maps.expressions, maps.cells, {}, {}};
  for (std::size_t c = 0; c < maps.contexts.size(); ++c) {
    if (gone.contains(c)) continue;
    for (std::size_t g = 0; g < maps.cells.size(); ++g) {
      rest.cells[g].row(static_cast<Eigen::Index>(rest.contexts.size())) =
          maps.cells[g].row(static_cast<Eigen::Index>(c));
    }
    rest.contexts.push_back(maps.contexts[c]);
  }
  for (Matrix& cells : rest.cells) {
    cells.conservativeResize(static_cast<Eigen::Index>(rest.contexts.size()), Eigen::NoChange);
  }
  return rest;
}

Json expression_words(const Comparison& comparison) {
  const std::vector<std::size_t> named = contexts_named_as_expressions(comparison.maps);
  Json names = Json::array();
  for (const std::size_t c : named) names.push_back(comparison.maps.contexts[c]);
  const ContextMaps rest = without(comparison.maps, named);
  return {{"contexts_named_as_expressions", std::move(names)},
          {"mean_r_with", number(comparison.pairwise.mean_r)},
          {"mean_r_without",
           rest.contexts.empty() ? Json() : number(pairwise_similarity(rest).mean_r)}};
}

Json group_null(const Comparison& comparison) {
  const ContextNull null =
      context_group_null(comparison.maps, similar_contexts_together(comparison.maps), kGroupSize,
                         std::min(comparison.options.permutations, kNullPermutations),
                         Random(comparison.options.seed).fork(200).next_u64());
  return {{"null",
           "every region's contexts exchanged in groups of 20 similar ones (leaf order of average "
           "linkage); single rows would be too lenient"},
          {"contexts", null.contexts},
          {"groups", null.groups},
          {"mean_r", number(null.test.observed)},
          {"null_mean", number(null.null_mean)},
          {"null_sd", number(null.null_sd)},
          {"p", number(null.test.p)},
          {"permutations", null.test.permutations},
          {"reason", null.test.reason.empty() ? Json() : Json(null.test.reason)}};
}

Json all_of(const std::vector<SourceComparison>& comparisons) {
  Json list = Json::array();
  for (const SourceComparison& comparison : comparisons) list.push_back(to_json(comparison));
  return list;
}

}  // namespace

std::vector<std::size_t> contexts_named_as_expressions(const ContextMaps& maps) {
  std::set<std::string> expressions;
  for (const std::string& expression : maps.expressions) {
    for (const std::string& word : words_of(expression)) {
      expressions.insert(word);
      expressions.insert(word + "s");
    }
  }
  std::vector<std::size_t> named;
  for (std::size_t c = 0; c < maps.contexts.size(); ++c) {
    const std::set<std::string> words = words_of(maps.contexts[c]);
    if (std::any_of(words.begin(), words.end(),
                    [&](const std::string& word) { return expressions.contains(word); })) {
      named.push_back(c);
    }
  }
  return named;
}

std::vector<ConfoundPanel> confound_panels(const PanelInputs& inputs) {
  const Comparison& main = *inputs.main;
  const std::string videos = inputs.has_videos ? "" : "published maps hold no videos; ";
  std::vector<ConfoundPanel> panels;
  const auto possible = [&](char id, const std::string& title, Json result) {
    panels.push_back({id, title, "", std::move(result)});
  };
  const auto not_possible = [&](char id, const std::string& title, const std::string& needs) {
    panels.push_back({id, title, videos + "it needs " + needs, Json()});
  };

  const auto of_videos = [&](char id, const std::string& title, const VideoPanel& panel) {
    if (!inputs.has_videos) {
      panels.push_back({id, title, "published maps hold no videos", Json()});
    } else {
      panels.push_back({id, title, panel.not_possible, panel.result});
    }
  };

  const std::string masked = "contexts from frames with faces visible, masked, and patches masked";
  const VideoPanel& by_video = inputs.videos.masking;
  const bool has_videos = inputs.has_videos && by_video.not_possible.empty();
  if (inputs.masked.empty() && !has_videos) {
    not_possible(
        'a', masked,
        "the sources visual_visible and visual_patches beside visual (mien annotate --contexts "
        "--faces masked,visible,patches)");
  } else {
    possible(
        'a', masked,
        {{"maps", inputs.masked.empty() ? Json("no maps of a second arm") : all_of(inputs.masked)},
         {"of_the_videos", has_videos ? by_video.result : Json(by_video.not_possible)}});
  }
  possible('b', "contexts whose names are expression words, in and out", expression_words(main));
  if (inputs.other_source) {
    possible('c', "text against visual contexts", to_json(*inputs.other_source));
  } else {
    panels.push_back({'c', "text against visual contexts",
                      "it needs maps of both visual and text contexts", Json()});
  }
  of_videos('d', "face size, pose, sharpness, brightness, skin tone, speaking",
            inputs.videos.appearance);
  Json by_chance = group_null(main);
  if (inputs.has_videos) {
    const VideoPanel& exchanged = inputs.videos.exchanged;
    by_chance["of_the_videos"] =
        exchanged.not_possible.empty() ? exchanged.result : Json(exchanged.not_possible);
  }
  possible('e', "permutation null", std::move(by_chance));
  of_videos('f', "score distribution and error per group of people", inputs.videos.groups);
  if (inputs.without_country.is_null()) {
    not_possible('g', "leave one country out",
                 "the statistics that `mien associate` stores, with two countries in a region");
  } else {
    possible('g', "leave one country out", inputs.without_country);
  }
  const std::string raters = "rater groups, and emotion words against the action channel";
  if (inputs.channels.empty()) {
    not_possible('h', raters, "maps of a second channel, or of one model per rater group");
  } else {
    possible('h', raters, all_of(inputs.channels));
  }
  const std::string crops = "crops filled outside the face, and landmarks only";
  if (inputs.crops.empty()) {
    not_possible('i', crops, "the channels labelfilled or labellandmarks beside label");
  } else {
    possible('i', crops, all_of(inputs.crops));
  }
  of_videos('j', "near-duplicate videos across regions, in and out", inputs.videos.duplicates);
  of_videos('k', "one language across regions", inputs.videos.language);
  return panels;
}

nlohmann::ordered_json to_json(const std::vector<ConfoundPanel>& panels) {
  Json map = Json::object();
  for (const ConfoundPanel& panel : panels) {
    map[std::string(1, panel.id)] = {
        {"title", panel.title},
        {"possible", panel.not_possible.empty()},
        {"reason", panel.not_possible.empty() ? Json() : Json(panel.not_possible)},
        {"result", panel.result}};
  }
  return map;
}

}  // namespace mien
