#include "survey/label_studio.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/outside_json.h"
#include "store/durable_file.h"

namespace mien {

namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson item(const std::string& name, const char* type, OrderedJson value) {
  return {{"from_name", name}, {"to_name", "video"}, {"type", type}, {"value", std::move(value)}};
}

OrderedJson annotation_of(const GivenAnswer& answer, const SurveyDefinition& definition,
                          std::size_t number, std::size_t rater) {
  OrderedJson result = OrderedJson::array();
  if (definition.kind == AnswerKind::kIntensity) {
    for (const auto& [label, value] : answer.values) {
      result.push_back(item(definition.labels[label].id, "number", {{"number", value}}));
    }
    if (answer.outcome == "none")
      result.push_back(item("none", "choices", {{"choices", {"none"}}}));
  } else if (!answer.values.empty()) {
    OrderedJson choices = OrderedJson::array();
    for (const auto& [label, value] : answer.values) choices.push_back(definition.labels[label].id);
    result.push_back(item("label", "choices", {{"choices", std::move(choices)}}));
  }
  if (answer.outcome == "cannot_tell") {
    result.push_back(item("cannot_tell", "choices", {{"choices", {"cannot_tell"}}}));
  }
  if (!answer.comment.empty()) {
    result.push_back(item("comment", "textarea", {{"text", {answer.comment}}}));
  }
  OrderedJson annotation = {{"id", number},
                            {"completed_by", {{"id", rater}, {"username", answer.rater}}},
                            {"was_cancelled", answer.outcome == "skipped"},
                            {"result", std::move(result)}};
  if (answer.response_ms.has_value()) {
    annotation["lead_time"] = static_cast<double>(*answer.response_ms) / 1000;
  }
  return annotation;
}

std::string name_of(const OrderedJson& completed_by) {
  if (completed_by.is_number_integer()) return completed_by.dump();
  if (!completed_by.is_object()) return "";
  for (const char* key : {"username", "email"}) {
    const auto found = completed_by.find(key);
    if (found != completed_by.end() && found->is_string() && !found->get<std::string>().empty()) {
      return found->get<std::string>();
    }
  }
  const auto id = completed_by.find("id");
  return id != completed_by.end() && id->is_number_integer() ? id->dump() : "";
}

std::string clip_of(const OrderedJson& data) {
  const auto text = [&](const char* key) {
    const auto found = data.find(key);
    return found != data.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (const std::string clip = text("clip"); !clip.empty()) return clip;
  return std::filesystem::path(text("video")).stem().string();
}

// Adds one item of a result; false: it is none that ratings have.
bool add_item(const OrderedJson& one, ImportedAnswer& to) {
  if (!one.is_object() || !one.contains("type") || !one.contains("value")) return false;
  const OrderedJson& value = one["value"];
  const std::string name =
      one.value("from_name", OrderedJson("")).is_string() ? one.value("from_name", "") : "";
  if (!one["type"].is_string() || !value.is_object()) return false;
  const std::string type = one["type"].get<std::string>();
  if (type == "choices") {
    if (!value.contains("choices") || !value["choices"].is_array()) return false;
    for (const OrderedJson& choice : value["choices"]) {
      if (!choice.is_string()) return false;
      const std::string label = choice.get<std::string>();
      if (name == "cannot_tell")
        to.outcome = "cannot_tell";
      else if (name == "none" && label == "none")
        to.outcome = "none";
      else
        to.values.emplace_back(label, 1);
    }
    return true;
  }
  if (type == "number" || type == "rating") {
    if (!value.contains(type) || !value[type].is_number()) return false;
    to.values.emplace_back(name, value[type].get<double>());
    return true;
  }
  if (type == "textarea") {
    const auto text = value.find("text");
    if (text == value.end()) return false;
    if (text->is_string())
      to.comment = text->get<std::string>();
    else if (text->is_array() && !text->empty() && (*text)[0].is_string())
      to.comment = (*text)[0].get<std::string>();
    else
      return false;
    return true;
  }
  return false;
}

}  // namespace

Status export_label_studio(SqliteDatabase& ratings, const SurveyDefinition& definition,
                           AnswerScope scope, const std::filesystem::path& path) {
  MIEN_TRY(answers, given_answers(ratings, definition, scope));
  std::map<std::string, std::vector<const GivenAnswer*>> by_clip;
  std::map<std::string_view, std::size_t> rater_number;
  for (const GivenAnswer& answer : answers) {
    by_clip[answer.clip].push_back(&answer);
    rater_number.try_emplace(answer.rater, rater_number.size() + 1);
  }
  return write_file_durably(path, [&](const ByteSink& sink) -> Status {
    std::size_t task = 0, annotation = 0;
    MIEN_TRY_VOID(sink("["));
    for (const auto& [clip, given] : by_clip) {
      OrderedJson annotations = OrderedJson::array();
      for (const GivenAnswer* answer : given) {
        annotations.push_back(
            annotation_of(*answer, definition, ++annotation, rater_number.at(answer->rater)));
      }
      const OrderedJson one = {{"id", ++task},
                               {"data", {{"clip", clip}, {"simulated", definition.simulated}}},
                               {"annotations", std::move(annotations)}};
      MIEN_TRY_VOID(sink((task > 1 ? ",\n" : "\n") + one.dump()));
    }
    return sink("\n]\n");
  });
}

Result<std::vector<ImportedAnswer>> parse_label_studio(std::string_view text,
                                                       const std::string& name) {
  const auto wrong = [&](std::size_t task, const std::string& what) {
    return Error{ErrorCode::kCorrupt,
                 fmt::format("{}: task {}: {}; remedy: export it from Label Studio as JSON", name,
                             task, what)};
  };
  const OrderedJson root = parse_outside_json<OrderedJson>(text);
  if (!root.is_array()) return wrong(1, "the file is no list of tasks");
  std::vector<ImportedAnswer> answers;
  std::map<std::pair<std::string, std::string>, std::int64_t> judged;
  std::size_t number = 0;
  for (const OrderedJson& task : root) {
    ++number;
    if (!task.is_object() || !task.contains("data") || !task["data"].is_object() ||
        !task.contains("annotations") || !task["annotations"].is_array()) {
      return wrong(number, "it has no data or no annotations");
    }
    for (const OrderedJson& annotation : task["annotations"]) {
      ImportedAnswer answer;
      answer.clip = clip_of(task["data"]);
      if (answer.clip.empty()) return wrong(number, "it names no clip and no video");
      if (!annotation.is_object() || !annotation.contains("completed_by") ||
          !annotation.contains("result") || !annotation["result"].is_array()) {
        return wrong(number, "an annotation has no completed_by or no result");
      }
      answer.rater = name_of(annotation["completed_by"]);
      if (answer.rater.empty() || answer.rater.size() > 200)
        return wrong(number, "completed_by names nobody");
      for (const OrderedJson& one : annotation["result"]) {
        if (!add_item(one, answer))
          return wrong(number, "a result is none of choices, number, rating and textarea");
      }
      const auto cancelled = annotation.find("was_cancelled");
      if (cancelled != annotation.end() && cancelled->is_boolean() && cancelled->get<bool>()) {
        answer.outcome = "skipped";
        answer.values.clear();
      }
      const auto lead = annotation.find("lead_time");
      if (lead != annotation.end() && lead->is_number()) {
        const double response = lead->get<double>() * 1000;
        if (response >= 0 && response < 1e12) answer.response_ms = std::llround(response);
      }
      answer.repeat = judged[{answer.rater, answer.clip}]++;
      answer.order = static_cast<double>(answers.size());
      answer.line = number;
      std::set<std::string> seen;
      for (const auto& [label, value] : answer.values) {
        if (!seen.insert(label).second)
          return wrong(number, "a label stands twice in one annotation");
      }
      answers.push_back(std::move(answer));
    }
  }
  return answers;
}

}  // namespace mien
