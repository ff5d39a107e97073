#include "table/schema.h"

namespace mien {

namespace {

using enum ColumnType;

ColumnSpec video_id() {
  return {"video_id", kString,
          "The corpus's id; a file named directly has its file name, a file in a named folder its "
          "path relative to that folder."};
}

void append_box(std::vector<ColumnSpec>& columns, const std::string& of) {
  columns.push_back({"box_x_px", kDouble, "Left edge of the detector's box" + of + "."});
  columns.push_back({"box_y_px", kDouble, "Top edge of the detector's box" + of + "."});
  columns.push_back({"box_w_px", kDouble, "Width of the detector's box" + of + "."});
  columns.push_back({"box_h_px", kDouble, "Height of the detector's box" + of + "."});
}

void append_pose(std::vector<ColumnSpec>& columns, const std::string& of) {
  columns.push_back({"yaw_deg", kDouble,
                     "Head turned about the vertical axis" + of +
                         "; positive towards the person's own left (the picture's right)."});
  columns.push_back({"pitch_deg", kDouble, "Head nodded" + of + "; positive looking up."});
  columns.push_back(
      {"roll_deg", kDouble,
       "Head tilted in the picture plane" + of + "; positive clockwise as the viewer sees it."});
}

void append_channels(std::vector<ColumnSpec>& columns, ChannelColumns channels) {
  columns.insert(columns.end(), channels.begin(), channels.end());
}

const ColumnSpec kQuality{"quality", kDouble,
                          "Fitness for expression measurement in [0, 1]: the least of the size, "
                          "sharpness, pose, landmark "
                          "confidence and border terms."};

}  // namespace

std::string_view to_string(ColumnType type) {
  switch (type) {
    case kString:
      return "string";
    case kInt64:
      return "int64";
    case kDouble:
      return "double";
    case kBool:
      return "bool";
  }
  return "string";
}

int TableSchema::index_of(std::string_view column) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) return static_cast<int>(i);
  }
  return -1;
}

TableSchema corpus_schema() {
  return {
      "corpus",
      "video",
      "The videos of a study, as the scientist lists them; columns of their own follow these.",
      {video_id(),
       {"uri", kString, "Where the file is: an absolute path. Null where only words are known."},
       {"country", kString, "Country of upload, ISO 3166-1 alpha-2; not who is in the video."},
       {"region", kString, "World region of the country."},
       {"title", kString, "Title given by the uploader."},
       {"description", kString, "Description given by the uploader."},
       {"language", kString, "Language of title and description, ISO 639."},
       {"uploaded_on", kString, "Date of upload, YYYY-MM-DD."},
       {"uploader", kString, "Pseudonymous id of the uploader."}}};
}

TableSchema media_schema() {
  return {
      "media",
      "video",
      "What was decoded, and what failed and why.",
      {video_id(),
       {"status", kString,
        "ok: decoded to the end, even with no face; partial: decoding stopped early or damaged "
        "parts were left out, and what was decoded stands; failed: nothing could be measured."},
       {"reason", kString, "Reason code where status is not ok, else null."},
       {"message", kString, "The reason in words, with the remedy, else null."},
       {"duration_s", kDouble,
        "Duration that the container or the last frame tells; null for a still."},
       {"width_px", kInt64, "Width after rotation; null where no picture was found."},
       {"height_px", kInt64, "Height after rotation; null where no picture was found."},
       {"rotation_deg", kInt64,
        "Clockwise rotation that the container asked for and that was applied."},
       {"variable_rate", kBool, "Whether the times between frames differ by more than rounding."},
       {"frames_decoded", kInt64, "Frames that the decoder gave."},
       {"frames_analysed", kInt64,
        "Points of the time grid that got a frame; each decoded frame is used at most once."},
       {"face_frames", kInt64, "Analysed frames with at least one face."},
       {"tracks", kInt64, "Face tracks found."},
       {"frame_hashes", kString,
        "64-bit hashes of 8 frames chosen by what they show, 16 hexadecimal digits each; they tell "
        "copies of a video and give back no picture. Null where no frame shows anything."}}};
}

TableSchema duplicates_schema() {
  return {"duplicates",
          "video that has a near-duplicate",
          "Videos with the same title or the same pictures, and what these connect.",
          {video_id(),
           {"cluster", kString, "The id of the cluster's first video in the corpus."},
           {"same_title", kBool, "Whether another video has the same title."},
           {"same_pictures", kBool, "Whether the frame hashes of another video are the same."}}};
}

TableSchema tracks_schema() {
  TableSchema schema{"tracks", "face track", "A face followed through one video.", {}};
  auto& c = schema.columns;
  c = {video_id(),
       {"track_id", kInt64, "0, 1, 2... in the order of first appearance within the video."},
       {"shot", kInt64, "Number of the shot, from 0, in which the track begins."},
       {"first_us", kInt64, "Presentation time of the first frame."},
       {"last_us", kInt64, "Presentation time of the last frame."},
       {"frames", kInt64, "Analysed frames with this face, detected or tracked."},
       {"score_prob", kDouble, "Mean face score over the track's frames."}};
  append_box(c, ", mean over the track");
  append_pose(c, ", mean over the track");
  c.push_back(kQuality);
  c.push_back({"reason", kString,
               "Why no frame of the track is scored (the most frequent reason), else null."});
  return schema;
}

TableSchema frames_schema(ChannelColumns channels) {
  TableSchema schema{"frames", "face and frame", "Every face on every analysed frame.", {}};
  auto& c = schema.columns;
  c = {video_id(),
       {"track_id", kInt64, "The face track; see tracks."},
       {"pts_us", kInt64, "Presentation time of the decoded frame that was used."}};
  append_box(c, "");
  c.push_back({"score_prob", kDouble, "Face score in [0, 1]."});
  append_pose(c, "");
  c.push_back(kQuality);
  c.push_back({"reason", kString, "Why the face is not scored on this frame, else null."});
  append_channels(c, channels);
  return schema;
}

TableSchema windows_schema(ChannelColumns channels) {
  TableSchema schema{"windows",
                     "track and 1-3 s window",
                     "Consecutive windows of equal length within a track: ceil(T / 3 s) of them.",
                     {}};
  auto& c = schema.columns;
  c = {video_id(),
       {"track_id", kInt64, "The face track; see tracks."},
       {"start_us", kInt64, "First microsecond of the window."},
       {"end_us", kInt64, "First microsecond after the window."},
       {"frames", kInt64, "Scored frames in the window; channels are null where it is 0."},
       {"short", kBool, "Whether the track, and so its one window, is shorter than 1 s."}};
  append_channels(c, channels);
  return schema;
}

TableSchema expressions_schema(ChannelColumns channels) {
  TableSchema schema{
      "expressions", "video", "Mean expression scores and measured covariates of a video.", {}};
  auto& c = schema.columns;
  c = {video_id(),
       {"faces", kInt64, "Face tracks with at least one scored window."},
       {"face_seconds", kDouble, "Seconds of scored face time, summed over tracks."},
       {"face_size_px", kDouble, "Mean face size (square root of the box's area)."}};
  c.push_back({"yaw_deg", kDouble, "Mean yaw of scored faces."});
  c.push_back({"pitch_deg", kDouble, "Mean pitch of scored faces."});
  c.push_back({"sharpness", kDouble, "Mean sharpness of scored faces."});
  c.push_back({"brightness", kDouble, "Mean luma of scored faces in [0, 1]."});
  c.push_back({"skin_tone_ita_deg", kDouble,
               "Mean individual typology angle of the cheeks' pixels; confounded by light."});
  append_channels(c, channels);
  return schema;
}

}  // namespace mien
