#include "pipeline/report/report_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "expression/channel.h"
#include "media/media_info.h"
#include "model/model_set.h"
#include "model/session.h"
#include "pipeline/annotate/annotate_options.h"
#include "pipeline/annotate/overlay_video.h"
#include "pipeline/study/program_version.h"
#include "pipeline/study/study.h"
#include "pipeline/study/study_declaration.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/train/label_model.h"
#include "report/report_writer.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFirstVideos = 10;
constexpr std::size_t kLeadingLabels = 3;

// What the models that are installed say of themselves, as far as they are those of the study.
struct ModelWords {
  std::map<std::string, std::string> roles;
  std::map<std::string, std::string> channels;  // column -> description
};

ModelWords words_of(const StudyReportRequest& request, const StudySettings& settings) {
  ModelWords words;
  const auto models = ModelSet::open(request.manifest_folder, request.model_folder);
  if (!models.ok()) return words;
  for (const Manifest& manifest : models->manifests()) {
    const auto it = settings.models.find(manifest.id);
    if (it != settings.models.end() && it->second == manifest.onnx_sha256) {
      words.roles[manifest.id] = to_string(manifest.role);
    }
  }
  auto options = annotate_options_from_json(settings.options);
  if (!options.ok()) return words;
  options->channels.expression_models.clear();
  if (options->channels.head) {  // its own words need no file of it
    for (const ColumnSpec& column : columns_of(*options->channels.head)) {
      words.channels[column.name] = column.description;
    }
    options->channels.head.reset();
    options->channels.label = false;
  }
  options->channels.prototype_file = request.prototype_file;
  const auto scorer = ChannelScorer::open(*models, options->channels);
  if (!scorer.ok()) return words;
  for (const ColumnSpec& column : scorer->columns()) {
    words.channels[column.name] = column.description;
  }
  return words;
}

Result<ReportFacts> facts_of(const StudyReportRequest& request, const Study& study,
                             Database& database) {
  const StudySettings& settings = study.settings();
  const ModelWords words = words_of(request, settings);
  ReportFacts facts;
  MIEN_TRY(declaration, read_declaration(request.declared_in));
  facts.study_name = declaration.title.empty()
                         ? fs::absolute(request.study / "").parent_path().filename().string()
                         : declaration.title;
  facts.declaration = std::move(declaration);
  facts.program_version = settings.program_version;
  facts.model_set_hash = settings.model_set_hash;
  facts.library_versions = {{"ONNX Runtime", Session::library_version()},
                            {"DuckDB", Database::library_version()},
                            {"FFmpeg", media_library_version()}};
  for (const auto& [id, sha256] : settings.models) {
    const auto role = words.roles.find(id);
    facts.models.push_back({id, role == words.roles.end() ? "" : role->second, sha256});
  }
  facts.options_json = settings.options.dump();
  MIEN_TRY(options, annotate_options_from_json(settings.options));
  facts.rate_hz = options.rate_hz;
  MIEN_TRY(schema, database.read_schema(study.tables("windows").front()));
  const TableSchema declared = windows_schema({});
  for (ColumnSpec& column : schema.columns) {
    if (declared.index_of(column.name) >= 0) continue;
    const auto description = words.channels.find(column.name);
    if (description != words.channels.end()) column.description = description->second;
    facts.channels.push_back(std::move(column));
  }
  facts.groups = channel_groups_of(facts.channels, settings.options);
  facts.web_assets = request.web_assets;
  if (request.has_study_pages) facts.study_page = "study/index.html";
  return facts;
}

// Descriptions are not kept in Parquet: they come from the declaration.
Table described(const Table& table, const TableSchema& declared) {
  TableSchema schema = table.schema();
  for (ColumnSpec& column : schema.columns) {
    const int index = declared.index_of(column.name);
    if (index >= 0) {
      column.description = declared.columns[static_cast<std::size_t>(index)].description;
    }
  }
  Table copy(std::move(schema));
  copy.append(table);
  return copy;
}

std::string text_of(const Table& media, const Table& expressions, const ReportFacts& facts) {
  const std::string& status = media.column("status").strings()[0];
  if (status == "failed") return "failed: " + media.column("message").strings()[0];
  const auto number = [&](const char* column) -> double {
    if (expressions.rows() == 0) return 0;
    const Cell cell = expressions.at(0, column);
    if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
    const auto* value = std::get_if<double>(&cell);
    return value != nullptr ? *value : 0;
  };
  const auto faces = static_cast<long>(number("faces"));
  const std::int64_t tracks = media.column("tracks").integers()[0];
  std::string text = fmt::format("{} face track{}, {} scored, {:.1f} face-seconds", tracks,
                                 tracks == 1 ? "" : "s", faces, number("face_seconds"));
  const auto labels_group = std::ranges::find(facts.groups, "label", &ChannelGroup::prefix);
  const bool is_trained = labels_group != facts.groups.end() && !labels_group->is_prior;
  for (const auto& [prefix, says] :
       {std::pair("basic7_", "the classifier would say"),
        std::pair("label_", is_trained ? "raters would say, by the study's own model"
                                       : "a prior, not raters, would say")}) {
    std::vector<std::pair<double, std::string>> labels;
    for (const ColumnSpec& channel : facts.channels) {
      if (!channel.name.starts_with(prefix) || expressions.rows() == 0) continue;
      const Cell cell = expressions.at(0, channel.name);
      if (const auto* value = std::get_if<double>(&cell)) {
        labels.emplace_back(-*value, channel.name.substr(std::string(prefix).size()));
      }
    }
    std::ranges::sort(labels);
    if (labels.size() > kLeadingLabels) labels.resize(kLeadingLabels);
    std::string listed;
    for (const auto& [value, name] : labels) {
      listed += fmt::format("{}{} {:.2f}", listed.empty() ? "" : ", ", name, -value);
    }
    if (!listed.empty()) text += fmt::format("; {}: {}", says, listed);
  }
  if (status == "partial") text += "; partial: " + media.column("message").strings()[0];
  return text;
}

class ReportJob {
 public:
  ReportJob(const Study& study, Database& database, const ReportFacts& facts)
      : study_(study),
        database_(database),
        facts_(facts),
        settings_hash_(settings_hash(study.settings())) {}

  Status read_corpus() {
    for (const fs::path& file : study_.tables("corpus")) {
      MIEN_TRY(corpus, database_.read_parquet(file));
      corpus_ = described(corpus, corpus_schema());
    }
    if (!corpus_.has("video_id")) return Ok{};
    const Column& ids = corpus_.column("video_id");
    for (std::size_t row = 0; row < corpus_.rows(); ++row) {
      if (!ids.is_null(row)) corpus_rows_.emplace(ids.strings()[row], row);
    }
    return Ok{};
  }

  // All videos of one shard, told by its media file.
  Status add_shard(const fs::path& media_file, ReportWriter& writer, StudyReport& report) {
    MIEN_TRY(media, database_.read_parquet(media_file));
    for (const std::string& id : media.column("video_id").strings()) {
      MIEN_TRY_VOID(add_video(media_file.parent_path(), id, writer, report));
    }
    return Ok{};
  }

 private:
  static std::string select(std::span<const fs::path> files, const std::string& id) {
    return "SELECT * FROM " + sql_read_parquet(files) + " WHERE video_id = " + sql_quote(id);
  }
  static std::string select(const fs::path& file, const std::string& id) {
    return select(std::span(&file, 1), id);
  }

  // Named from pictures, in the shard, from words, and by a table of somebody's.
  std::vector<fs::path> context_files(const fs::path& shard, const std::string& table) const {
    std::vector<fs::path> files{shard / (table + ".parquet"),
                                study_.folder() / kTextsFolder / (table + ".parquet")};
    for (fs::path& coded : coded_table_files(study_.folder(), table)) {
      files.push_back(std::move(coded));
    }
    std::erase_if(files, [](const fs::path& file) {
      std::error_code ignored;
      return !fs::exists(file, ignored);
    });
    return files;
  }

  Status add_video(const fs::path& shard, const std::string& id, ReportWriter& writer,
                   StudyReport& report) {
    MIEN_TRY(media, database_.query(select(shard / "media.parquet", id)));
    MIEN_TRY(tracks, database_.query(select(shard / "tracks.parquet", id)));
    MIEN_TRY(windows, database_.query(select(shard / "windows.parquet", id)));
    MIEN_TRY(expression_rows, database_.query(select(shard / "expressions.parquet", id)));
    const Table expressions = described(expression_rows, expressions_schema({}));
    const Table corpus = corpus_row(id);
    VideoTables tables;
    tables.media = &media;
    tables.tracks = &tracks;
    tables.windows = &windows;
    tables.expressions = &expressions;
    tables.corpus = &corpus;
    std::error_code ignored;
    Table contexts;
    Table context_status;
    if (!context_files(shard, "context_status").empty()) {
      MIEN_TRY(named, database_.query(select(context_files(shard, "contexts"), id)));
      MIEN_TRY(assessed, database_.query(select(context_files(shard, "context_status"), id)));
      contexts = std::move(named);
      context_status = std::move(assessed);
      tables.contexts = &contexts;
      tables.context_status = &context_status;
    }
    if (fs::exists(shard / "frames.parquet", ignored)) {
      tables.frames = [&](const std::function<Status(const Table&)>& each) {
        return database_.query(select(shard / "frames.parquet", id), each);
      };
    }
    const auto position = study_.plan().find(id);
    if (position.has_value()) {
      const StudyInput& input = study_.plan().videos()[*position];
      tables.source = input.path;
      const fs::path overlay = overlay_path(study_.folder(), settings_hash_, input);
      if (fs::exists(overlay, ignored)) tables.overlay = fs::absolute(overlay);
      const fs::path masked = masked_path(study_.folder(), settings_hash_, input);
      if (fs::exists(masked, ignored)) tables.masked = fs::absolute(masked);
    }
    MIEN_TRY_VOID(writer.add_video(tables));
    if (report.first_videos.size() < kFirstVideos) {
      report.first_videos.push_back({id, text_of(media, expressions, facts_)});
    }
    return Ok{};
  }

  Table corpus_row(const std::string& id) const {
    Table row(corpus_.schema());
    const auto it = corpus_rows_.find(id);
    if (it == corpus_rows_.end()) return row;
    std::vector<Cell> cells;
    for (std::size_t c = 0; c < corpus_.schema().columns.size(); ++c) {
      cells.push_back(corpus_.column(c).at(it->second));
    }
    row.append(cells);
    return row;
  }

  const Study& study_;
  Database& database_;
  const ReportFacts& facts_;
  std::string settings_hash_;
  Table corpus_;
  std::unordered_map<std::string, std::size_t> corpus_rows_;
};

}  // namespace

Result<StudyReport> write_study_report(const StudyReportRequest& request) {
  MIEN_TRY(database, Database::open());
  MIEN_TRY(study, Study::open_existing(request.study, database));
  const std::vector<fs::path> media_files = study.tables("media");
  if (media_files.empty()) {
    return Error{ErrorCode::kNotFound,
                 request.study.string() +
                     ": no shard is published yet; remedy: let 'mien annotate' end first"};
  }
  MIEN_TRY(facts, facts_of(request, study, database));
  MIEN_TRY(writer, ReportWriter::create(request.study / "report", facts));
  ReportJob job(study, database, facts);
  MIEN_TRY_VOID(job.read_corpus());
  StudyReport report;
  for (const fs::path& file : media_files) MIEN_TRY_VOID(job.add_shard(file, writer, report));
  MIEN_TRY(summary, writer.finish());
  report.index_page = summary.index;
  report.videos = summary.videos;
  report.problems = study.problems();
  return report;
}

}  // namespace mien
