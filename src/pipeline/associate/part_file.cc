#include "pipeline/associate/part_file.h"

#include <nlohmann/json.hpp>

#include "base/outside_json.h"
#include "pipeline/associate/association_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kMoreFile = "more.sums";
constexpr const char* kLessFile = "less.sums";
constexpr const char* kFacts = "part";  // in the metadata of more.sums

std::string facts_of(const PartFacts& part) {
  return Json{{"videos", part.videos},
              {"scores", part.scores},
              {"measured", part.measured},
              {"sources", part.sources},
              {"of_several_regions", part.of_several_regions},
              {"has_country", part.remarks.has_country},
              {"without_uploader", part.remarks.without_uploader},
              {"unknown_expressions", part.remarks.unknown_expressions},
              {"unknown_contexts", part.remarks.unknown_contexts}}
      .dump();
}

Status take_facts(const std::string& text, PartFacts& part) {
  try {
    const Json facts = parse_own_json(text);
    part.videos = facts.at("videos");
    part.scores = facts.at("scores").get<std::vector<std::string>>();
    part.measured = facts.at("measured").get<std::vector<std::string>>();
    part.sources = facts.at("sources").get<std::vector<std::string>>();
    part.of_several_regions = facts.at("of_several_regions").get<std::vector<std::string>>();
    part.remarks.has_country = facts.at("has_country");
    part.remarks.without_uploader = facts.at("without_uploader");
    part.remarks.unknown_expressions = facts.at("unknown_expressions");
    part.remarks.unknown_contexts =
        facts.at("unknown_contexts").get<std::map<std::string, std::int64_t>>();
  } catch (const Json::exception& error) {
    return Error{ErrorCode::kCorrupt, std::string("not the facts of a part: ") + error.what()};
  }
  return Ok{};
}

}  // namespace

Result<std::vector<std::string>> write_part(const AssociationPart& part, const fs::path& folder,
                                            const FileMetadata& metadata) {
  std::vector<std::string> files;
  for (const auto& [source, sums] : part.sums) {
    const fs::path path = association_file_path(folder, source);
    MIEN_TRY_VOID(write_association_file(path, sums, metadata));
    files.push_back(path.filename().string());
  }
  AssociationSums bare = part.bare;
  bare.exclusions = part.where_more_is_measured;
  MIEN_TRY_VOID(write_association_file(folder / kMoreFile, bare, {{kFacts, facts_of(part)}}));
  bare.exclusions = part.without_source;
  MIEN_TRY_VOID(write_association_file(folder / kLessFile, bare, {}));
  files.insert(files.end(), {kMoreFile, kLessFile});
  return files;
}

Result<StoredPart> read_part(const fs::path& folder) {
  StoredPart part;
  MIEN_TRY(more, read_association_file(folder / kMoreFile));
  MIEN_TRY_VOID(take_facts(more.metadata[kFacts], part));
  part.where_more_is_measured = std::move(more.sums.exclusions);
  part.bare = std::move(more.sums);
  part.bare.exclusions = {};
  MIEN_TRY(less, read_association_file(folder / kLessFile));
  part.without_source = std::move(less.sums.exclusions);
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!is_association_file(it->path())) continue;
    MIEN_TRY(file, open_association_file(it->path()));
    const std::string source = file.sums.layout.source;
    part.sums.emplace(source, std::move(file.sums));
  }
  return part;
}

}  // namespace mien
