// Mien as a library: one video file in, its tables out, as named columns. C++17 or later; the one
// header that is installed. Everything else of Mien stays inside libmien.so.
//
//   auto annotator = mien::library::Annotator::open();
//   if (!annotator.ok()) return complain(annotator.failure().message);
//   auto annotation = annotator.value().annotate("clip.mp4");
//
// A label is what raters would call a face, never what a person feels: every column's description
// says whose labels it holds.
//
// NOT CONFINED. The program `mien annotate` decodes in worker processes that Landlock and seccomp
// shut in, that have limits on memory and time, and whose death costs one video. This library
// decodes in the process that calls it: a file made to attack FFmpeg attacks that process. Give it
// files you trust, or run `mien annotate` on the others and read its tables; docs/threat-model.md
// tells more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#define MIEN_LIBRARY_API __attribute__((visibility("default")))

namespace mien::library {

enum class FailureKind {
  kUsage,        // an option is out of its range
  kNotFound,     // a file or folder does not exist
  kIo,           // the system refused to read
  kCorrupt,      // bytes are not what their format says
  kUnsupported,  // well formed, but beyond what Mien reads
  kMismatch,     // two things that must agree do not: a network and its manifest
  kBusy,         // somebody else holds it
  kCancelled,    // asked to stop
  kInternal,     // memory ran out, or a library failed in a way nobody foresaw
};

struct Failure {
  FailureKind kind = FailureKind::kInternal;
  std::string message;  // names file, place and remedy
};

// A value, or why there is none. The library neither throws nor prints nor ends the process.
template <typename T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  bool ok() const { return state_.index() == 0; }
  // Of the other alternative: std::bad_variant_access.
  T& value() { return std::get<0>(state_); }
  const T& value() const { return std::get<0>(state_); }
  const Failure& failure() const { return std::get<1>(state_); }

 private:
  std::variant<T, Failure> state_;
};

// monostate: missing, never 0 or NaN; most tables have a column that says why.
using Value = std::variant<std::monostate, std::string, std::int64_t, double, bool>;

struct Column {
  std::string name;           // lower case, its unit last: `start_us`, `yaw_deg`, `basic7_happy`
  std::string type;           // string, int64, double or bool
  std::string description;    // what it measures, its range, when it is missing, whose labels
  std::vector<Value> values;  // one a row
};

struct Table {
  std::string name;  // media, tracks, windows, expressions, frames
  std::string row;   // what one row is: "face track"
  std::vector<Column> columns;

  std::size_t rows() const { return columns.empty() ? 0 : columns.front().values.size(); }
  const Column* find(const std::string& column) const {  // null: there is none
    for (const Column& each : columns) {
      if (each.name == column) return &each;
    }
    return nullptr;
  }
};

struct VideoFacts {
  std::string status;   // ok, partial or failed
  std::string reason;   // of what is partial or failed: truncated, no_video, ...
  std::string message;  // the same in words
  std::int64_t frames_decoded = 0;
  std::int64_t frames_analysed = 0;
  std::int64_t face_frames = 0;  // analysed frames with a face
  std::int64_t tracks = 0;
  double face_seconds = 0;  // of faces that were scored
};

struct Annotation {
  VideoFacts facts;
  // media (one row), tracks, windows, expressions, and frames where asked for: the columns and
  // values that `mien annotate` writes with the same options, described in docs/data-dictionary.md.
  std::vector<Table> tables;

  const Table* find(const std::string& table) const {  // null: there is none
    for (const Table& each : tables) {
      if (each.name == table) return &each;
    }
    return nullptr;
  }
};

// The defaults are those of `mien annotate`.
struct Options {
  double rate_hz = 6;      // frames analysed a second, 0.01 to 240
  bool basic7 = true;      // columns basic7_*: the probabilities of a small public classifier
  bool actions = true;     // columns action_*: movements of the face
  bool labels = true;      // columns label_*: prototype16, a prior that no rating has validated
  bool frames = false;     // the table frames: every face of every analysed frame
  int threads = 1;         // 1 to 256; the tables do not depend on it. About 150 MB each
  int max_side_px = 1920;  // larger frames are scaled down to this longest side; 0: never
  int time_limit_s =
      120;  // the longest wait for one frame, 1 to 86400; then the video ends as partial or failed
};

// Where networks and data lie. Those installed with the library: PREFIX/share/mien beside
// PREFIX/lib/libmien.so.
struct Files {
  std::string manifests;  // folder of *.json
  std::string models;     // folder of *.onnx
  std::string data;       // folder of prototype16.json
};
MIEN_LIBRARY_API Files installed_files();

// Opens the networks once (0.1 to 0.3 s) and measures one file after the other. One thread at a
// time; several annotators are independent of each other.
class MIEN_LIBRARY_API Annotator {
 public:
  // Failures: an option out of range, a network that is not there or does not hold against its
  // manifest.
  static Outcome<Annotator> open(const Options& options = {},
                                 const Files& files = installed_files());
  Annotator(Annotator&& other) noexcept;
  Annotator& operator=(Annotator&& other) noexcept;
  ~Annotator();

  // One video, still picture or folder of pictures. Media that cannot be read is no failure:
  // facts.status says failed and why, the table media has its row and the others have none.
  // `video_id` stands in every row; empty: the file's name. Failure: the machine's fault (memory, a
  // network that cannot be run). Memory: at most 4 s of frames a thread, and the tables.
  Outcome<Annotation> annotate(const std::string& path, const std::string& video_id = {});

 private:
  class Parts;
  explicit Annotator(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

MIEN_LIBRARY_API std::string version();  // "0.1.0"

}  // namespace mien::library
