#include "pipeline/ingest/ingest_options.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <optional>

#include "store/durable_file.h"
#include "table/schema.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

Status check_corpus_column(const std::string& name) {
  if (corpus_schema().index_of(name) >= 0) return Ok{};
  std::string known;
  for (const ColumnSpec& column : corpus_schema().columns) {
    known += (known.empty() ? "" : ", ") + column.name;
  }
  return Error{ErrorCode::kUsage,
               fmt::format("'{}' is no column of a corpus; it has {}", name, known)};
}

Error wrong(const fs::path& file, const toml::node& node, const std::string& what) {
  return {ErrorCode::kUsage,
          fmt::format("{}: line {}: {}", file.string(), node.source().begin.line, what)};
}

Status read_columns(const fs::path& file, const toml::node& node, IngestOptions& options) {
  const toml::table* columns = node.as_table();
  if (columns == nullptr) return wrong(file, node, "columns must be a table");
  for (const auto& [key, value] : *columns) {
    const std::string name(key.str());
    const std::optional<std::string> of_list = value.value<std::string>();
    if (!of_list.has_value()) return wrong(file, value, name + " must be text");
    if (Status known = check_corpus_column(name); !known.ok()) {
      return wrong(file, value, known.error().message);
    }
    options.columns[name] = *of_list;
  }
  return Ok{};
}

Status read_key(const fs::path& file, const std::string& key, const toml::node& node,
                IngestOptions& options) {
  if (key == "columns") return read_columns(file, node, options);
  if (key == "list" || key == "regions") {
    const std::optional<std::string> text = node.value_exact<std::string>();
    if (!text.has_value()) return wrong(file, node, key + " must be text");
    (key == "list" ? options.list : options.regions) = file.parent_path() / *text;
    return Ok{};
  }
  const std::optional<std::int64_t> number = node.value_exact<std::int64_t>();
  const bool is_number =
      key == "per_region" || key == "per_country" || key == "per_uploader" || key == "seed";
  if (!is_number) {
    return wrong(file, node,
                 fmt::format("'{}' is not known; [ingest] takes list, regions, columns, "
                             "per_region, per_country, per_uploader, seed",
                             key));
  }
  if (!number.has_value() || *number < 0) {
    return wrong(file, node, key + " must be a whole number of at least 0");
  }
  if (key == "seed") options.seed = static_cast<std::uint64_t>(*number);
  if (key == "per_region") options.per_region = *number;
  if (key == "per_country") options.per_country = *number;
  if (key == "per_uploader") options.per_uploader = *number;
  return Ok{};
}

}  // namespace

Status add_column(IngestOptions& options, const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == assignment.size()) {
    return Error{ErrorCode::kUsage,
                 fmt::format("--column {}: must be CORPUS_COLUMN=COLUMN_OF_THE_LIST", assignment)};
  }
  const std::string name = assignment.substr(0, equals);
  MIEN_TRY_VOID(check_corpus_column(name));
  options.columns[name] = assignment.substr(equals + 1);
  return Ok{};
}

Result<IngestOptions> read_ingest_options(const fs::path& file) {
  MIEN_TRY(text, read_whole_file(file));
  IngestOptions options;
  toml::table root;
  try {
    root = toml::parse(text, file.string());
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::kCorrupt,
                 fmt::format("{}: line {}: {}; remedy: write TOML", file.string(),
                             error.source().begin.line, error.description())};
  }
  const toml::node* node = root.get("ingest");
  if (node == nullptr) return options;
  if (!node->is_table()) return wrong(file, *node, "[ingest] must be a table");
  for (const auto& [key, value] : *node->as_table()) {
    MIEN_TRY_VOID(read_key(file, std::string(key.str()), value, options));
  }
  return options;
}

}  // namespace mien
