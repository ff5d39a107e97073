#include "expression/prototype.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "expression/action_units.h"

namespace mien {
namespace {

using Json = nlohmann::json;

// "abs(x)" -> "x"; empty where it is not of that form.
std::string inside_abs(const std::string& channel) {
  if (!channel.starts_with("abs(") || !channel.ends_with(")")) return {};
  return channel.substr(4, channel.size() - 5);
}

Error corrupt(const std::filesystem::path& file, const std::string& place,
              const std::string& what) {
  return Error{ErrorCode::kCorrupt, file.string() + ": " + place + ": " + what +
                                        "; take the file that came with the program, or mend it"};
}

bool has_number(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) && object[name].is_number();
}

bool has_text(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) && object[name].is_string() &&
         !object[name].get<std::string>().empty();
}

// "au_12" where the weight stands for that Action Unit alone and it is one of those measured.
std::string action_unit_of(const Json& weight) {
  if (!has_text(weight, "stands_for")) return {};
  const auto stands_for = weight["stands_for"].get<std::string>();
  for (const ActionUnitSpec& unit : action_unit_specs())
    if (stands_for == fmt::format("AU{}", unit.number)) return action_unit_column(unit.number);
  return {};
}

}  // namespace

Result<Prototype> Prototype::read(const std::filesystem::path& file, bool over_action_units) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || !std::filesystem::is_regular_file(file)) {
    return Error{ErrorCode::kNotFound,
                 file.string() + ": the weights of the label channel cannot be read; leave the " +
                     "channel out, or restore the file"};
  }
  return parse(std::string{std::istreambuf_iterator<char>(stream), {}}, file, over_action_units);
}

std::size_t Prototype::input_index(const std::string& channel) {
  const auto found = std::find(inputs_.begin(), inputs_.end(), channel);
  if (found != inputs_.end()) return static_cast<std::size_t>(found - inputs_.begin());
  inputs_.push_back(channel);
  return inputs_.size() - 1;
}

Result<Prototype> Prototype::parse(std::string_view text, const std::filesystem::path& file,
                                   bool over_action_units) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return corrupt(file, "file", "no JSON object");
  Prototype prototype;
  if (!has_text(json, "id")) return corrupt(file, "id", "missing");
  if (!has_text(json, "notice")) return corrupt(file, "notice", "missing");
  prototype.id_ = json["id"].get<std::string>();
  prototype.notice_ = json["notice"].get<std::string>();
  const Json scale = json.value("scale", Json::object());
  if (!has_number(scale, "intercept")) return corrupt(file, "scale.intercept", "no number");
  if (!has_number(scale, "z_limit") || scale["z_limit"].get<double>() <= 0) {
    return corrupt(file, "scale.z_limit", "no number above 0");
  }
  prototype.intercept_ = scale["intercept"].get<double>();
  prototype.limit_ = scale["z_limit"].get<double>();
  const Json sources = json.value("sources", Json::object());
  const Json measured = json.value("norms", Json::object());
  const Json norms =
      measured.is_object() ? measured.value("channels", Json::object()) : Json::object();
  if (!norms.is_object()) return corrupt(file, "norms.channels", "no object");
  const Json labels = json.value("labels", Json::array());
  if (!labels.is_array() || labels.empty()) return corrupt(file, "labels", "no list of labels");
  for (const Json& entry : labels) {
    if (!has_text(entry, "label")) return corrupt(file, "labels", "an entry without a label");
    const auto label = entry["label"].get<std::string>();
    if (std::count(prototype.labels_.begin(), prototype.labels_.end(), label) > 0) {
      return corrupt(file, label, "is there twice");
    }
    const Json weights = entry.value("weights", Json::array());
    if (!weights.is_array() || weights.empty()) return corrupt(file, label, "has no weights");
    std::vector<Term> terms;
    double squares = 0;
    for (const Json& weight : weights) {
      if (!has_text(weight, "channel")) return corrupt(file, label, "a weight without a channel");
      const std::string unit = over_action_units ? action_unit_of(weight) : std::string();
      const std::string channel = unit.empty() ? weight["channel"].get<std::string>() : unit;
      std::string place = label;
      place.append(", ").append(channel);
      if (!has_number(weight, "weight") || weight["weight"].get<double>() == 0) {
        return corrupt(file, place, "no weight other than 0");
      }
      if (!has_text(weight, "source") ||
          !has_text(sources, weight["source"].get<std::string>().c_str())) {
        return corrupt(file, place, "no source that is listed under 'sources'");
      }
      const Json norm = norms.value(channel, Json::object());
      if (!has_number(norm, "mean") || !has_number(norm, "sd") || norm["sd"].get<double>() <= 0) {
        return corrupt(file, place, "no mean and spread under 'norms'");
      }
      const std::string absolute = inside_abs(channel);
      const auto w = weight["weight"].get<double>();
      terms.push_back({prototype.input_index(absolute.empty() ? channel : absolute),
                       !absolute.empty(), norm["mean"].get<double>(), norm["sd"].get<double>(), w});
      squares += w * w;
    }
    for (Term& term : terms) term.weight /= std::sqrt(squares);
    prototype.labels_.push_back(label);
    prototype.terms_.push_back(std::move(terms));
  }
  return prototype;
}

std::vector<float> Prototype::score(std::span<const float> inputs) const {
  MIEN_CHECK(inputs.size() == inputs_.size(), "one value an input");
  std::vector<float> scores;
  scores.reserve(labels_.size());
  for (const std::vector<Term>& terms : terms_) {
    double sum = intercept_;
    for (const Term& term : terms) {
      const auto value = static_cast<double>(inputs[term.input]);
      const double z = ((term.is_absolute ? std::abs(value) : value) - term.mean) / term.sd;
      sum += term.weight * std::clamp(z, -limit_, limit_);  // NaN stays NaN
    }
    scores.push_back(static_cast<float>(1 / (1 + std::exp(-sum))));
  }
  return scores;
}

}  // namespace mien
