// Damage of every kind that a study's own books can tell, each named; nothing written unless asked.
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

#include "base/sha256.h"
#include "pipeline/annotate/study_fixture.h"
#include "pipeline/study/corpus.h"
#include "pipeline/verify/verify_study.h"
#include "store/sqlite.h"
#include "survey/rating_database.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

// A row with these cells; the others are null.
std::vector<Cell> cells_of(const TableSchema& schema, const std::map<std::string, Cell>& known) {
  std::vector<Cell> cells;
  for (const ColumnSpec& column : schema.columns) {
    const auto it = known.find(column.name);
    cells.push_back(it == known.end() ? Cell{} : it->second);
  }
  return cells;
}

class VerifyTest : public StudyFixture {
 protected:
  // Media with the columns that are declared; two tracks a video.
  static void annotate_declared(Study& study, const StudyInput& video) {
    PendingWriter writer = std::move(study.pending_writer(video)).value();
    Table media(media_schema());
    media.append(cells_of(media.schema(),
                          {{"video_id", video.video_id},
                           {"status", std::string("ok")},
                           {"face_frames", std::int64_t{video.video_id == "v0.mp4" ? 0 : 3}}}));
    Table tracks(tracks_schema());
    for (std::int64_t id = 0; id < 2; ++id) {
      tracks.append(cells_of(tracks.schema(), {{"video_id", video.video_id}, {"track_id", id}}));
    }
    ASSERT_TRUE(writer.append("media", media).ok());
    ASSERT_TRUE(writer.append("tracks", tracks).ok());
    ASSERT_TRUE(writer.commit().ok());
    ASSERT_TRUE(study.note_committed(video.video_id).ok());
  }

  // Two shards of three videos and a seventh that waits for its shard, of two countries.
  void make_study() {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(inputs(6)).ok());
    for (const StudyInput& video : study.todo()) annotate_declared(study, video);
    ASSERT_EQ(study.publish_ready_shards().value(), 2);
    std::vector<StudyInput> more = inputs(8);
    ASSERT_TRUE(study.add_inputs(std::span(more).subspan(6)).ok());
    annotate_declared(study, more[6]);
    Table corpus(corpus_schema());
    for (std::size_t i = 0; i < more.size(); ++i) {
      const bool odd = i % 2 == 1;
      corpus.append(cells_of(corpus.schema(),
                             {{"video_id", more[i].video_id},
                              {"uri", more[i].path},
                              {"country", std::string(odd ? "JP" : "DE")},
                              {"region", std::string(odd ? "East Asia" : "Western Europe")}}));
    }
    ASSERT_TRUE(update_corpus(database_, folder(), corpus).ok());
  }

  VerifyReport verify(bool repair = false) {
    auto report = verify_study({folder(), repair});
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report.ok() ? std::move(*report) : VerifyReport();
  }
  // All findings in words.
  std::string damage(bool repair = false) {
    std::string text;
    for (const VerifyFinding& finding : verify(repair).damage) {
      EXPECT_FALSE(finding.remedy.empty());
      text += finding.file.string() + ": " + finding.what + "\n";
    }
    return text;
  }

  static void change(const fs::path& path, const std::function<void(std::string&)>& how) {
    std::string bytes = read_whole_file(path).value();
    how(bytes);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  // A manifest that holds in itself, but says something else.
  void change_manifest(int number, const std::function<void(ShardManifest&)>& how) {
    change(shard(number) / "manifest.json", [&](std::string& bytes) {
      ShardManifest manifest = decode_shard_manifest(bytes).value();
      how(manifest);
      bytes = encode(manifest);
    });
  }
  // Another file in a table's place, with its size and checksum in the manifest.
  void replace_table(int number, const std::string& table, const std::string& select,
                     const FileMetadata& metadata) {
    const fs::path path = shard(number) / (table + ".parquet");
    const fs::path other = root_ / "other.parquet";
    ASSERT_TRUE(database_.write_query_parquet(select, other, metadata).ok());
    fs::rename(other, path);
    change_manifest(number, [&](ShardManifest& manifest) {
      for (ShardFile& file : manifest.files) {
        if (file.table != table) continue;
        file.size_bytes = static_cast<std::int64_t>(fs::file_size(path));
        file.sha256 = sha256_of_file(path).value();
      }
    });
  }
  std::string rows_of(int number, const std::string& table) const {
    const fs::path path = shard(number) / (table + ".parquet");
    return "SELECT * FROM " + sql_read_parquet(path);
  }

  std::string snapshot() const {
    std::string text;
    for (const auto& entry : fs::recursive_directory_iterator(folder())) {
      struct stat info {};
      EXPECT_EQ(::lstat(entry.path().c_str(), &info), 0);
      text += fmt::format("{} {}.{} {} {}\n", entry.path().string(), info.st_mtim.tv_sec,
                          info.st_mtim.tv_nsec, info.st_mode,
                          entry.is_regular_file() ? read_whole_file(entry.path()).value() : "");
    }
    return text;
  }
};

TEST_F(VerifyTest, NoByteOfTheCorpusEndsVerifyItself) {
  make_study();
  const fs::path corpus = folder() / "corpus.parquet";
  const std::string sound = read_whole_file(corpus).value();
  int told = 0;
  int tried = 0;
  for (std::size_t at = 0; at < sound.size(); at += sound.size() / 60) {
    ++tried;
    change(corpus, [&](std::string& bytes) {
      bytes = sound;
      bytes[at] ^= static_cast<char>(1U << (at % 8));
    });
    if (!verify().is_sound()) ++told;
  }
  std::printf("corpus.parquet: %d of %d flipped bits told\n", told, tried);
  EXPECT_GT(told, tried / 4);  // no checksum is kept of it: a changed number may pass
}

TEST_F(VerifyTest, ASoundStudyIsToldWholeAndNotWritten) {
  make_study();
  const std::string before = snapshot();
  const VerifyReport report = verify();
  EXPECT_TRUE(report.is_sound()) << to_text(report, 0);
  EXPECT_EQ(snapshot(), before);
  EXPECT_EQ(report.shards_planned, 3);
  EXPECT_EQ(report.shards_sound, 2);
  EXPECT_EQ(report.videos.videos, 8);
  EXPECT_EQ(report.videos.ok, 6);
  EXPECT_EQ(report.videos.with_faces, 5);
  EXPECT_EQ(report.videos.pending, 1);
  EXPECT_EQ(report.videos.never, 1);
  ASSERT_EQ(report.coverage.size(), 2U);
  EXPECT_EQ(report.coverage[0].country, "DE");
  EXPECT_EQ(report.coverage[0].region, "Western Europe");
  EXPECT_EQ(report.coverage[0].pending, 1);
  EXPECT_EQ(report.coverage[1].never, 1);
  EXPECT_EQ(report.rows, 6 + 12 + 1 + 2 + 8);  // media, tracks, pending, corpus
  EXPECT_EQ(to_json(report, 0)["videos"]["never_attempted"], 1);
  EXPECT_THAT(to_text(report, 0), HasSubstr("\nsound\n"));
}

TEST(VerifyCoverage, SmallNumbersAreHeldBackAndOthersRounded) {
  VerifyReport report;
  const auto add = [&](const char* country, std::int64_t ok, std::int64_t failed,
                       std::int64_t uploaders) {
    CoverageRow row;
    row.country = country;
    row.videos = ok + failed;
    row.ok = ok;
    row.failed = failed;
    row.uploaders = {std::max(uploaders, failed), uploaders, 0, failed, 0, 0, 0};
    report.coverage.push_back(row);
    report.videos.videos += ok + failed;
    report.videos.ok += ok;
    report.videos.failed += failed;
  };
  add("BR", 504, 3, 300);
  add("DE", 403, 0, 200);
  add("FR", 98, 0, 60);
  add("MC", 223, 0, 3);
  report.videos.uploaders = {560, 560, 0, 3, 0, 0, 0};
  const auto json = to_json(report, 10);
  EXPECT_EQ(json["videos"]["videos"], 1230);
  EXPECT_TRUE(json["videos"]["failed"].is_null());
  ASSERT_EQ(json["coverage"].size(), 3U);
  EXPECT_EQ(json["coverage"][0]["videos"], 510);
  EXPECT_EQ(json["coverage"][0]["ok"], 500);
  EXPECT_TRUE(json["coverage"][0]["failed"].is_null()) << "three videos";
  EXPECT_EQ(json["coverage"][1]["failed"], 0);
  EXPECT_EQ(json["coverage"][2]["held_back"], true) << "all less the others would be one of three";
  EXPECT_TRUE(json["coverage"][2]["country"].is_null());
  EXPECT_EQ(json["coverage"][2]["videos"], 320);
  EXPECT_THAT(to_text(report, 10), ::testing::Not(HasSubstr("MC")));
  EXPECT_EQ(to_json(report, 0)["coverage"][3]["videos"], 223);
}

TEST_F(VerifyTest, AFolderThatNobodyMayWriteIsLookedAtAllTheSame) {
  make_study();
  const auto set_writable = [&](bool writable) {
    const std::string command =
        fmt::format("chmod -R {} '{}'", writable ? "u+w" : "a-w", folder().string());
    ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe)
  };
  set_writable(false);
  const std::string before = snapshot();
  EXPECT_TRUE(verify().is_sound());
  EXPECT_EQ(snapshot(), before);
  set_writable(true);
}

TEST_F(VerifyTest, RowsThatAManifestDoesNotTellAreDamage) {
  make_study();
  change_manifest(0, [](ShardManifest& manifest) {
    for (ShardFile& file : manifest.files) file.rows += file.table == "tracks" ? 1 : 0;
  });
  EXPECT_THAT(damage(), HasSubstr("tracks.parquet: it has 6 rows, its manifest 7"));
}

TEST_F(VerifyTest, RowsOfTheWrongVideoAreDamage) {
  make_study();
  replace_table(1, "tracks", rows_of(1, "tracks").replace(7, 1, "* REPLACE ('v9.mp4' AS video_id)"),
                file_metadata(settings(), "tracks"));
  EXPECT_THAT(damage(), HasSubstr("'v3.mp4' has 0 rows, its manifest 2"));
}

TEST_F(VerifyTest, OtherColumnsAndOtherSettingsAreDamage) {
  make_study();
  replace_table(0, "tracks", rows_of(0, "tracks").replace(7, 1, "* RENAME (frames AS pictures)"),
                file_metadata(settings(), "tracks"));
  FileMetadata metadata = file_metadata(settings(), "media");
  metadata["mien.models"] = "{\"blazeface\":\"zz\"}";
  replace_table(1, "media", rows_of(1, "media"), metadata);
  const std::string found = damage();
  EXPECT_THAT(found, HasSubstr("tracks.parquet: its columns are not those of the manifest"));
  EXPECT_THAT(found, HasSubstr("media.parquet: mien.models is '{\"blazeface\":\"zz\"}'"));
}

TEST_F(VerifyTest, AVideoInTwoShardsAndOneThatNoPlanKnowsAreNamed) {
  make_study();
  fs::copy(shard(0), shard(7));
  EXPECT_THAT(damage(), HasSubstr("shard-00007: the plan has no such shard"));
  fs::remove_all(shard(7));
  change_manifest(1, [](ShardManifest& manifest) { manifest.videos[0].video_id = "v0.mp4"; });
  replace_table(1, "media",
                rows_of(1, "media")
                    .replace(7, 1,
                             "* REPLACE (CASE video_id WHEN 'v3.mp4' THEN "
                             "'v0.mp4' ELSE video_id END AS video_id)"),
                file_metadata(settings(), "media"));
  replace_table(1, "tracks",
                rows_of(1, "tracks")
                    .replace(7, 1,
                             "* REPLACE (CASE video_id WHEN 'v3.mp4' THEN "
                             "'v0.mp4' ELSE video_id END AS video_id)"),
                file_metadata(settings(), "tracks"));
  EXPECT_THAT(damage(), HasSubstr("rows of 'v0.mp4', which the plan has in shard 0"));
}

TEST_F(VerifyTest, SeveralVersionsOfTheProgramAreNamedAndNoDamage) {
  make_study();
  StudySettings later = settings();
  later.program_version = "0.2.0";
  for (const char* table : {"media", "tracks"}) {
    replace_table(1, table, rows_of(1, table), file_metadata(later, table));
  }
  change_manifest(1, [](ShardManifest& manifest) { manifest.program_version = "0.2.0"; });
  const VerifyReport report = verify();
  EXPECT_TRUE(report.is_sound()) << to_text(report, 0);
  EXPECT_EQ(report.program_versions.at("0.1.0"), 1);
  EXPECT_EQ(report.program_versions.at("0.2.0"), 1);
  EXPECT_THAT(to_text(report, 0), HasSubstr("several versions of the program"));
}

TEST_F(VerifyTest, RepairTakesAwayWhatDoesNotHoldAndAnnotateDoesItAgain) {
  make_study();
  const auto before = published_bytes(folder());
  change(shard(1) / "media.parquet", [](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; });
  change(pending_folder(folder(), "v6.mp4") / "tracks-000.parquet",
         [](std::string& bytes) { bytes.resize(bytes.size() - 1); });
  const std::string found = damage();
  EXPECT_THAT(found, HasSubstr("shard-00001"));
  EXPECT_THAT(found, HasSubstr("tracks-000.parquet: the size is not right"));
  const VerifyReport repaired = verify(true);
  EXPECT_TRUE(repaired.is_sound()) << to_text(repaired, 0);
  EXPECT_EQ(repaired.repaired.size(), 2U);
  EXPECT_EQ(repaired.videos.never, 5);
  Study study = open();
  EXPECT_THAT(study.problems(), IsEmpty());
  EXPECT_EQ(study.todo().size(), 5U);
  for (const StudyInput& video : study.todo()) annotate_declared(study, video);
  ASSERT_TRUE(study.publish_ready_shards().ok());
  auto after = published_bytes(folder());
  std::erase_if(after, [](const auto& file) { return file.first.starts_with("shard-00002"); });
  EXPECT_EQ(after, before);
}

TEST_F(VerifyTest, BooksAreMadeAgainFromTheShards) {
  make_study();
  {
    Study study = open();
    for (const StudyInput& video : study.todo()) annotate_declared(study, video);
    ASSERT_EQ(study.publish_ready_shards().value(), 1);
  }
  const fs::path run = folder() / "annotations" / "run.json";
  const fs::path plan = folder() / "annotations" / "plan.parquet";
  const std::string settings_before = read_whole_file(run).value();
  const std::string plan_before = read_whole_file(plan).value();
  change(run, [](std::string& bytes) { bytes.replace(bytes.find("6.0"), 3, "7.0"); });
  change(plan, [](std::string& bytes) { bytes.resize(100); });
  const std::string found = damage();
  EXPECT_THAT(found, HasSubstr("run.json: no shard was made with these settings"));
  EXPECT_THAT(found, HasSubstr("plan.parquet"));
  EXPECT_TRUE(verify(true).is_sound());
  EXPECT_EQ(read_whole_file(run).value(), settings_before);
  EXPECT_EQ(read_whole_file(plan).value(), plan_before);
  fs::remove(run);
  fs::remove(plan);
  EXPECT_THAT(damage(), HasSubstr("missing, though there are shards"));
  EXPECT_TRUE(verify(true).is_sound());
  EXPECT_EQ(read_whole_file(plan).value(), plan_before);
}

TEST_F(VerifyTest, OtherSettingsAreNeverTakenAway) {
  make_study();
  change_manifest(1, [](ShardManifest& manifest) { manifest.settings = "0123"; });
  EXPECT_THAT(damage(true), HasSubstr("made with other settings"));
  EXPECT_TRUE(fs::exists(shard(1) / "media.parquet"));
}

TEST_F(VerifyTest, SumsTextsAndComparisonAreHeldToo) {
  make_study();
  fs::create_directories(folder() / "maps");
  fs::create_directories(folder() / "compare");
  fs::create_directories(folder() / "texts");
  const std::string body = "MIENSUM3 and so on";
  std::ofstream(folder() / "maps/statistics-text.sums") << body << sha256_of_bytes(body);
  std::ofstream(folder() / "compare/compare.json") << "{}\n";
  ASSERT_TRUE(
      database_.write_parquet(Table(maps_schema()), folder() / "maps/maps.parquet", {}).ok());
  Table contexts(context_status_schema());
  contexts.append(cells_of(contexts.schema(), {{"video_id", std::string("v1.mp4")}}));
  ASSERT_TRUE(
      database_.write_parquet(contexts, folder() / "texts/context_status.parquet", {}).ok());
  EXPECT_THAT(damage(), IsEmpty());

  contexts.append(cells_of(contexts.schema(), {{"video_id", std::string("stranger")}}));
  ASSERT_TRUE(
      database_.write_parquet(contexts, folder() / "texts/context_status.parquet", {}).ok());
  change(folder() / "maps/statistics-text.sums", [](std::string& bytes) { bytes[3] ^= 4; });
  std::ofstream(folder() / "compare/compare.json") << "{";
  ASSERT_TRUE(
      database_.write_parquet(Table(tracks_schema()), folder() / "maps/maps.parquet", {}).ok());
  const std::string found = damage();
  EXPECT_THAT(found, HasSubstr("'stranger', a video that the corpus does not know"));
  EXPECT_THAT(found, HasSubstr("statistics-text.sums: the checksum does not hold"));
  EXPECT_THAT(found, HasSubstr("compare.json: it is not JSON"));
  EXPECT_THAT(found, HasSubstr("maps.parquet: its column 1 is video_id"));
}

TEST_F(VerifyTest, ARatingDatabaseIsHeldWithItsLogAndNotTouched) {
  make_study();
  const fs::path file = ratings_file(folder());
  fs::create_directories(file.parent_path());
  auto ratings = SqliteDatabase::open(file, SqliteDatabase::Access::kCreate);
  ASSERT_TRUE(ratings.ok());
  ASSERT_TRUE(ratings
                  ->run_script("CREATE TABLE answers(id INTEGER PRIMARY KEY, said TEXT);"
                               "CREATE INDEX by_word ON answers(said);")
                  .ok());
  const std::string word(300, 'w');
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(ratings->run("INSERT INTO answers(said) VALUES (?)", {word}).ok());
  }
  ASSERT_GT(fs::file_size(file.string() + "-wal"), 0U);
  const std::string before = snapshot();
  EXPECT_THAT(damage(), IsEmpty());
  EXPECT_EQ(snapshot(), before);
  ASSERT_TRUE(ratings->run_script("PRAGMA wal_checkpoint(TRUNCATE)").ok());
  change(file, [](std::string& bytes) {
    for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 4096; ++i) bytes[i] = '\x55';
  });
  EXPECT_THAT(damage(), HasSubstr("ratings.db"));
}

}  // namespace
}  // namespace mien
