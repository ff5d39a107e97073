#include "pipeline/rate/clip_job.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/sha256.h"
#include "face/frame_hash.h"
#include "face/shot_cut.h"
#include "media/video_writer.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kLeastStep_us = static_cast<std::int64_t>(1e6 / kMostRate_hz);
constexpr std::int64_t kLeastFrames = 5;
constexpr double kLeast_s = 0.75;
constexpr float kMargin = 1.06F;  // of a face's square, beyond where its head goes

int even(int size) {
  return size - size % 2;
}

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  const std::string digits = sha256_of_bytes(text).substr(0, 16);
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number;
}

// One clip of one view on its way into two files.
class Film {
 public:
  static Result<Film> open(const ClipTask& task, const std::string& id, const std::string& view,
                           int width_px, int height_px) {
    Film film;
    film.folder_ = fs::path(task.folder) / "clips";
    film.file_.id = id + "-" + view;
    film.file_.view = view;
    film.file_.mp4 = film.file_.id + ".mp4";
    film.file_.webm = film.file_.id + ".webm";
    film.file_.width_px = width_px;
    film.file_.height_px = height_px;
    MIEN_TRY(mp4, VideoWriter::create(film.folder_ / film.file_.mp4, width_px, height_px));
    film.mp4_.emplace(std::move(mp4));
    MIEN_TRY(webm, VideoWriter::create(film.folder_ / film.file_.webm, width_px, height_px,
                                       VideoFormat::kWebm));
    film.webm_.emplace(std::move(webm));
    return film;
  }

  int width_px() const { return file_.width_px; }
  int height_px() const { return file_.height_px; }

  Status write(const Image& image, std::int64_t pts_us) {
    MIEN_TRY_VOID(mp4_->write(image.view(), pts_us));
    return webm_->write(image.view(), pts_us);
  }

  Result<ClipFile> finish(double duration_s) {
    MIEN_TRY_VOID(mp4_->finish());
    MIEN_TRY_VOID(webm_->finish());
    MIEN_TRY_VOID(sync_path(folder_ / file_.mp4));
    MIEN_TRY_VOID(sync_path(folder_ / file_.webm));
    MIEN_TRY(mp4_hash, sha256_of_file(folder_ / file_.mp4));
    MIEN_TRY(webm_hash, sha256_of_file(folder_ / file_.webm));
    file_.mp4_sha256 = mp4_hash;
    file_.webm_sha256 = webm_hash;
    file_.duration_s = duration_s;
    return file_;
  }

 private:
  fs::path folder_;
  ClipFile file_;
  std::optional<VideoWriter> mp4_;
  std::optional<VideoWriter> webm_;
};

struct Clip {
  const ClipRequest* request = nullptr;
  ClipRecord record;
  std::int64_t start_us = 0, end_us = 0;  // the request's, until another shot is cut off
  std::vector<ClipLook> looks;
  std::vector<std::vector<float>> signatures;  // one a look
  std::optional<ClipFaces> faces;
  int width_px = 0;  // of the pictures; 0: none yet
  int height_px = 0;
  double scale = 1;
  // Of the second pass.
  CropSquare square;
  int side_px = 0;
  std::optional<Film> face, scene;
  std::int64_t first_us = -1;
  std::int64_t last_us = -1;
  std::int64_t step_us = 0;
  std::int64_t frames = 0;

  bool covers(std::int64_t pts_us) const { return pts_us >= start_us && pts_us < end_us; }
  bool is_refused() const { return !record.refused.empty(); }
  void refuse(std::string code, std::string message) {
    if (is_refused()) return;
    record.refused = std::move(code);
    record.message = std::move(message);
    face.reset();
    scene.reset();
  }
};

class ClipJob {
 public:
  ClipJob(const fs::path& video, const ReaderOptions& reader, const ClipTask& task,
          FaceMasker& masker)
      : video_(video), reader_options_(reader), task_(task), masker_(masker) {
    for (const ClipRequest& request : task.clips) {
      Clip& clip = clips_.emplace_back();
      clip.request = &request;
      clip.start_us = request.start_us;
      clip.end_us = request.end_us;
      clip.record.id = request.id;
      clip.record.stamp = task.stamp;
      end_us_ = std::max(end_us_, request.end_us);
    }
  }

  Result<std::vector<ClipRecord>> run() {
    MIEN_TRY_VOID(look());
    for (Clip& clip : clips_) follow(clip);
    if (std::ranges::any_of(clips_, [](const Clip& clip) { return !clip.is_refused(); })) {
      MIEN_TRY_VOID(draw());
    }
    std::vector<ClipRecord> records;
    for (Clip& clip : clips_) {
      MIEN_TRY_VOID(finish(clip));
      records.push_back(std::move(clip.record));
    }
    return records;
  }

 private:
  void refuse_all(const Error& error) {
    std::string code(to_string(reason_of(error)));
    if (code == "none") code = "unreadable";
    for (Clip& clip : clips_) clip.refuse(code, error.message);
  }

  bool is_wanted(std::int64_t pts_us) const {
    return std::ranges::any_of(clips_, [&](const Clip& clip) { return clip.covers(pts_us); });
  }
  bool begins(std::int64_t pts_us) const {
    return std::ranges::any_of(
        clips_, [&](const Clip& clip) { return clip.covers(pts_us) && clip.looks.empty(); });
  }
  // Whether some clip has `before` and not what comes after it.
  bool ends(std::int64_t before, std::int64_t after) const {
    return std::ranges::any_of(
        clips_, [&](const Clip& clip) { return clip.covers(before) && !clip.covers(after); });
  }

  Status look() {
    auto opened = VideoReader::open(video_, reader_options_);
    if (!opened.ok()) {
      refuse_all(opened.error());
      return Ok{};
    }
    VideoReader& reader = *opened;
    std::int64_t before_us = -1;
    std::int64_t looked_us = -1;
    for (;;) {
      auto next = reader.next_pts_us();
      if (!next.ok()) {
        // Clips that ended before stay good.
        for (Clip& clip : clips_) {
          if (clip.request->end_us > before_us) {
            clip.refuse(std::string(to_string(reason_of(next.error()))), next.error().message);
          }
        }
        return Ok{};
      }
      const bool is_end = !next->has_value();
      const std::int64_t pts_us = is_end ? end_us_ : **next;
      if (before_us > looked_us && ends(before_us, pts_us)) {
        MIEN_TRY_VOID(look_at(is_end ? reader.convert_current() : reader.convert_previous()));
        looked_us = before_us;
      }
      if (is_end || pts_us >= end_us_) return Ok{};
      if (is_wanted(pts_us) &&
          (looked_us < 0 || pts_us - looked_us >= kLookEvery_us || begins(pts_us))) {
        MIEN_TRY_VOID(look_at(reader.convert_current()));
        looked_us = pts_us;
      }
      before_us = pts_us;
    }
  }

  Status look_at(Result<Frame> converted) {
    if (!converted.ok()) {
      refuse_all(converted.error());
      return Ok{};
    }
    const Frame& frame = *converted;
    const ImageView image = frame.image.view();
    MIEN_TRY(masked, masker_.mask(image, 1, {}, Random(task_.seed)));
    const std::vector<float> signature = frame_signature(image);
    for (Clip& clip : clips_) {
      if (!clip.covers(frame.pts_us)) continue;
      if (clip.width_px == 0) {
        clip.width_px = image.width_px;
        clip.height_px = image.height_px;
        clip.scale = frame.scale;
      }
      if (clip.width_px != image.width_px || clip.height_px != image.height_px) {
        clip.refuse("size_changes", "the picture changes its size within the clip");
      }
      clip.looks.push_back({frame.pts_us, masked.faces, masked.heads});
      clip.signatures.push_back(signature);
    }
    return Ok{};
  }

  static void keep_shot(Clip& clip) {
    const auto [first, last] = within_shot(clip.signatures);
    if (first > 0) clip.start_us = clip.looks[first].pts_us;
    if (last < clip.looks.size()) clip.end_us = clip.looks[last - 1].pts_us + 1;
    const auto keep = [from = first, to = last](auto& list) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(to), list.end());
      list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(from));
    };
    keep(clip.looks);
    keep(clip.signatures);
  }

  void follow(Clip& clip) {
    if (clip.is_refused()) return;
    if (clip.looks.empty()) {
      clip.refuse("no_frames", "the video has no frame at this time any more");
      return;
    }
    keep_shot(clip);
    std::vector<TimedBox> known = clip.request->known;
    const auto unit = static_cast<float>(1 / clip.scale);
    for (auto& [pts_us, box] : known) {
      box = {box.x_px * unit, box.y_px * unit, box.width_px * unit, box.height_px * unit};
    }
    clip.faces = ClipFaces::follow(clip.looks, known);
    if (!clip.faces->refusal().empty()) {
      clip.refuse(clip.faces->refusal(), clip.faces->refusal() == "face_lost"
                                             ? "the face was not found again"
                                             : "another face lies over it");
      return;
    }
    FrameHasher hasher;
    for (const std::vector<float>& signature : clip.signatures) hasher.add(signature);
    if (const auto hashes = hasher.hashes()) clip.record.hashes = to_text(*hashes);
    clip.looks.clear();
    clip.signatures.clear();
    const Box bounds = clip.faces->bounds();
    clip.square = {bounds.centre(), std::max(bounds.width_px, bounds.height_px) * kMargin, 0};
    if (!is_usable(clip.square)) {
      clip.refuse("face_lost", "the face has no place in the picture");
      return;
    }
    clip.side_px = std::max(
        32, even(std::min(task_.face_px, static_cast<int>(std::ceil(clip.square.side_px)))));
  }

  Status open_films(Clip& clip) {
    const auto open = [&](const char* view, int width_px, int height_px,
                          std::optional<Film>& film) -> Status {
      auto opened = Film::open(task_, clip.request->id, view, width_px, height_px);
      if (!opened.ok() && opened.error().code == ErrorCode::kUnsupported) {
        clip.refuse("size_not_encoded", opened.error().message);
        return Ok{};
      }
      if (!opened.ok()) return std::move(opened).error();
      film.emplace(std::move(*opened));
      return Ok{};
    };
    if (task_.face) MIEN_TRY_VOID(open("face", clip.side_px, clip.side_px, clip.face));
    if (!task_.scene || clip.is_refused()) return Ok{};
    const int longest = std::max(clip.width_px, clip.height_px);
    const auto sized = [&](int side_px) {
      const int fit = longest <= task_.scene_px ? side_px : side_px * task_.scene_px / longest;
      return std::max(2, even(fit));
    };
    return open("scene", sized(clip.width_px), sized(clip.height_px), clip.scene);
  }

  Status draw() {
    auto opened = VideoReader::open(video_, reader_options_);
    if (!opened.ok()) {
      refuse_all(opened.error());
      return Ok{};
    }
    for (;;) {
      auto next = opened->next_pts_us();
      if (!next.ok() || !next->has_value() || **next >= end_us_) return Ok{};
      const std::int64_t pts_us = **next;
      std::vector<Clip*> due;
      for (Clip& clip : clips_) {
        const bool is_due = !clip.is_refused() && clip.covers(pts_us) &&
                            (clip.last_us < 0 || pts_us - clip.last_us >= kLeastStep_us);
        if (is_due) due.push_back(&clip);
      }
      if (due.empty()) continue;
      auto frame = opened->convert_current();
      if (!frame.ok()) {
        for (Clip* clip : due) clip->refuse("unreadable", frame.error().message);
        continue;
      }
      for (Clip* clip : due) MIEN_TRY_VOID(draw_frame(*clip, *frame));
    }
  }

  Status draw_frame(Clip& clip, const Frame& frame) {
    const ImageView image = frame.image.view();
    if (clip.width_px != image.width_px || clip.height_px != image.height_px) {
      clip.refuse("size_changes", "the picture changes its size within the clip");
      return Ok{};
    }
    if (clip.last_us < 0) {
      MIEN_TRY_VOID(open_films(clip));
      if (clip.is_refused()) return Ok{};
      clip.first_us = frame.pts_us;
    } else {
      clip.step_us = frame.pts_us - clip.last_us;
    }
    clip.last_us = frame.pts_us;
    ++clip.frames;
    const FaceDetection face = clip.faces->followed_at(frame.pts_us);
    const std::vector<OtherHead>& others = clip.faces->others_at(frame.pts_us);
    const Random random = Random(task_.seed).fork(number_of(clip.request->id));
    const std::int64_t at_us = frame.pts_us - clip.first_us;
    if (clip.face.has_value()) {
      MIEN_TRY_VOID(clip.face->write(
          face_view(image, clip.square, clip.side_px, face, others, random), at_us));
    }
    if (clip.scene.has_value()) {
      const Image scene = scene_view(image, face, others, random);
      MIEN_TRY_VOID(clip.scene->write(
          shrunk(scene.view(), clip.scene->width_px(), clip.scene->height_px()), at_us));
    }
    return Ok{};
  }

  Status finish(Clip& clip) {
    if (clip.frames < kLeastFrames) {
      clip.refuse("too_few_frames", "fewer than 5 frames could be read");
    }
    const double duration_s =
        static_cast<double>(clip.last_us - clip.first_us + clip.step_us) / 1e6;
    if (duration_s < kLeast_s) clip.refuse("too_short", "what is of one shot is under 0.75 s");
    if (!clip.is_refused()) {
      for (std::optional<Film>* film : {&clip.face, &clip.scene}) {
        if (!film->has_value()) continue;
        MIEN_TRY(file, (*film)->finish(duration_s));
        clip.record.files.push_back(std::move(file));
      }
    }
    return write_file_durably(
        clip_record_path(task_.folder, clip.record.id),
        to_json(clip.record).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  }

  const fs::path& video_;
  const ReaderOptions& reader_options_;
  const ClipTask& task_;
  FaceMasker& masker_;
  std::vector<Clip> clips_;
  std::int64_t end_us_ = 0;
};

}  // namespace

Result<std::vector<ClipRecord>> make_clips(const fs::path& video, const ReaderOptions& reader,
                                           const ClipTask& task, FaceMasker& masker) {
  MIEN_TRY_VOID(make_folders(fs::path(task.folder) / "clips"));
  MIEN_TRY_VOID(make_folders(fs::path(task.folder) / "prepared"));
  return ClipJob(video, reader, task, masker).run();
}

fs::path clip_record_path(const fs::path& rating, const std::string& id) {
  return rating / "prepared" / (id + ".json");
}

}  // namespace mien
