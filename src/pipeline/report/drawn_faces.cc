#include "pipeline/report/drawn_faces.h"

#include <algorithm>
#include <cmath>

#include "stats/suppression.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kAction = "action_";
constexpr std::string_view kLabel = "label_";

std::vector<fs::path> expression_files(const fs::path& study) {
  std::vector<fs::path> files;
  std::error_code ignored;
  if (study.empty()) return files;
  if (fs::is_regular_file(study / "expressions.parquet", ignored)) {
    files.push_back(study / "expressions.parquet");
  }
  for (const auto& entry : fs::directory_iterator(study / "annotations", ignored)) {
    const fs::path file = entry.path() / "expressions.parquet";
    if (entry.path().filename().string().starts_with("shard-") &&
        fs::is_regular_file(file, ignored)) {
      files.push_back(file);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

struct Columns {
  std::vector<std::string> actions;
  std::vector<std::string> labels;
};

std::string named(std::string_view column, std::string_view prefix) {
  return std::string(column.substr(prefix.size()));
}

double number_at(const Table& table, std::size_t row, std::size_t column) {
  const Cell cell = table.column(column).at(row);
  if (const auto* value = std::get_if<double>(&cell)) return *value;
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  return std::nan("");
}

// Means of all actions, and a number of videos, for every group of a query whose columns are the
// group's name, the number, that of their distinct uploaders, and the actions in order. Together
// they are the norm; a group without a name is not drawn.
void add_groups(const Table& groups, const std::string& kind, const Columns& columns,
                const Table& norm, std::int64_t minimum, StudyPagesFacts& facts) {
  std::vector<CellCount> sizes;
  for (std::size_t row = 0; row < groups.rows(); ++row) {
    sizes.push_back({static_cast<std::int64_t>(number_at(groups, row, 1)),
                     static_cast<std::int64_t>(number_at(groups, row, 2)), 0, 0});
  }
  const std::vector<bool> held =
      suppressed_groups(sizes, std::vector<std::string>(sizes.size()), minimum);
  for (std::size_t row = 0; row < groups.rows(); ++row) {
    const Cell name = groups.column(std::size_t{0}).at(row);
    const auto* text = std::get_if<std::string>(&name);
    if (text == nullptr || held[row] || sizes[row].videos == 0) continue;
    FaceFact face;
    face.n = *told_count(sizes[row].videos, sizes[row].uploaders, minimum);
    face.kind = kind;
    face.name = *text;
    for (std::size_t a = 0; a < columns.actions.size(); ++a) {
      const double mean = number_at(norm, 0, 2 * a);
      const double sd = number_at(norm, 0, 2 * a + 1);
      const double value = number_at(groups, row, 3 + a);
      face.actions.emplace_back(named(columns.actions[a], kAction),
                                sd > 0 ? (value - mean) / sd : std::nan(""));
    }
    facts.faces.push_back(std::move(face));
  }
}

Status add_measured(Database& database, const fs::path& study, const std::vector<fs::path>& files,
                    const Columns& columns, std::int64_t minimum, StudyPagesFacts& facts) {
  const std::string measured = sql_read_parquet(files) + " e";
  const fs::path corpus = study / "corpus.parquet";
  std::error_code ignored;
  TableSchema schema;
  if (fs::is_regular_file(corpus, ignored)) {
    MIEN_TRY(read, database.read_schema(corpus));
    schema = std::move(read);
  }
  // Without a known uploader each video counts as an uploader's only one.
  std::string from = " FROM " + measured;
  std::string uploaders = "count(*)";
  if (schema.index_of("uploader") >= 0) {
    from += " LEFT JOIN " + sql_read_parquet(corpus) + " c USING (video_id)";
    uploaders = "count(DISTINCT c.uploader) + count(*) FILTER (c.uploader IS NULL)";
  }
  std::string norm;
  std::string means;
  for (const std::string& action : columns.actions) {
    const std::string column = "e." + sql_identifier(action);
    norm +=
        (norm.empty() ? "SELECT " : ", ") + ("avg(" + column + "), stddev_samp(" + column + ")");
    means += ", avg(" + column + ")";
  }
  MIEN_TRY(norms, database.query(norm + " FROM " + measured));
  for (const std::string& label : columns.labels) {
    const std::string weight = "e." + sql_identifier(label);
    std::string weighted =
        "SELECT " + sql_quote(named(label, kLabel)) + ", count(" + weight + "), " + uploaders;
    for (const std::string& action : columns.actions) {
      const std::string column = "e." + sql_identifier(action);
      weighted += ", sum(" + column + " * " + weight + ") / sum(CASE WHEN " + column +
                  " IS NOT NULL THEN " + weight + " END)";
    }
    MIEN_TRY(row, database.query(weighted + from));
    add_groups(row, "expression", columns, norms, minimum, facts);
  }
  if (schema.index_of("region") >= 0) {
    MIEN_TRY(regions, database.query("SELECT c.region, count(*), " + uploaders + means + " FROM " +
                                     measured + " LEFT JOIN " + sql_read_parquet(corpus) +
                                     " c USING (video_id) GROUP BY c.region ORDER BY c.region"));
    add_groups(regions, "region", columns, norms, minimum, facts);
  }
  facts.faces_are_prior = false;
  facts.faces_source =
      "Drawn from the mean facial actions measured in this study's videos, as deviations from the "
      "study's mean in standard deviations of videos, three times enlarged. Geometry, no pixels.";
  return Ok{};
}

Status add_prior(const fs::path& file, StudyPagesFacts& facts) {
  MIEN_TRY(bytes, read_whole_file(file));
  const Json json = Json::parse(bytes, nullptr, false);
  if (!json.is_object() || !json.contains("labels") || !json["labels"].is_array()) {
    return Error{ErrorCode::kCorrupt, file.string() + ": not the weights of a prior"};
  }
  for (const Json& label : json["labels"]) {
    FaceFact face;
    face.kind = "expression";
    face.name = label.value("label", "");
    if (!label.contains("weights") || !label["weights"].is_array()) {
      return Error{ErrorCode::kCorrupt,
                   file.string() + ": label '" + face.name + "' has no weights"};
    }
    for (const Json& weight : label["weights"]) {
      const std::string channel = weight.value("channel", "");
      if (channel.starts_with(kAction)) {
        face.actions.emplace_back(named(channel, kAction), weight.value("weight", 0.0));
      }
    }
    facts.faces.push_back(std::move(face));
  }
  facts.faces_are_prior = true;
  facts.faces_source =
      "Drawn from the prior prototype16, published descriptions of faces: nobody's faces were "
      "measured for it, and no rating has validated it.";
  return Ok{};
}

}  // namespace

Status add_drawn_faces(Database& database, const fs::path& study, const fs::path& prototype_file,
                       std::int64_t minimum, StudyPagesFacts& facts) {
  const std::vector<fs::path> files = expression_files(study);
  if (!files.empty()) {
    MIEN_TRY(schema, database.read_schema(files.front()));
    Columns columns;
    for (const ColumnSpec& column : schema.columns) {
      if (column.name.starts_with(kAction)) columns.actions.push_back(column.name);
      if (column.name.starts_with(kLabel)) columns.labels.push_back(column.name);
    }
    if (!columns.actions.empty()) {
      return add_measured(database, study, files, columns, minimum, facts);
    }
  }
  return add_prior(prototype_file, facts);
}

}  // namespace mien
