#include "table/data_dictionary.h"

#include <vector>

#include "table/comparison_schema.h"
#include "table/import_schema.h"
#include "table/rating_schema.h"

namespace mien {

namespace {

// Text inside a cell of a Markdown table.
std::string cell(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '|') safe += '\\';
    safe += c == '\n' ? ' ' : c;
  }
  return safe;
}

void append_columns(std::string& text, ChannelColumns columns) {
  text += "| column | kind | what it is |\n|---|---|---|\n";
  for (const ColumnSpec& column : columns) {
    text += "| `" + column.name + "` | ";
    text += to_string(column.type);
    text += " | " + cell(column.description) + " |\n";
  }
}

}  // namespace

std::string data_dictionary(ChannelColumns channels, const TableSchema& tracks) {
  std::string text =
      "# Data dictionary\n\n"
      "Made by `build/release/mien data-dictionary` from the declarations in `src/table` and the "
      "channels of the\npackaged models; `tools/check_dictionary` fails where this page is not "
      "current. Units are the last part of\na name: `_us` microseconds of presentation time, `_s` "
      "seconds, `_px` pixels of the upright picture, `_deg`\ndegrees, `_prob` in [0, 1]. A "
      "measurement that is missing is null, never 0, with a reason beside it.\n\n"
      "A label is what raters would call a face, never what a person feels.\n";
  const std::vector<TableSchema> tables = {corpus_schema(),
                                           media_schema(),
                                           duplicates_schema(),
                                           tracks,
                                           frames_schema({}),
                                           windows_schema({}),
                                           expressions_schema({}),
                                           contexts_schema(),
                                           context_status_schema(),
                                           context_frames_schema(),
                                           scenes_schema(),
                                           imports_schema(),
                                           maps_schema(),
                                           compare_pairs_schema(),
                                           compare_cells_schema(),
                                           compare_deviations_schema(),
                                           compare_contexts_schema(),
                                           ratings_schema()};
  for (const TableSchema& table : tables) {
    text +=
        "\n## " + table.name + "\n\nOne row per " + table.row + ". " + table.description + "\n\n";
    append_columns(text, table.columns);
    if (table.name == "frames" || table.name == "windows" || table.name == "expressions") {
      text += "\nThen the [channel columns](#channel-columns).\n";
    }
  }
  text +=
      "\n## Channel columns\n\nThe last columns of frames (of one face on one frame), windows "
      "(mean "
      "over the window's scored frames)\nand expressions (mean over the video's windows). Which "
      "there are is chosen by `--channels` and\n`--expression-model`.\n\n";
  append_columns(text, channels);
  return text;
}

}  // namespace mien
