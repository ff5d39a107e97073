#include "pipeline/run/run_plan.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>

#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 8> kTables = {"study",    "simulate",  "ingest",  "contexts",
                                                     "annotate", "associate", "compare", "report"};
constexpr std::array<std::string_view, 5> kPaths = {"published", "inputs", "context_model",
                                                    "context_vocabulary", "expression_model"};

Error wrong(const fs::path& file, const toml::node& node, const std::string& what) {
  return {ErrorCode::kUsage,
          fmt::format("{}: line {}: {}", file.string(), node.source().begin.line, what)};
}

std::string flag_of(std::string_view key) {
  std::string flag = "--" + std::string(key);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

// One value as a word of a command line.
Result<std::string> word_of(const fs::path& file, std::string_view key, const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) {
    return std::ranges::find(kPaths, key) == kPaths.end() ? *text
                                                          : (file.parent_path() / *text).string();
  }
  if (const auto whole = node.value_exact<std::int64_t>()) return std::to_string(*whole);
  if (const auto number = node.value_exact<double>()) return fmt::format("{}", *number);
  return wrong(file, node, fmt::format("{} must be text, a number, true, false or a list", key));
}

Status add_option(const fs::path& file, std::string_view key, const toml::node& node,
                  std::vector<std::string>& arguments) {
  if (const auto truth = node.value_exact<bool>()) {
    if (*truth) arguments.push_back(flag_of(key));
    return Ok{};
  }
  if (const toml::array* list = node.as_array()) {
    for (const toml::node& entry : *list) {
      MIEN_TRY(word, word_of(file, key, entry));
      arguments.push_back(flag_of(key));
      arguments.push_back(std::move(word));
    }
    return Ok{};
  }
  MIEN_TRY(word, word_of(file, key, node));
  arguments.push_back(flag_of(key));
  arguments.push_back(std::move(word));
  return Ok{};
}

class Reader {
 public:
  Reader(fs::path file, const toml::table& root) : file_(std::move(file)), root_(root) {}

  Result<RunPlan> read() {
    for (const auto& [key, node] : root_) {
      if (std::ranges::find(kTables, key.str()) == kTables.end()) {
        return wrong(file_, node,
                     fmt::format("'{}' is no part of a study; there are [{}]", key.str(),
                                 fmt::join(kTables, "], [")));
      }
      if (!node.is_table())
        return wrong(file_, node, fmt::format("[{}] must be a table", key.str()));
    }
    MIEN_TRY_VOID(read_study());
    if (table("simulate") != nullptr && table("ingest") != nullptr) {
      return wrong(file_, *table("ingest"), "a study is simulated or ingested, not both");
    }
    if (table("simulate") != nullptr) MIEN_TRY_VOID(add_simulate());
    if (table("ingest") != nullptr) add_ingest();
    if (table("contexts") != nullptr) MIEN_TRY_VOID(add_contexts());
    if (table("annotate") != nullptr) MIEN_TRY_VOID(add_annotate());
    if (table("associate") != nullptr) MIEN_TRY_VOID(add_associate());
    if (table("associate") != nullptr || table("compare") != nullptr) MIEN_TRY_VOID(add_compare());
    MIEN_TRY_VOID(add_report());
    return std::move(plan_);
  }

 private:
  const toml::table* table(std::string_view name) const {
    const toml::node* node = root_.get(name);
    return node == nullptr ? nullptr : node->as_table();
  }

  Status read_study() {
    plan_.study = file_.parent_path();
    if (table("study") == nullptr) return Ok{};
    for (const auto& [key, node] : *table("study")) {
      const auto text = node.value_exact<std::string>();
      const bool is_declared =
          std::ranges::find(kDeclarationKeys, key.str()) != std::ranges::end(kDeclarationKeys);
      if ((key.str() != "out" && !is_declared) || !text.has_value()) {
        return wrong(
            file_, node,
            fmt::format("[study] does not take that; remedy: out = \"FOLDER\", and as text {}",
                        fmt::join(kDeclarationKeys, ", ")));
      }
      if (is_declared) continue;
      plan_.study = (file_.parent_path() / *text).lexically_normal();
    }
    MIEN_TRY(declaration, read_declaration(file_));
    plan_.declaration = std::move(declaration);
    return Ok{};
  }

  // The options of a table, without those in `apart`.
  Result<std::vector<std::string>> options(std::string_view name, std::string_view apart = "") {
    std::vector<std::string> arguments;
    if (table(name) == nullptr) return arguments;
    for (const auto& [key, node] : *table(name)) {
      if (key.str() == apart) continue;
      if (key.str() == "study" || key.str() == "out") {
        return wrong(file_, node, "the study's folder is named once, by out under [study]");
      }
      MIEN_TRY_VOID(add_option(file_, key.str(), node, arguments));
    }
    return arguments;
  }

  std::vector<fs::path> under_study(std::initializer_list<const char*> names) const {
    std::vector<fs::path> paths;
    for (const char* name : names) paths.push_back(plan_.study / name);
    return paths;
  }

  Status add_simulate() {
    MIEN_TRY(arguments, options("simulate"));
    arguments.insert(arguments.begin(), {"--out", plan_.study.string()});
    plan_.stages.push_back(
        {"simulate",
         std::move(arguments),
         {},
         under_study({"corpus.parquet", "expressions.parquet", "contexts.parquet",
                      "context_status.parquet", "truth.parquet", "truth.json"}),
         ""});
    return Ok{};
  }

  void add_ingest() {
    const toml::table& ingest = *table("ingest");
    std::vector<fs::path> inputs{file_};
    for (const char* name : {"list", "regions"}) {
      if (const auto text = ingest[name].value<std::string>()) {
        inputs.push_back(file_.parent_path() / *text);
      }
    }
    plan_.stages.push_back({"ingest",
                            {"--config", file_.string(), "--out", plan_.study.string()},
                            std::move(inputs),
                            under_study({"corpus.parquet", "rejects.parquet"}),
                            ""});
  }

  // [contexts.text]; a model that is a manifest's file is found from the file's folder.
  Status add_contexts() {
    for (const auto& [key, node] : *table("contexts")) {
      if (key.str() != "text" || !node.is_table()) {
        return wrong(file_, node, "[contexts] takes a table [contexts.text]");
      }
    }
    std::vector<std::string> arguments = {"text", "--study", plan_.study.string()};
    std::vector<fs::path> inputs = under_study({"corpus.parquet"});
    const toml::table* text_table = (*table("contexts"))["text"].as_table();
    if (text_table == nullptr)
      return wrong(file_, *table("contexts"), "[contexts] takes a table [contexts.text]");
    for (const auto& [key, node] : *text_table) {
      if (key.str() == "study") {
        return wrong(file_, node, "the study's folder is named once, by out under [study]");
      }
      const std::string text = node.value<std::string>().value_or("");
      const bool is_file = key.str() == "vocabulary" || key.str() == "calibration" ||
                           (key.str() == "model" && text.ends_with(".json"));
      if (!is_file) {
        MIEN_TRY_VOID(add_option(file_, key.str(), node, arguments));
        continue;
      }
      const fs::path named = file_.parent_path() / text;
      arguments.insert(arguments.end(), {flag_of(key.str()), named.string()});
      inputs.push_back(named);
    }
    plan_.stages.push_back({"contexts", std::move(arguments), std::move(inputs),
                            under_study({"texts/contexts.parquet", "texts/context_status.parquet"}),
                            ""});
    return Ok{};
  }

  Status add_annotate() {
    MIEN_TRY(arguments, options("annotate", "inputs"));
    std::vector<fs::path> inputs;
    const toml::node* named = table("annotate")->get("inputs");
    if (table("ingest") != nullptr) {
      if (named != nullptr) {
        return wrong(file_, *named,
                     "the videos to annotate are those of the ingested list; leave inputs out");
      }
      const fs::path corpus = plan_.study / "corpus.parquet";
      arguments.insert(arguments.begin(), {corpus.string(), "--out", plan_.study.string()});
      plan_.stages.push_back(
          {"annotate", std::move(arguments), {corpus}, under_study({"annotations"})});
      return Ok{};
    }
    const toml::array* list = named == nullptr ? nullptr : named->as_array();
    if (list == nullptr || list->empty()) {
      return wrong(file_, *table("annotate"),
                   "[annotate] needs inputs = [\"FILE OR FOLDER\", ...]");
    }
    std::vector<std::string> words;
    for (const toml::node& entry : *list) {
      MIEN_TRY(word, word_of(file_, "inputs", entry));
      inputs.emplace_back(word);
      words.push_back(std::move(word));
    }
    words.insert(words.end(), {"--out", plan_.study.string()});
    words.insert(words.end(), arguments.begin(), arguments.end());
    plan_.stages.push_back(
        {"annotate", std::move(words), std::move(inputs), under_study({"annotations"})});
    return Ok{};
  }

  Status add_associate() {
    MIEN_TRY(arguments, options("associate"));
    arguments.insert(arguments.begin(), {"--study", plan_.study.string()});
    plan_.stages.push_back(
        {"associate", std::move(arguments),
         under_study({"corpus.parquet", "expressions.parquet", "contexts.parquet",
                      "context_status.parquet", "texts/contexts.parquet",
                      "texts/context_status.parquet", "annotations"}),
         under_study({"maps/maps.parquet", "maps/excluded.parquet", "maps/statistics-text.sums",
                      "maps/statistics-visual.sums"})});
    return Ok{};
  }

  Status add_compare() {
    MIEN_TRY(arguments, options("compare"));
    arguments.insert(arguments.begin(), {"--study", plan_.study.string()});
    plan_.stages.push_back(
        {"compare", std::move(arguments),
         under_study({"maps", "corpus.parquet", "expressions.parquet", "contexts.parquet",
                      "context_status.parquet", "annotations", "duplicates.parquet"}),
         under_study({"compare/compare.json", "compare/pairs.parquet", "compare/cells.parquet",
                      "compare/deviations.parquet", "compare/contexts.parquet"})});
    return Ok{};
  }

  Status add_report() {
    MIEN_TRY(arguments, options("report"));
    arguments.insert(arguments.begin(),
                     {"--study", plan_.study.string(), "--config", file_.string()});
    std::vector<fs::path> inputs =
        under_study({"corpus.parquet", "annotations", "maps", "compare", "expressions.parquet"});
    if (table("report") != nullptr) {
      if (const auto text = (*table("report"))["published"].value<std::string>()) {
        inputs.push_back(file_.parent_path() / *text);
      }
    }
    plan_.stages.push_back({"report", std::move(arguments), std::move(inputs),
                            under_study({"report/index.html"}),
                            plan_.declaration.title + to_json(plan_.declaration).dump()});
    return Ok{};
  }

  fs::path file_;
  const toml::table& root_;
  RunPlan plan_;
};

}  // namespace

Result<RunPlan> read_run_plan(const fs::path& file) {
  MIEN_TRY(text, read_whole_file(file));
  try {
    const toml::table root = toml::parse(text, file.string());
    std::error_code failed;
    return Reader(fs::absolute(file, failed), root).read();
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::kCorrupt,
                 fmt::format("{}: line {}: {}; remedy: write TOML", file.string(),
                             error.source().begin.line, error.description())};
  }
}

}  // namespace mien
