// Tables of a TOML file, read key by key; what nobody asked for is an error. For the .cc files of
// this room only.
#pragma once

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/utf8.h"

namespace mien {

inline Error toml_error(const std::string& file, const toml::node& node, const std::string& what) {
  return {ErrorCode::kUsage, fmt::format("{}: line {}: {}", file, node.source().begin.line, what)};
}

// Collects the first error, so that a reader reads straight on and asks once at the end.
class StrictTable {
 public:
  StrictTable(const std::string& file, const toml::node& node, std::string where)
      : file_(file), node_(node), table_(node.as_table()), where_(std::move(where)) {
    if (table_ == nullptr) fail(node, "must be a table", "write [" + where_ + "]");
  }

  void text(std::string_view key, std::string& out, std::size_t longest = 400) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::string>();
    if (!value.has_value() || first_invalid_utf8(*value) != std::string::npos) {
      return fail(*node, fmt::format("{} must be text", key), "write it in quotes");
    }
    if (value->size() > longest) {
      return fail(*node, fmt::format("{} is longer than {} bytes", key, longest), "shorten it");
    }
    out = *value;
  }
  void truth(std::string_view key, bool& out) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<bool>();
    if (!value.has_value())
      return fail(*node, fmt::format("{} is not a truth value", key), "write true or false");
    out = *value;
  }
  void whole(std::string_view key, std::int64_t& out, std::int64_t least, std::int64_t most) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::int64_t>();
    if (!value.has_value() || *value < least || *value > most) {
      return fail(*node, fmt::format("{} is not a whole number from {} to {}", key, least, most),
                  "correct it");
    }
    out = *value;
  }
  void number(std::string_view key, double& out, double least, double most) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value<double>();
    if (!node->is_number() || !value.has_value() || !(*value >= least && *value <= most)) {
      return fail(*node, fmt::format("{} is not a number from {} to {}", key, least, most),
                  "correct it");
    }
    out = *value;
  }
  void texts(std::string_view key, std::vector<std::string>& out, std::size_t most) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr || list->size() > most) {
      return fail(*node, fmt::format("{} must be a list of at most {} texts", key, most),
                  "write [\"...\", \"...\"]");
    }
    out.clear();
    for (const toml::node& entry : *list) {
      const auto value = entry.value_exact<std::string>();
      if (!value.has_value() || value->size() > 200) {
        return fail(entry, fmt::format("{} must hold texts of at most 200 bytes", key),
                    "write them in quotes");
      }
      out.push_back(*value);
    }
  }
  const toml::node* node(std::string_view key) { return find(key); }
  // The entries of [[key]].
  std::vector<const toml::node*> entries(std::string_view key, std::size_t most) {
    std::vector<const toml::node*> found;
    const toml::node* node = find(key);
    if (node == nullptr) return found;
    const toml::array* list = node->as_array();
    if (list == nullptr || list->size() > most) {
      fail(*node, fmt::format("{} must be at most {} tables", key, most),
           fmt::format("write [[{}]]", key));
      return found;
    }
    for (const toml::node& entry : *list) found.push_back(&entry);
    return found;
  }

  void fail(const toml::node& node, const std::string& what, const std::string& remedy) {
    if (!error_.has_value()) {
      error_ = toml_error(file_, node, fmt::format("{}: {}; remedy: {}", where_, what, remedy));
    }
  }
  void fail(const std::string& what, const std::string& remedy) { fail(node_, what, remedy); }

  // The first error, or the first key that was not asked for.
  Status finish() {
    if (!error_.has_value() && table_ != nullptr) {
      for (const auto& [key, node] : *table_) {
        if (std::ranges::find(known_, key.str()) != known_.end()) continue;
        fail(node, fmt::format("'{}' is not known", key.str()),
             fmt::format("it takes {}", fmt::join(known_, ", ")));
        break;
      }
    }
    if (error_.has_value()) return *error_;
    return Ok{};
  }

 private:
  const toml::node* find(std::string_view key) {
    known_.emplace_back(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }

  const std::string& file_;
  const toml::node& node_;
  const toml::table* table_;
  std::string where_;
  std::vector<std::string> known_;
  std::optional<Error> error_;
};

}  // namespace mien
