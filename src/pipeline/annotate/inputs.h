// What the user named -> the videos to annotate, each with its id.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate/plan.h"
#include "store/database.h"
#include "store/forgotten.h"
#include "table/table.h"

namespace mien {

struct InputVideo {
  std::string video_id;
  // Absolute; need not exist: then the video fails with its reason. Text, since a path takes
  // several times its size, and corpora have millions.
  std::string path;
  // False: the name is not UTF-8; in id and path such bytes stand as "\xe9", and the video fails.
  bool has_text_name = true;
};

struct Inputs {
  std::vector<InputVideo> videos;     // in the order given; folders sorted by path
  std::optional<Table> corpus;        // the rows of a corpus list, where one was given
  std::size_t files_passed_over = 0;  // files in folders whose ending says that they are not media
};

// `named`: files, folders (searched recursively; hidden files and endings of text, tables and
// programs are passed over and counted; with `image_sequence` a folder of pictures is one video),
// or one corpus list (.csv, .tsv, .parquet with columns video_id and uri; a relative uri is
// relative to the list's folder). A file has its name as id, a file in a folder its path relative
// to that folder. Two equal ids are an error that names both files.
Result<Inputs> expand_inputs(const std::vector<std::filesystem::path>& named, bool image_sequence,
                             Database& database);

// Names that are not UTF-8 stand escaped, and their videos fail. kUsage where two videos have one
// id, with what `twice` says of them.
Status settle_names(
    Inputs& inputs,
    const std::function<std::string(const InputVideo& first, const InputVideo& second)>& twice);

// Looks at every file.
std::vector<StudyInput> described_inputs(const Inputs& inputs);

// Takes out the videos, and videos of uploaders, that a study has forgotten; gives how many.
std::int64_t leave_out_forgotten(Inputs& inputs, const Forgotten& forgotten);

}  // namespace mien
