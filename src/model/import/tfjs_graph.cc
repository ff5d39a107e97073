#include "model/import/tfjs_graph.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace mien {

namespace {

std::string decode_base64(const std::string& text) {  // RFC 4648, padding optional
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    int value = -1;
    if (c >= 'A' && c <= 'Z') value = c - 'A';
    if (c >= 'a' && c <= 'z') value = c - 'a' + 26;
    if (c >= '0' && c <= '9') value = c - '0' + 52;
    if (c == '+') value = 62;
    if (c == '/') value = 63;
    if (value < 0) break;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffffU;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> count) & 0xff);
    }
  }
  return bytes;
}

// Numbers of 64 bits are written as strings in this format, small ones as numbers.
std::int64_t to_integer(const nlohmann::json& field) {
  if (field.is_string()) {
    const auto& text = field.get_ref<const std::string&>();
    std::size_t used = 0;
    try {
      const long long value = std::stoll(text, &used);
      if (used == text.size()) return value;
    } catch (const std::exception&) {
      return 0;
    }
    return 0;
  }
  return field.is_number_integer() ? field.get<std::int64_t>() : 0;
}

std::vector<std::int64_t> to_integers(const nlohmann::json& list) {
  std::vector<std::int64_t> values;
  for (const nlohmann::json& item : list) values.push_back(to_integer(item));
  return values;
}

std::vector<std::string> to_texts(const nlohmann::json& list) {
  std::vector<std::string> values;
  for (const nlohmann::json& item : list) {
    if (item.is_string()) values.push_back(decode_base64(item.get<std::string>()));
  }
  return values;
}

// {"s": "U0FNRQ=="}, {"list": {"i": ["1", "2"]}}: of the kinds that operators ask for.
std::optional<TfAttribute> read_attribute(const nlohmann::json& json) {
  if (!json.is_object()) return std::nullopt;
  for (const auto& [kind, value] : json.items()) {
    if (kind == "i") return to_integer(value);
    if (kind == "b" && value.is_boolean()) return value.get<bool>();
    if (kind == "s" && value.is_string()) return decode_base64(value.get<std::string>());
    if (kind == "type" && value.is_string()) return value.get<std::string>();
    if (kind != "list" || !value.is_object()) continue;
    if (const auto it = value.find("i"); it != value.end() && it->is_array())
      return to_integers(*it);
    if (const auto it = value.find("s"); it != value.end() && it->is_array()) return to_texts(*it);
  }
  return std::nullopt;
}

Error corrupt_graph(const std::string& message) {
  return {ErrorCode::kCorrupt, message};
}

}  // namespace

Result<std::vector<TfNode>> read_tfjs_graph(const nlohmann::json& nodes) {
  std::vector<TfNode> read;
  std::map<std::string, std::size_t> position;
  try {
    for (const nlohmann::json& json : nodes) {
      TfNode node;
      node.name = json.at("name").get<std::string>();
      node.op = json.at("op").get<std::string>();
      if (json.contains("attr") && json.at("attr").is_object()) {
        for (const auto& [key, value] : json.at("attr").items()) {
          if (auto attribute = read_attribute(value)) node.attributes[key] = *std::move(attribute);
        }
      }
      if (json.contains("input")) {
        for (const nlohmann::json& input : json.at("input")) {
          auto name = input.get<std::string>();
          if (name.starts_with("^")) continue;
          node.inputs.push_back(name.substr(0, name.find(':')));
        }
      }
      if (!position.emplace(node.name, read.size()).second) {
        return corrupt_graph("the node '" + node.name + "' stands twice");
      }
      read.push_back(std::move(node));
    }
  } catch (const nlohmann::json::exception& error) {
    return corrupt_graph(std::string("the graph is misshapen: ") + error.what());
  }

  // Depth first, without recursion: a hostile graph may be a long chain.
  enum class Mark { kNew, kOpen, kDone };
  std::vector<Mark> marks(read.size(), Mark::kNew);
  std::vector<std::size_t> order;
  for (std::size_t root = 0; root < read.size(); ++root) {
    std::vector<std::pair<std::size_t, std::size_t>> stack;  // node, next input to visit
    if (marks[root] == Mark::kNew) stack.emplace_back(root, 0);
    while (!stack.empty()) {
      auto& [index, next_input] = stack.back();
      marks[index] = Mark::kOpen;
      if (next_input == read[index].inputs.size()) {
        marks[index] = Mark::kDone;
        order.push_back(index);
        stack.pop_back();
        continue;
      }
      const std::string& name = read[index].inputs[next_input++];
      const auto it = position.find(name);
      if (it == position.end()) {
        return corrupt_graph("the node '" + read[index].name + "' takes '" + name +
                             "', which is not there");
      }
      if (marks[it->second] == Mark::kOpen) {
        return corrupt_graph("the node '" + name + "' depends on itself");
      }
      if (marks[it->second] == Mark::kNew) stack.emplace_back(it->second, 0);
    }
  }
  std::vector<TfNode> ordered;
  ordered.reserve(read.size());
  for (const std::size_t index : order) ordered.push_back(std::move(read[index]));
  return ordered;
}

}  // namespace mien
