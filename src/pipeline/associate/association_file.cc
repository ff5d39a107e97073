#include "pipeline/associate/association_file.h"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/outside_json.h"
#include "base/sha256.h"
#include "pipeline/associate/sums_bytes.h"
#include "pipeline/study/program_version.h"

namespace mien {

namespace {

constexpr std::string_view kMagic = "MIENSUM3";
constexpr std::size_t kDigestLength = 64;
using Json = nlohmann::ordered_json;

Error corrupt(const std::string& what) {
  return Error{ErrorCode::kCorrupt,
               what + "; remedy: the file is damaged; run 'mien associate' again"};
}

Json header_of(const AssociationLayout& layout, const std::vector<std::uint32_t>& slots,
               std::uint64_t blocks, const Exclusions& excluded_videos,
               const FileMetadata& metadata) {
  Json exclusions = Json::array();
  for (const auto& [key, excluded] : excluded_videos) {
    exclusions.push_back({key[0], key[1], key[2], excluded.videos, excluded.uploaders});
  }
  return {{"program", std::string(kProgramVersion)},
          {"by", layout.by},
          {"source", layout.source},
          {"context_use", layout.context_use},
          {"weight", layout.weight},
          {"expressions", layout.expressions},
          {"covariates", layout.covariates},
          {"contexts", layout.contexts},
          {"groups", layout.groups},
          {"parents", layout.parents},
          {"countries", layout.countries},
          {"slots", slots},
          {"blocks", blocks},
          {"exclusions", exclusions},
          {"metadata", metadata}};
}

// What stands before the presence.
std::string beginning(const Json& header, const std::vector<double>& centres) {
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  std::string out(kMagic);
  out.append(reinterpret_cast<const char*>(&length), sizeof length);
  out += text;
  out.append(reinterpret_cast<const char*>(centres.data()), centres.size() * sizeof(double));
  return out;
}

// A file's bytes on their way: digested, and the digest after them.
class DigestedSink {
 public:
  explicit DigestedSink(const ByteSink& sink) : sink_(sink) {}
  Status put(std::string_view bytes) {
    digest_.add(bytes);
    return sink_(bytes);
  }
  Status finish() { return sink_(digest_.finish()); }

 private:
  const ByteSink& sink_;
  Sha256 digest_;
};

Status read_header(const std::string& text, AssociationFile& file, std::uint64_t& blocks) {
  const Json header = parse_own_json<Json>(text);
  if (!header.is_object()) return corrupt("the header is not JSON");
  AssociationLayout& layout = file.sums.layout;
  try {
    layout.by = header.at("by");
    layout.source = header.at("source");
    layout.context_use = header.at("context_use");
    layout.weight = header.at("weight");
    layout.expressions = header.at("expressions");
    layout.covariates = header.at("covariates");
    layout.contexts = header.at("contexts");
    layout.groups = header.at("groups");
    layout.parents = header.at("parents");
    layout.countries = header.at("countries");
    file.sums.slots = header.at("slots").get<std::vector<std::uint32_t>>();
    blocks = header.at("blocks");
    for (const Json& row : header.at("exclusions")) {
      ExcludedVideos& excluded = file.sums.exclusions[{row.at(0), row.at(1), row.at(2)}];
      excluded.videos = row.at(3);
      for (const Json& hash : row.at(4)) excluded.add_uploader(hash);
    }
    file.metadata = header.at("metadata").get<FileMetadata>();
  } catch (const Json::exception& error) {
    return corrupt(std::string("the header lacks something: ") + error.what());
  }
  const auto is_sorted = [](const std::vector<std::string>& names) {
    return std::adjacent_find(names.begin(), names.end(), std::greater_equal<>()) == names.end();
  };
  bool holds = (blocks == 0 || !layout.expressions.empty()) && is_sorted(layout.contexts) &&
               is_sorted(layout.groups) && is_sorted(layout.countries) &&
               layout.parents.size() == layout.groups.size() &&
               file.sums.slots.size() == layout.groups.size();
  for (const std::uint32_t slots : file.sums.slots) holds = holds && std::has_single_bit(slots);
  return holds ? Status(Ok{}) : Status(corrupt("the header contradicts itself"));
}

// What a file has before its presence, in sums without any.
struct FileHead {
  AssociationFile file;
  std::uint64_t blocks = 0;
};

Result<FileHead> read_head(SumsReader& reader) {
  const auto length = reader.get<std::uint64_t>();
  const std::vector<char> header = reader.get_all<char>(length);
  if (!reader.ok()) return corrupt("the header is cut off");
  FileHead head;
  MIEN_TRY_VOID(read_header({header.begin(), header.end()}, head.file, head.blocks));
  head.file.sums.centres = reader.get_all<double>(head.file.sums.layout.columns());
  return head;
}

// Presence by group and context, then blocks, to the end.
Status read_body(SumsReader& reader, const FileHead& head,
                 const std::function<void(std::size_t group, PresenceSums&&)>& presence,
                 const std::function<void(AssociationBlock&&)>& take_block) {
  const AssociationLayout& layout = head.file.sums.layout;
  const SumsShape shape = shape_of(layout, head.file.sums.slots);
  for (std::size_t g = 0; g < layout.groups.size(); ++g) {
    for (std::size_t c = 0; c < shape.contexts && reader.ok(); ++c) {
      PresenceSums of_context;
      if (!get_presence(reader, shape, of_context)) return corrupt("the counts are wrong");
      presence(g, std::move(of_context));
    }
  }
  AssociationBlock before;
  for (std::uint64_t b = 0; b < head.blocks && reader.ok(); ++b) {
    AssociationBlock block;
    if (!get_block(reader, shape, block))
      return corrupt("block " + std::to_string(b) + " is wrong");
    if (b > 0 && !is_after(block, before)) return corrupt("the blocks are not in order");
    before.group = block.group;
    before.country = block.country;
    before.slot = block.slot;
    take_block(std::move(block));
  }
  if (!reader.is_done()) return corrupt("the file is longer or shorter than its header says");
  return Ok{};
}

Status check_magic(std::string_view start, std::uint64_t size) {
  if (start.starts_with("MIENSUM1") || start.starts_with("MIENSUM2")) {
    return Error{ErrorCode::kCorrupt,
                 "sums of an earlier version of the program; remedy: run 'mien associate' again"};
  }
  if (size < kMagic.size() + sizeof(std::uint64_t) + kDigestLength || start != kMagic) {
    return corrupt("not a file of association sums");
  }
  return Ok{};
}

Status check_digest(const PlacedBytes& file) {
  const std::uint64_t end = file.size() - kDigestLength;
  std::vector<char> piece;
  Sha256 digest;
  for (std::uint64_t at = 0; at < end; at += piece.size()) {
    piece.resize(std::min<std::uint64_t>(end - at, kSumsPieceBytes));
    MIEN_TRY_VOID(file.read(at, piece));
    digest.add({piece.data(), piece.size()});
  }
  std::string told(kDigestLength, '\0');
  MIEN_TRY_VOID(file.read(end, told));
  return digest.finish() == told ? Status(Ok{}) : Status(corrupt("the checksum does not hold"));
}

Result<OpenedSums> open_sums(const PlacedBytes& file) {
  std::string start(std::min<std::uint64_t>(file.size(), kMagic.size()), '\0');
  MIEN_TRY_VOID(file.read(0, start));
  MIEN_TRY_VOID(check_magic(start, file.size()));
  MIEN_TRY_VOID(check_digest(file));
  SumsReader reader(file, kMagic.size(), file.size() - kDigestLength);
  MIEN_TRY(head, read_head(reader));
  AssociationSums& sums = head.file.sums;
  OpenedSums opened;
  StoredSums& stored = opened.sums;
  stored.shape = shape_of(sums.layout, sums.slots);
  stored.groups.resize(sums.layout.groups.size());
  stored.stamp = file.stamp();
  std::uint64_t last = reader.position();
  const auto extend = [&](StoredRange& range) {
    if (range.end == 0) range.at = last;
    last = range.end = reader.position();
  };
  MIEN_TRY_VOID(read_body(
      reader, head, [&](std::size_t g, PresenceSums&&) { extend(stored.groups[g].presence); },
      [&](AssociationBlock&& block) {
        StoredGroup& group = stored.groups[block.group];
        extend(group.blocks);
        ++group.block_count;
        if (group.countries.empty() || group.countries.back() != block.country) {
          group.countries.push_back(block.country);
        }
      }));
  stored.layout = std::move(sums.layout);
  stored.centres = std::move(sums.centres);
  stored.exclusions = std::move(sums.exclusions);
  opened.metadata = std::move(head.file.metadata);
  return opened;
}

}  // namespace

std::filesystem::path association_file_path(const std::filesystem::path& folder,
                                            const std::string& source) {
  return folder / ("statistics-" + source + ".sums");
}

bool is_association_file(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with("statistics-") && name.ends_with(".sums");
}

Status association_pieces(const AssociationSums& sums, const FileMetadata& metadata,
                          const ByteSink& sink) {
  DigestedSink digested(sink);
  std::string out =
      beginning(header_of(sums.layout, sums.slots, sums.blocks.size(), sums.exclusions, metadata),
                sums.centres);
  const auto hand_over = [&](std::size_t least) -> Status {
    if (out.size() < least) return Ok{};
    MIEN_TRY_VOID(digested.put(out));
    out.clear();
    return Ok{};
  };
  for (const PresenceSums& presence : sums.presence) {
    put_presence(out, presence);
    MIEN_TRY_VOID(hand_over(kSumsPieceBytes));
  }
  for (const AssociationBlock& block : sums.blocks) {
    put_block(out, block);
    MIEN_TRY_VOID(hand_over(kSumsPieceBytes));
  }
  MIEN_TRY_VOID(hand_over(0));
  return digested.finish();
}

std::string association_bytes(const AssociationSums& sums, const FileMetadata& metadata) {
  std::string out;
  const Status status = association_pieces(sums, metadata, [&](std::string_view bytes) -> Status {
    out += bytes;
    return Ok{};
  });
  MIEN_CHECK(status.ok(), "memory takes every byte");
  return out;
}

Result<AssociationFile> parse_association_bytes(std::string_view bytes) {
  MIEN_TRY_VOID(check_magic(bytes.substr(0, kMagic.size()), bytes.size()));
  const std::string_view body = bytes.substr(0, bytes.size() - kDigestLength);
  if (sha256_of_bytes(body) != bytes.substr(body.size())) {
    return corrupt("the checksum does not hold");
  }
  SumsReader reader(body.substr(kMagic.size()));
  MIEN_TRY(head, read_head(reader));
  std::vector<PresenceSums> presence;
  std::vector<AssociationBlock> blocks;
  MIEN_TRY_VOID(read_body(
      reader, head,
      [&](std::size_t, PresenceSums&& of_context) { presence.push_back(std::move(of_context)); },
      [&](AssociationBlock&& block) { blocks.push_back(std::move(block)); }));
  head.file.sums.presence = std::move(presence);
  head.file.sums.blocks = std::move(blocks);
  return std::move(head.file);
}

Status write_association_file(const std::filesystem::path& path, const AssociationSums& sums,
                              const FileMetadata& metadata) {
  return write_file_durably(
      path, [&](const ByteSink& sink) { return association_pieces(sums, metadata, sink); });
}

Status write_association_file(const std::filesystem::path& path, const StoredSums& sums,
                              const FileMetadata& metadata) {
  const Json header =
      header_of(sums.layout, sums.shape.slots, sums.block_count(), sums.exclusions, metadata);
  return write_file_durably(path, [&](const ByteSink& sink) -> Status {
    DigestedSink digested(sink);
    MIEN_TRY_VOID(digested.put(beginning(header, sums.centres)));
    MIEN_TRY_VOID(copy_sums(sums, [&](std::string_view bytes) { return digested.put(bytes); }));
    return digested.finish();
  });
}

Result<AssociationFile> read_association_file(const std::filesystem::path& path) {
  MIEN_TRY(bytes, read_whole_file(path));
  auto file = parse_association_bytes(bytes);
  if (!file.ok()) return std::move(file).error().with_context(path.string());
  return file;
}

Result<OpenedSums> open_association_file(const std::filesystem::path& path) {
  MIEN_TRY(file, PlacedBytes::open(path));
  auto opened = open_sums(file);
  if (!opened.ok()) return std::move(opened).error().with_context(path.string());
  opened->sums.path = path;
  return opened;
}

}  // namespace mien
