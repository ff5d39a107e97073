// A study of the reference's readable table, and room to spoil it.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/paths.h"

#include "pipeline/annotate/shard.h"
#include "pipeline/associate/associate.h"
#include "pipeline/study/study_settings.h"
#include "pipeline/study/study_tables.h"
#include "store/csv_import.h"
#include "store/durable_file.h"

namespace mien::testing {

class AssociateTest : public ::testing::Test {
 protected:
  AssociateTest() : database_(std::move(Database::open()).value()) {}

  static Table read_case() {
    const std::string name = "tests/reference/stats/cases/mixed.csv";
    const auto bytes = read_whole_file(testing::source_dir() / name);
    return std::move(parse_list(*bytes, name)).value();
  }

  static std::string text(const Table& table, std::size_t row, const std::string& column) {
    const Cell cell = table.at(row, column);
    return std::holds_alternative<std::string>(cell) ? std::get<std::string>(cell) : "";
  }

  struct Tables {
    Table corpus, expressions, contexts, status;
  };

  // Rows of the case that `take` wants, in an order of its own.
  static Tables tables_of(const Table& rows, const std::vector<std::size_t>& take) {
    using enum ColumnType;
    TableSchema corpus = corpus_schema();
    corpus.columns.push_back({"weight", kDouble, ""});
    corpus.columns.push_back({"covariate_year", kInt64, ""});
    corpus.columns.push_back({"covariate_duration", kDouble, ""});
    corpus.columns.push_back({"covariate_minutes", kDouble, ""});
    corpus.columns.push_back({"covariate_device", kString, ""});
    std::vector<ColumnSpec> channels;
    for (const char* name : {"label_elation", "label_awe", "label_doubt", "label_fixed"}) {
      channels.push_back({name, kDouble, ""});
    }
    Tables tables{Table(corpus), Table(expressions_schema(channels)), Table(contexts_schema()),
                  Table(context_status_schema())};
    RowBuilder video(tables.corpus.schema());
    RowBuilder scores(tables.expressions.schema());
    RowBuilder context(tables.contexts.schema());
    RowBuilder status(tables.status.schema());
    for (const std::size_t row : take) {
      const std::string id = text(rows, row, "video_id");
      const auto number = [&](const std::string& column) {
        return std::strtod(text(rows, row, column).c_str(), nullptr);
      };
      for (const char* column : {"uri", "title", "description", "uploaded_on"}) {
        video.set_null(column);
      }
      video.set("video_id", id).set("language", std::string("en"));
      for (const char* column : {"country", "region", "uploader", "covariate_device"}) {
        video.set(column, text(rows, row, column));
      }
      video.set("weight", number("weight"))
          .set("covariate_year", static_cast<std::int64_t>(number("covariate_year")))
          .set("covariate_duration", number("covariate_duration"))
          .set("covariate_minutes", number("covariate_minutes"));
      tables.corpus.append(video.finish());
      scores.set("video_id", id).set("faces", std::int64_t{1 + static_cast<int>(row % 3)});
      for (const char* column : {"face_seconds", "face_size_px", "yaw_deg", "pitch_deg",
                                 "sharpness", "brightness", "skin_tone_ita_deg"}) {
        scores.set_null(column);
      }
      for (const ColumnSpec& channel : channels) scores.set(channel.name, number(channel.name));
      tables.expressions.append(scores.finish());
      status.set("video_id", id).set("source", std::string("visual"));
      status.set("vocabulary", std::string("test")).set("status", std::string("ok"));
      status.set_null("reason").set_null("language").set_null("language_prob");
      tables.status.append(status.set_null("none_prob").finish());
      std::istringstream entries(text(rows, row, "contexts"));
      for (std::string entry; std::getline(entries, entry, ';');) {
        const std::size_t colon = entry.find(':');
        const double score = std::strtod(entry.c_str() + colon + 1, nullptr);
        context.set("video_id", id).set("source", std::string("visual"));
        context.set("context", entry.substr(0, colon)).set("score_prob", score);
        tables.contexts.append(context.set("above_threshold", score >= 0.5).finish());
      }
    }
    return tables;
  }

  static std::vector<std::size_t> all(std::size_t count) {
    std::vector<std::size_t> rows(count);
    for (std::size_t i = 0; i < count; ++i) rows[i] = i;
    return rows;
  }

  std::filesystem::path write(const std::string& name, const Tables& tables) {
    const std::filesystem::path study = folder_.path() / name;
    const std::filesystem::path shard = study / "annotations" / "shard-00000";
    std::filesystem::create_directories(shard);
    const auto put = [&](const Table& table, const std::filesystem::path& path) {
      const Status status = database_.write_parquet(table, path, {{"simulated", "false"}});
      EXPECT_TRUE(status.ok()) << status.error().message;
    };
    put(tables.corpus, study / "corpus.parquet");
    put(tables.expressions, shard / "expressions.parquet");
    put(tables.contexts, shard / "contexts.parquet");
    put(tables.status, shard / "context_status.parquet");
    seal(study);
    return study;
  }

  // Gives the shards manifests of what lies in them now, and the study its settings.
  static void seal(const std::filesystem::path& study) {
    StudySettings settings;
    settings.options = nlohmann::json::object();
    ASSERT_TRUE(write_file_durably(study / "annotations" / "run.json", encode(settings)).ok());
    for (const std::filesystem::path& shard : shard_folders(study)) {
      auto writer = ShardWriter::open(shard);
      ASSERT_TRUE(writer.ok());
      for (const auto& entry : std::filesystem::directory_iterator(shard)) {
        if (entry.path().extension() != ".parquet") continue;
        const std::string name = entry.path().filename().string();
        std::filesystem::copy_file(entry.path(), writer->path_of(name));
        ASSERT_TRUE(writer->add_file(name, entry.path().stem().string(), "", 0).ok());
      }
      ShardManifest manifest;
      manifest.settings = settings_hash(settings);
      ASSERT_TRUE(writer->commit(std::move(manifest)).ok());
    }
  }

  static AssociateOptions options_for(const std::filesystem::path& study) {
    AssociateOptions options;
    options.study = study;
    options.map.bootstrap = 40;
    options.map.seed = 20211;
    options.map.minimum = 0;
    return options;
  }

  Table maps_of(const std::filesystem::path& study) {
    auto table = database_.read_parquet(study / "maps" / "maps.parquet");
    EXPECT_TRUE(table.ok()) << table.error().message;
    return std::move(table).value();
  }

  // Largest difference over the columns of numbers; counts and reasons must be equal.
  static double difference(const Table& a, const Table& b) {
    double worst = 0;
    EXPECT_EQ(a.rows(), b.rows());
    for (std::size_t c = 0; c < a.schema().columns.size(); ++c) {
      for (std::size_t r = 0; r < std::min(a.rows(), b.rows()); ++r) {
        const Cell x = a.column(c).at(r);
        const Cell y = b.column(c).at(r);
        if (std::holds_alternative<double>(x) && std::holds_alternative<double>(y)) {
          worst = std::max(worst, std::abs(std::get<double>(x) - std::get<double>(y)));
        } else {
          EXPECT_EQ(x, y) << a.schema().columns[c].name << " row " << r;
        }
      }
    }
    return worst;
  }

  Error error_of(const Tables& tables, const AssociateOptions* own = nullptr) {
    const std::filesystem::path study = write("bad" + std::to_string(++bad_), tables);
    AssociateOptions options = own != nullptr ? *own : options_for(study);
    options.study = study;
    const auto result = associate(options);
    EXPECT_FALSE(result.ok());
    return result.ok() ? Error{} : result.error();
  }

  testing::TemporaryFolder folder_;
  Database database_;
  int bad_ = 0;
};

}  // namespace mien::testing
