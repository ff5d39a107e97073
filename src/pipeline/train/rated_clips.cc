#include "pipeline/train/rated_clips.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "pipeline/study/study_tables.h"
#include "survey/clip_list.h"
#include "survey/definition.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamed = 5;

struct Track {
  std::int64_t first_us = 0, last_us = 0;
  std::int64_t scored = 0;
  double area_px2 = 0;
};
using Tracks = std::map<int, Track>;

// Of the videos wanted; those without a track are not in it, but for stills: where the study was
// annotated without a head, a head may read a face there that the study does not list.
Result<std::unordered_map<std::string, Tracks>> read_tracks(Database& database,
                                                            const fs::path& study,
                                                            const std::set<std::string>& wanted) {
  std::unordered_map<std::string, Tracks> tracks;
  MIEN_TRY(files, study_table_files(study, "tracks"));
  MIEN_TRY_VOID(
      database.scan("SELECT video_id, track_id, first_us, last_us, box_w_px * box_h_px FROM " +
                        sql_read_parquet(files),
                    [&](const ScanBatch& batch) -> Status {
                      for (std::size_t r = 0; r < batch.rows(); ++r) {
                        const std::string id(batch.text(0, r));
                        if (!wanted.contains(id)) continue;
                        tracks[id][static_cast<int>(batch.integers(1)[r])] = {
                            batch.integers(2)[r], batch.integers(3)[r], 0,
                            batch.is_null(4, r) ? 0 : batch.doubles(4)[r]};
                      }
                      return Ok{};
                    }));
  MIEN_TRY(windows, study_table_files(study, "windows"));
  MIEN_TRY_VOID(database.scan("SELECT video_id, track_id, frames FROM " + sql_read_parquet(windows),
                              [&](const ScanBatch& batch) -> Status {
                                for (std::size_t r = 0; r < batch.rows(); ++r) {
                                  const auto found = tracks.find(std::string(batch.text(0, r)));
                                  if (found == tracks.end()) continue;
                                  found->second[static_cast<int>(batch.integers(1)[r])].scored +=
                                      batch.integers(2)[r];
                                }
                                return Ok{};
                              }));
  MIEN_TRY(media, study_table_files(study, "media"));
  MIEN_TRY_VOID(
      database.scan("SELECT video_id FROM " + sql_read_parquet(media) +
                        " WHERE status = 'ok' AND frames_analysed = 1 AND duration_s IS NULL",
                    [&](const ScanBatch& batch) -> Status {
                      for (std::size_t r = 0; r < batch.rows(); ++r) {
                        const std::string id(batch.text(0, r));
                        if (wanted.contains(id) && !tracks.contains(id)) tracks[id][0] = {};
                      }
                      return Ok{};
                    }));
  return tracks;
}

// -1 where there is no track.
int leading_track(const Tracks& tracks) {
  int best = -1;
  for (const auto& [id, track] : tracks) {
    if (best >= 0) {
      const Track& other = tracks.at(best);
      if (track.scored < other.scored) continue;
      if (track.scored == other.scored && track.area_px2 <= other.area_px2) continue;
    }
    best = id;
  }
  return best;
}

struct Owner {
  std::string person, uploader;
};

Result<std::unordered_map<std::string, Owner>> read_owners(Database& database,
                                                           const fs::path& study,
                                                           const std::set<std::string>& wanted) {
  std::unordered_map<std::string, Owner> owners;
  const fs::path file = study / "corpus.parquet";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return owners;
  MIEN_TRY(schema, database.read_schema(file));
  const auto text = [&](const char* column) {
    return schema.index_of(column) < 0 ? std::string("CAST(NULL AS VARCHAR)")
                                       : "CAST(" + sql_identifier(column) + " AS VARCHAR)";
  };
  MIEN_TRY_VOID(database.scan("SELECT video_id, " + text("person") + ", " + text("uploader") +
                                  " FROM " + sql_read_parquet(file),
                              [&](const ScanBatch& batch) -> Status {
                                for (std::size_t r = 0; r < batch.rows(); ++r) {
                                  const std::string id(batch.text(0, r));
                                  if (!wanted.contains(id)) continue;
                                  Owner& owner = owners[id];
                                  if (!batch.is_null(1, r)) owner.person = batch.text(1, r);
                                  if (!batch.is_null(2, r)) owner.uploader = batch.text(2, r);
                                }
                                return Ok{};
                              }));
  return owners;
}

std::string first_of(std::span<const std::string> ids) {
  std::string text;
  for (std::size_t i = 0; i < std::min(ids.size(), kNamed); ++i) {
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", ids[i]);
  }
  return text;
}

}  // namespace

Result<RatedClips> find_rated_clips(Database& database, const fs::path& study,
                                    std::span<const std::string> ids, double rate_hz) {
  std::optional<ClipList> list;
  std::error_code ignored;
  if (fs::exists(rating_folder(study) / "clips.json", ignored)) {
    MIEN_TRY(read, ClipList::read(study));
    list = std::move(read);
  }
  MIEN_TRY(plan, Plan::read(database, study / "annotations" / "plan.parquet"));

  struct Wanted {
    std::string id, video;
    int track = -1;  // -1: the leading one, the whole of it
    std::int64_t start_us = 0, end_us = 0;
  };
  std::vector<Wanted> wanted;
  std::set<std::string> videos;
  RatedClips result;
  for (const std::string& id : ids) {
    Wanted clip{id, id, -1, 0, 0};
    if (const int at = list ? list->index_of(id) : -1; at >= 0) {
      const SurveyClip& known = list->clips()[static_cast<std::size_t>(at)];
      clip.video = known.video_id;
      if (known.track_id >= 0 && known.end_us > known.start_us) {
        clip.track = known.track_id;
        clip.start_us = known.start_us;
        clip.end_us = known.end_us;
      }
    }
    if (!plan.find(clip.video).has_value()) {
      result.left_out.push_back(id +
                                ": neither a clip of rating/clips.json nor a video of the "
                                "study's annotations");
      continue;
    }
    videos.insert(clip.video);
    wanted.push_back(std::move(clip));
  }
  if (wanted.empty()) {
    return Error{
        ErrorCode::kNotFound,
        fmt::format("{}: none of the {} rated clips is one of rating/clips.json or a video "
                    "of the annotations; the first are {}; remedy: name the study that "
                    "was rated, and annotate its videos first",
                    study.string(), ids.size(), first_of(ids))};
  }
  MIEN_TRY(tracks, read_tracks(database, study, videos));
  MIEN_TRY(owners, read_owners(database, study, videos));
  std::map<std::string, std::size_t> places;
  for (const std::string& id : videos) {
    if (!tracks.contains(id)) continue;
    places[id] = result.videos.size();
    RatedVideo video;
    video.input = plan.videos()[*plan.find(id)];
    const auto owner = owners.find(id);
    if (owner != owners.end()) {
      video.person = owner->second.person;
      video.source = owner->second.uploader;
    }
    if (video.person.empty()) video.person = "video " + id;
    video.source = video.source.empty() ? "video " + id : "uploader " + video.source;
    result.videos.push_back(std::move(video));
  }
  const auto step_us = static_cast<std::int64_t>(std::llround(1e6 / rate_hz));
  for (const Wanted& one : wanted) {
    const auto place = places.find(one.video);
    const int track = place == places.end() ? -1
                      : one.track >= 0      ? one.track
                                            : leading_track(tracks.at(one.video));
    if (track < 0 || !tracks.at(one.video).contains(track)) {
      result.left_out.push_back(one.id + ": there is no face in '" + one.video + "'");
      continue;
    }
    const Track& own = tracks.at(one.video).at(track);
    RatedClip clip{one.id, place->second, track, one.start_us, one.end_us};
    if (one.track < 0) {
      clip.start_us = own.first_us;
      clip.end_us = own.last_us + step_us;
    }
    for (const auto& [id, other] : tracks.at(one.video)) {
      if (id == track) continue;
      if (other.first_us < clip.end_us && other.last_us >= clip.start_us) {
        result.videos[place->second].has_company = true;
      }
    }
    result.clips.push_back(std::move(clip));
  }
  std::ranges::sort(result.clips, {}, &RatedClip::id);
  return result;
}

}  // namespace mien
