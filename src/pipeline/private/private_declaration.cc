#include "pipeline/private/private_declaration.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <sstream>
#include <string_view>

#include "base/missing.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostContexts = 65536;
constexpr std::array<std::string_view, 8> kKeys = {"sources",    "regions",       "expressions",
                                                   "contexts",   "contexts_file", "countries",
                                                   "covariates", "budget"};

double number_in(const toml::table& table, std::string_view name) {
  const toml::node* value = table.get(name);
  return value == nullptr ? kNaN : value->value<double>().value_or(kNaN);
}

class DeclarationReader {
 public:
  DeclarationReader(const fs::path& file, const toml::table& root) : file_(file), root_(root) {}

  Result<PrivateDeclaration> read() {
    for (const auto& [key, node] : root_) {
      if (std::ranges::find(kKeys, key.str()) != kKeys.end()) continue;
      return wrong(
          node, fmt::format("'{}' is not known; there are {}", key.str(), fmt::join(kKeys, ", ")));
    }
    MIEN_TRY(sources, list("sources"));
    MIEN_TRY(regions, list("regions"));
    MIEN_TRY(expressions, list("expressions"));
    MIEN_TRY(contexts, contexts_list());
    if (contexts.size() > kMostContexts) {
      return usage(fmt::format("more than {} contexts", kMostContexts));
    }
    declaration_.sources = std::move(sources);
    declaration_.regions = std::move(regions);
    declaration_.expressions = std::move(expressions);
    declaration_.contexts = std::move(contexts);
    MIEN_TRY_VOID(read_countries());
    MIEN_TRY_VOID(read_covariates());
    MIEN_TRY_VOID(read_budget());
    return std::move(declaration_);
  }

 private:
  Error wrong(const toml::node& node, const std::string& what) const {
    return usage(fmt::format("line {}: {}", node.source().begin.line, what));
  }
  Error usage(const std::string& what) const {
    return {ErrorCode::kUsage, file_.string() + ": " + what};
  }

  Result<std::vector<std::string>> texts(const toml::node& node, std::string_view name) const {
    std::vector<std::string> values;
    const toml::array* array = node.as_array();
    if (array == nullptr) return wrong(node, fmt::format("{} must be a list of texts", name));
    for (const toml::node& entry : *array) {
      const auto text = entry.value_exact<std::string>();
      if (!text) return wrong(entry, fmt::format("{} must be a list of texts", name));
      values.push_back(*text);
    }
    return distinct(std::move(values), name);
  }

  Result<std::vector<std::string>> distinct(std::vector<std::string> values,
                                            std::string_view name) const {
    std::set<std::string> seen;
    for (const std::string& value : values) {
      if (value.empty()) return usage(fmt::format("{} has an empty name", name));
      if (!seen.insert(value).second) {
        return usage(fmt::format("{} names '{}' twice", name, value));
      }
    }
    if (values.empty()) return usage(fmt::format("{} is empty", name));
    return values;
  }

  Result<std::vector<std::string>> list(std::string_view name) const {
    const toml::node* node = root_.get(name);
    if (node != nullptr) return texts(*node, name);
    return usage(fmt::format("no {}; remedy: {} = [\"...\"]", name, name));
  }

  Result<std::vector<std::string>> contexts_list() const {
    const toml::node* named = root_.get("contexts_file");
    if (named == nullptr) return list("contexts");
    const auto name = named->value_exact<std::string>();
    if (!name || root_.contains("contexts")) {
      return wrong(*named, "contexts_file is a file's name, and takes the place of contexts");
    }
    MIEN_TRY(bytes, read_whole_file(file_.parent_path() / *name));
    std::vector<std::string> lines;
    std::istringstream stream(bytes);
    for (std::string line; std::getline(stream, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty()) lines.push_back(line);
    }
    return distinct(std::move(lines), *name);
  }

  Status read_countries() {
    const toml::node* node = root_.get("countries");
    if (node == nullptr) return Ok{};
    const toml::table* table = node->as_table();
    if (table == nullptr) return wrong(*node, "[countries] must be a table");
    declaration_.countries.resize(declaration_.regions.size());
    for (const auto& [region, names] : *table) {
      const auto found = std::ranges::find(declaration_.regions, region.str());
      if (found == declaration_.regions.end()) {
        return wrong(names, fmt::format("'{}' is not among the regions", region.str()));
      }
      MIEN_TRY(countries, texts(names, region.str()));
      declaration_.countries[static_cast<std::size_t>(found - declaration_.regions.begin())] =
          std::move(countries);
    }
    for (std::size_t g = 0; g < declaration_.regions.size(); ++g) {
      if (declaration_.countries[g].empty()) {
        return usage(fmt::format("[countries] has none for '{}'", declaration_.regions[g]));
      }
    }
    return Ok{};
  }

  Status read_covariates() {
    const toml::node* node = root_.get("covariates");
    if (node == nullptr) return Ok{};
    const toml::table* table = node->as_table();
    if (table == nullptr) return wrong(*node, "[covariates] must be a table");
    for (const auto& [column, value] : *table) {
      DeclaredCovariate covariate{std::string(column.str()), 0, 0, {}};
      const toml::table* range = value.as_table();
      const std::string help = fmt::format(
          "{} must be {{ low = NUMBER, high = NUMBER }} or {{ levels = [...] }}", column.str());
      if (range == nullptr) return wrong(value, help);
      if (const toml::node* levels = range->get("levels")) {
        MIEN_TRY(names, texts(*levels, column.str()));
        covariate.levels = std::move(names);
      } else {
        covariate.low = number_in(*range, "low");
        covariate.high = number_in(*range, "high");
        const bool is_range = std::isfinite(covariate.low) && std::isfinite(covariate.high) &&
                              covariate.low < covariate.high;
        if (!is_range) return wrong(value, help);
      }
      declaration_.covariates.push_back(std::move(covariate));
    }
    std::stable_partition(declaration_.covariates.begin(), declaration_.covariates.end(),
                          [](const auto& covariate) { return covariate.levels.empty(); });
    return Ok{};
  }

  Status read_budget() {
    const toml::node* node = root_.get("budget");
    const toml::table* table = node == nullptr ? nullptr : node->as_table();
    if (table != nullptr) {
      declaration_.budget = {number_in(*table, "epsilon"), number_in(*table, "delta")};
    }
    const bool holds = declaration_.budget.epsilon > 0 && declaration_.budget.epsilon <= 1000 &&
                       declaration_.budget.delta > 0 && declaration_.budget.delta < 1e-3;
    if (holds) return Ok{};
    return usage(
        "[budget] must declare epsilon above 0 (at most 1000) and delta above 0, below 0.001: what "
        "all releases of the study may cost together");
  }

  const fs::path& file_;
  const toml::table& root_;
  PrivateDeclaration declaration_;
};

}  // namespace

Result<PrivateDeclaration> read_private_declaration(const fs::path& file) {
  MIEN_TRY(text, read_whole_file(file));
  try {
    const toml::table root = toml::parse(text, file.string());
    return DeclarationReader(file, root).read();
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::kUsage,
                 fmt::format("{}: line {}: {}", file.string(), error.source().begin.line,
                             std::string(error.description()))};
  }
}

}  // namespace mien
