// consumer PICTURE TEXT: holds the library against what its header says of it.
#include <mien/mien.h>

#include <cstdio>
#include <string>

namespace {

using namespace mien::library;

int broken = 0;

void check(bool holds, const std::string& what) {
  if (holds) return;
  std::printf("does not hold: %s\n", what.c_str());
  ++broken;
}

void check_failures() {
  Options options;
  options.rate_hz = 0;
  const auto slow = Annotator::open(options);
  check(!slow.ok() && slow.failure().kind == FailureKind::kUsage, "rate_hz 0 is refused");
  options = {};
  options.threads = 0;
  check(!Annotator::open(options).ok(), "no thread is refused");
  Files files = installed_files();
  files.models = "/nowhere";
  const auto lost = Annotator::open({}, files);
  check(!lost.ok() && lost.failure().message.find("/nowhere") != std::string::npos,
        "networks that are not there are named");
}

void check_picture(Annotator& annotator, const std::string& picture) {
  const auto annotation = annotator.annotate(picture, "a picture");
  check(annotation.ok() && annotation.value().facts.status == "ok", "a picture is measured");
  if (!annotation.ok()) return;
  for (const char* name : {"media", "tracks", "windows", "expressions", "frames"}) {
    const Table* table = annotation.value().find(name);
    check(table != nullptr && table->rows() > 0, std::string(name) + " has rows");
    if (table == nullptr) continue;
    for (const Column& column : table->columns) {
      check(column.values.size() == table->rows(), column.name + " has a value a row");
      check(!column.description.empty(), column.name + " is described");
    }
  }
  const Table* frames = annotation.value().find("frames");
  if (frames == nullptr) return;
  check(frames->find("basic7_happy") == nullptr, "a channel that is not asked for is left out");
  check(frames->find("action_jaw_drop") != nullptr, "a channel that is asked for is there");
  const Column* id = frames->find("video_id");
  check(id != nullptr && id->values.at(0) == Value(std::string("a picture")), "rows carry the id");
}

void check_text(Annotator& annotator, const std::string& text) {
  const auto annotation = annotator.annotate(text);
  check(annotation.ok(), "media that cannot be read is no failure");
  if (!annotation.ok()) return;
  check(annotation.value().facts.status == "failed" && !annotation.value().facts.reason.empty(),
        "media that cannot be read has a reason");
  check(annotation.value().find("media")->rows() == 1, "media that cannot be read has its row");
  check(annotation.value().find("windows")->rows() == 0, "and no windows");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  check(!version().empty(), "there is a version");
  check_failures();
  Options options;
  options.basic7 = false;
  options.frames = true;
  options.threads = 2;
  auto opened = Annotator::open(options);
  check(opened.ok(), "the installed networks open");
  if (!opened.ok()) return 1;
  Annotator annotator = std::move(opened.value());
  check_text(annotator, argv[2]);
  check_picture(annotator, argv[1]);
  if (broken == 0) std::printf("every check held\n");
  return broken == 0 ? 0 : 1;
}
