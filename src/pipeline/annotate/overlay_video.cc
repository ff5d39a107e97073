#include "pipeline/annotate/overlay_video.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "base/sha256.h"
#include "media/grid_sampler.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestName = 60;
constexpr std::size_t kHashDigits = 16;

bool is_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

// "ID-0123456789abcdef.mp4", or what the writer calls it before it is finished.
bool is_overlay_name(const std::string& name) {
  const std::size_t dot = name.rfind(".mp4");
  return dot != std::string::npos && dot > kHashDigits && name[dot - kHashDigits - 1] == '-' &&
         name.find_first_not_of("0123456789abcdef", dot - kHashDigits) == dot &&
         (name.size() == dot + 4 || name.compare(dot + 4, 6, ".part-") == 0);
}

Image of_size(Image image, int width_px, int height_px) {
  if (image.width_px() == width_px && image.height_px() == height_px) return image;
  Image canvas(width_px, height_px);
  const std::size_t bytes =
      std::size_t{3} * static_cast<std::size_t>(std::min(width_px, image.width_px()));
  for (int y = 0; y < std::min(height_px, image.height_px()); ++y) {
    std::memcpy(canvas.row(y), image.view().row(y), bytes);
  }
  return canvas;
}

}  // namespace

fs::path overlay_path(const fs::path& study, const std::string& settings_hash,
                      const StudyInput& video) {
  std::string name = video.video_id.substr(0, kLongestName);
  for (char& c : name) c = is_safe(c) ? c : '_';
  const std::string content = settings_hash + "\n" + std::to_string(video.size_bytes) + "\n" +
                              std::to_string(video.mtime_ns) + "\n" + video.video_id;
  return study / "overlays" /
         (name + "-" + sha256_of_bytes(content).substr(0, kHashDigits) + ".mp4");
}

int leading_channel(const std::vector<ColumnSpec>& columns, const std::vector<float>& values) {
  for (const char* prefix : {"basic7_", "label_"}) {
    int best = -1;
    for (std::size_t c = 0; c < values.size(); ++c) {
      if (!columns[c].name.starts_with(prefix) || !std::isfinite(values[c])) continue;
      if (best < 0 || values[c] > values[static_cast<std::size_t>(best)])
        best = static_cast<int>(c);
    }
    if (best >= 0) return best;
  }
  return -1;
}

Status write_overlay(const fs::path& video, const AnnotateOptions& options,
                     const std::vector<OverlayFrame>& frames, const fs::path& out) {
  MIEN_TRY_VOID(make_folders(out.parent_path()));
  MIEN_TRY(reader, VideoReader::open(video, options.reader));
  GridSampler sampler(reader, options.rate_hz);
  std::optional<VideoWriter> writer;
  int width_px = 0;
  int height_px = 0;
  for (const OverlayFrame& drawn : frames) {
    auto next = sampler.next();
    if (!next.ok()) break;  // as far as the first pass came
    if (!next->has_value()) break;
    GridFrame grid = std::move(**next);
    if (grid.frame.pts_us != drawn.pts_us) {
      return Error{ErrorCode::kIo, video.string() +
                                       ": the file changed while it was being read; "
                                       "remedy: run the command again"};
    }
    if (!writer.has_value()) {
      width_px = grid.frame.image.width_px();
      height_px = grid.frame.image.height_px();
      auto created = VideoWriter::create(out, width_px, height_px);
      if (!created.ok() && created.error().code == ErrorCode::kUnsupported) return Ok{};
      MIEN_TRY(opened, std::move(created));
      writer.emplace(std::move(opened));
    }
    const double scale = grid.frame.scale;
    Image image = of_size(std::move(grid.frame.image), width_px, height_px);
    draw_overlay(image, scale, drawn.faces);
    MIEN_TRY_VOID(writer->write(image.view(), grid.frame.pts_us));
  }
  if (!writer.has_value()) return Ok{};
  return writer->finish();
}

fs::path masked_path(const fs::path& study, const std::string& settings_hash,
                     const StudyInput& video) {
  return overlay_path(study, settings_hash + "\nheads filled", video);
}

Status MaskedVideo::add(std::int64_t pts_us, Image image) {
  if (is_refused_) return Ok{};
  if (!writer_.has_value()) {
    MIEN_TRY_VOID(make_folders(out_.parent_path()));
    width_px_ = image.width_px();
    height_px_ = image.height_px();
    auto created = VideoWriter::create(out_, width_px_, height_px_);
    is_refused_ = !created.ok() && created.error().code == ErrorCode::kUnsupported;
    if (is_refused_) return Ok{};
    MIEN_TRY(opened, std::move(created));
    writer_.emplace(std::move(opened));
  }
  return writer_->write(of_size(std::move(image), width_px_, height_px_).view(), pts_us);
}

Status MaskedVideo::finish() {
  return writer_.has_value() ? writer_->finish() : Status(Ok{});
}

void clear_overlays(const fs::path& study, const std::vector<fs::path>& current) {
  std::error_code error;
  std::vector<fs::path> old;
  for (fs::directory_iterator it(study / "overlays", error), end; !error && it != end;
       it.increment(error)) {
    if (is_overlay_name(it->path().filename().string()) &&
        !std::binary_search(current.begin(), current.end(), it->path())) {
      old.push_back(it->path());
    }
  }
  for (const fs::path& path : old) fs::remove(path, error);
}

}  // namespace mien
