// annotate_file VIDEO: measures one video and prints its windows as CSV. A label is what raters
// would call a face, never what a person feels.
#include <mien/mien.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace mien::library;

// Missing values are empty cells; numbers have as many digits as they need to be read back the
// same.
std::string cell(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    std::string quoted = "\"";
    for (const char c : *text) quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* number = std::get_if<double>(&value)) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.17g", *number);
    return digits;
  }
  return "";
}

void print_csv(const Table& table) {
  const char* separator = "";
  for (const Column& column : table.columns) {
    std::printf("%s%s", separator, column.name.c_str());
    separator = ",";
  }
  std::printf("\n");
  for (std::size_t row = 0; row < table.rows(); ++row) {
    separator = "";
    for (const Column& column : table.columns) {
      std::printf("%s%s", separator, cell(column.values[row]).c_str());
      separator = ",";
    }
    std::printf("\n");
  }
}

int complain(const std::string& message) {
  std::fprintf(stderr, "annotate_file: %s\n", message.c_str());
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return complain("usage: annotate_file VIDEO");
  auto annotator = Annotator::open();
  if (!annotator.ok()) return complain(annotator.failure().message);
  const auto annotation = annotator.value().annotate(argv[1]);
  if (!annotation.ok()) return complain(annotation.failure().message);
  const VideoFacts& facts = annotation.value().facts;
  std::fprintf(stderr, "%s: %s, %lld frames, %lld face tracks\n", argv[1], facts.status.c_str(),
               static_cast<long long>(facts.frames_analysed), static_cast<long long>(facts.tracks));
  if (facts.status == "failed") return complain(facts.message);
  print_csv(*annotation.value().find("windows"));
  return EXIT_SUCCESS;
}
