// What raters' pages ask.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "serve/messages.h"
#include "serve/rating_api.h"
#include "survey/rating_database.h"

namespace mien {

namespace {

constexpr std::size_t kMostAnswers = 200;  // in one request
constexpr std::string_view kClips = "/api/clips/";

bool is_answer_id(std::string_view id) {
  return id.size() >= 16 && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// An answer as pages send it; nullopt: malformed.
std::optional<RaterAnswer> answer_of(const nlohmann::json& object) {
  constexpr std::array<std::string_view, 11> kKeys = {
      "id",        "place",        "outcome", "values",  "comment", "response_ms",
      "viewed_ms", "viewed_fully", "speed",   "revises", "at_ms"};
  if (!object.is_object()) return std::nullopt;
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(kKeys, key) == kKeys.end()) return std::nullopt;
  }
  bool wrong = false;
  RaterAnswer answer;
  answer.id = text_of(object, "id", wrong);
  answer.revises = text_of(object, "revises", wrong);
  answer.comment = text_of(object, "comment", wrong, 20'000);
  answer.response_ms = whole_of(object, "response_ms", wrong);
  answer.viewed_ms = whole_of(object, "viewed_ms", wrong);
  answer.viewed_fully = truth_of(object, "viewed_fully", wrong);
  answer.speed = number_of(object, "speed", 1, wrong);
  const auto place = whole_of(object, "place", wrong);
  const std::string outcome = text_of(object, "outcome", wrong);
  bool known = false;
  for (const AnswerOutcome one : {AnswerOutcome::kRated, AnswerOutcome::kNone,
                                  AnswerOutcome::kCannotTell, AnswerOutcome::kSkipped}) {
    if (outcome != to_string(one)) continue;
    answer.outcome = one;
    known = true;
  }
  if (const auto values = object.find("values"); values != object.end()) {
    if (!values->is_object()) return std::nullopt;
    for (const auto& [label, value] : values->items()) {
      if (!value.is_number()) return std::nullopt;
      answer.values.emplace_back(label, value.get<double>());
    }
  }
  if (wrong || !known || !place.has_value() || !is_answer_id(answer.id)) return std::nullopt;
  answer.place = *place;
  return answer;
}

HttpResponse malformed() {
  return refusal(400, "malformed", "the body is not what this request takes");
}

}  // namespace

Result<HttpResponse> RatingApi::join(const HttpRequest& request, std::int64_t now) {
  if (request.method != "POST") return refusal(405, "method", "send it with POST");
  const auto body = object_of(request.body, {"invitation"});
  bool wrong = !body.has_value();
  const std::string invitation = wrong ? "" : text_of(*body, "invitation", wrong);
  if (wrong || invitation.empty()) return malformed();
  auto joined = desk_->join(invitation, now);
  if (joined.ok()) return json_response({{"rater", joined->id}, {"token", joined->token}});
  const Error& error = joined.error();
  if (error.code == ErrorCode::kNotFound) return refusal(403, "no_invitation", error.message);
  if (error.code == ErrorCode::kBusy) return refusal(403, "group_full", error.message);
  return std::move(joined).error();
}

Result<HttpResponse> RatingApi::for_rater(const HttpRequest& request, const std::string& rater,
                                          std::int64_t now) {
  const std::string& path = request.path;
  if (request.method != "POST") {
    if (path == "/api/study") return study_for(rater);
    if (path.starts_with(kClips)) return clip_for(path, rater, now);
    return refusal(404, "not_found", "there is nothing here");
  }
  if (path == "/api/answers") return take_answers(request, rater, now);
  const auto body = object_of(request.body, {"agreed", "delete"});
  if (!body.has_value()) return malformed();
  bool wrong = false;
  if (path == "/api/consent") {
    if (!truth_of(*body, "agreed", wrong)) return malformed();
    MIEN_TRY_VOID(desk_->consent(rater, now));
    return view_for(rater, now);
  }
  if (path == "/api/next") return view_for(rater, now);
  if (path == "/api/session") {
    MIEN_TRY_VOID(desk_->begin_session(rater, now));
    return view_for(rater, now);
  }
  if (path == "/api/stop") {
    MIEN_TRY_VOID(desk_->stop(rater, now));
    return view_for(rater, now);
  }
  if (path == "/api/withdraw") {
    if (!truth_of(*body, "delete", wrong)) return malformed();
    MIEN_TRY_VOID(desk_->withdraw(rater, forgotten_.mark_of(rater), now));
    settle_after_ = true;
    return json_response({{"state", "withdrawn"}});
  }
  return refusal(404, "not_found", "there is nothing here");
}

RatingApi::Json RatingApi::view_json(const RaterView& view) const {
  Json lent = Json::array();
  for (const LentClip& one : view.lent) {
    const SurveyClip& clip = clips_.clips()[one.clip];
    lent.push_back({{"place", one.place},
                    {"duration_s", clip.duration_s},
                    {"mp4", !clip.mp4.empty()},
                    {"webm", !clip.webm.empty()},
                    {"warning", clip.warning}});
  }
  return {{"state", to_string(view.state)},
          {"clips", std::move(lent)},
          {"answered", view.answered},
          {"session_clips", view.session_clips},
          {"sessions_left", view.sessions_left}};
}

Result<HttpResponse> RatingApi::view_for(const std::string& rater, std::int64_t now) {
  MIEN_TRY(view, desk_->next(rater, now));
  return json_response(view_json(view));
}

Result<HttpResponse> RatingApi::study_for(const std::string& rater) {
  MIEN_TRY(group, desk_->group_of(rater));
  const SurveyGroup* own = definition_.group(group);
  const std::string& language = own == nullptr ? definition_.languages.front() : own->language;
  const SurveyTexts& texts = definition_.texts.at(language);
  MIEN_TRY(order, desk_->label_order(rater));
  Json labels = Json::array();
  for (const std::size_t at : order) {
    const SurveyLabel& label = definition_.labels[at];
    labels.push_back({{"id", label.id}, {"words", label.words.at(language)}});
    const auto description = label.descriptions.find(language);
    if (description != label.descriptions.end()) {
      labels.back()["description"] = description->second;
    }
  }
  Json interface = Json::object();
  if (const auto words = definition_.interface.find(language);
      words != definition_.interface.end()) {
    for (const auto& [key, text] : words->second) interface[key] = text;
  }
  return json_response({{"rater", rater},
                        {"language", language},
                        {"title", texts.title},
                        {"instructions", texts.instructions},
                        {"consent", texts.consent},
                        {"warning", texts.warning},
                        {"contact", definition_.contact},
                        {"simulated", definition_.simulated},
                        {"choice", to_string(definition_.kind)},
                        {"steps", definition_.steps},
                        {"none", definition_.none},
                        {"cannot_tell", definition_.cannot_tell},
                        {"free_text", definition_.free_text},
                        {"minimum_viewing_s", definition_.minimum_viewing_s},
                        {"pay_amount", definition_.pay_amount},
                        {"pay_currency", definition_.pay_currency},
                        {"labels", std::move(labels)},
                        {"interface", std::move(interface)}});
}

Result<HttpResponse> RatingApi::take_answers(const HttpRequest& request, const std::string& rater,
                                             std::int64_t now) {
  const auto body = object_of(request.body, {"answers"});
  if (!body.has_value() || !body->contains("answers") || !(*body)["answers"].is_array() ||
      (*body)["answers"].size() > kMostAnswers) {
    return malformed();
  }
  std::vector<RaterAnswer> answers;
  for (const nlohmann::json& one : (*body)["answers"]) {
    auto answer = answer_of(one);
    if (!answer.has_value()) return malformed();
    answers.push_back(std::move(*answer));
  }
  Json receipts = Json::array();
  for (const RaterAnswer& answer : answers) {
    MIEN_TRY(receipt, desk_->answer(rater, answer, now));
    using Kind = AnswerReceipt::Kind;
    const char* status = receipt.kind == Kind::kStored  ? "stored"
                         : receipt.kind == Kind::kKnown ? "known"
                                                        : "refused";
    receipts.push_back({{"id", answer.id}, {"status", status}, {"reason", receipt.reason}});
  }
  MIEN_TRY(view, desk_->next(rater, now));
  Json response = view_json(view);
  response["receipts"] = std::move(receipts);
  return json_response(response);
}

// "/api/clips/3.webm": the clip lent to this rater at place 3.
Result<HttpResponse> RatingApi::clip_for(const std::string& path, const std::string& rater,
                                         std::int64_t now) {
  const HttpResponse nothing = refusal(404, "not_lent", "no clip is lent to you under this name");
  const std::string_view name = std::string_view(path).substr(kClips.size());
  std::int64_t place = -1;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), place);
  const std::string_view ending = name.substr(static_cast<std::size_t>(end - name.data()));
  const bool webm = ending == ".webm";
  if (code != std::errc() || place < 0 || (!webm && ending != ".mp4")) return nothing;
  MIEN_TRY(clip, desk_->lent_clip(rater, place, now));
  if (!clip.has_value()) return nothing;
  const SurveyClip& of = clips_.clips()[*clip];
  const std::string& file = webm ? of.webm : of.mp4;
  if (file.empty()) return nothing;
  HttpResponse response;
  response.content_type = webm ? "video/webm" : "video/mp4";
  response.file = clips_folder(study_) / file;
  return response;
}

}  // namespace mien
