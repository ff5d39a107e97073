#include "pipeline/associate/association_file.h"

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/check.h"
#include "base/outside_json.h"
#include "base/sha256.h"
#include "pipeline/study/program_version.h"

namespace mien {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "MIENSUM3";
constexpr std::size_t kDigestLength = 64;
constexpr std::size_t kPieceBytes = 1 << 20;
using Json = nlohmann::ordered_json;

Error corrupt(const std::string& what) {
  return Error{ErrorCode::kCorrupt,
               what + "; remedy: the file is damaged; run 'mien associate' again"};
}

template <typename T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

template <typename T>
void put_all(std::string& out, const std::vector<T>& values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// Reads numbers; after the end everything is 0 and `ok` is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T get() {
    T value{};
    if (!take(sizeof(T))) return value;
    std::memcpy(&value, bytes_.data() + at_ - sizeof(T), sizeof(T));
    return value;
  }

  template <typename T>
  std::vector<T> get_all(std::uint64_t count) {
    if (count > bytes_.size() / sizeof(T) || !take(count * sizeof(T))) {
      ok_ = false;
      return {};
    }
    return numbers_of_bytes<T>(bytes_.substr(at_ - count * sizeof(T), count * sizeof(T)));
  }

  bool ok() const { return ok_; }
  bool is_done() const { return ok_ && at_ == bytes_.size(); }

 private:
  bool take(std::size_t count) {
    if (!ok_ || count > bytes_.size() - at_) {
      ok_ = false;
      return false;
    }
    at_ += count;
    return true;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

Json header_of(const AssociationSums& sums, const FileMetadata& metadata) {
  const AssociationLayout& layout = sums.layout;
  Json exclusions = Json::array();
  for (const auto& [key, excluded] : sums.exclusions) {
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
          {"slots", sums.slots},
          {"blocks", sums.blocks.size()},
          {"exclusions", exclusions},
          {"metadata", metadata}};
}

void put_block(std::string& out, const AssociationBlock& block) {
  put(out, block.group);
  put(out, block.country);
  put(out, block.slot);
  put(out, static_cast<std::uint32_t>(block.contexts.size()));
  put(out, block.videos);
  put(out, block.weight);
  put(out, static_cast<std::uint64_t>(block.uploaders.size()));
  put_all(out, block.sums);
  put_all(out, block.products);
  put_all(out, block.contexts);
  put_all(out, block.rows);
  put_all(out, block.uploaders);
}

bool is_ascending(const auto& values, std::uint64_t end) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= end || (i > 0 && values[i] <= values[i - 1])) return false;
  }
  return true;
}

bool is_sketch(const UploaderSketch& sketch) {
  return sketch.size() <= kUploadersKept && is_ascending(sketch, ~std::uint64_t{0});
}

void put_presence(std::string& out, const PresenceSums& presence) {
  put(out, presence.videos);
  put(out, presence.weight);
  put(out, static_cast<std::uint32_t>(presence.uploaders.size()));
  put(out, static_cast<std::uint32_t>(presence.lacking.size()));
  put_all(out, presence.sums);
  put_all(out, presence.squares);
  put_all(out, presence.uploaders);
  put_all(out, presence.lacking);
}

bool get_presence(Reader& reader, std::size_t expressions, PresenceSums& presence) {
  presence.videos = reader.get<std::int64_t>();
  presence.weight = reader.get<double>();
  const auto uploaders = reader.get<std::uint32_t>();
  const auto lacking = reader.get<std::uint32_t>();
  presence.sums = reader.get_all<double>(expressions);
  presence.squares = reader.get_all<double>(expressions);
  presence.uploaders = reader.get_all<std::uint64_t>(uploaders);
  presence.lacking = reader.get_all<std::uint64_t>(lacking);
  return reader.ok() && is_sketch(presence.uploaders) && is_sketch(presence.lacking);
}

bool get_block(Reader& reader, const AssociationSums& sums, AssociationBlock& block) {
  const std::size_t columns = sums.layout.columns();
  block.group = reader.get<std::uint32_t>();
  block.country = reader.get<std::uint32_t>();
  block.slot = reader.get<std::uint32_t>();
  const auto contexts = reader.get<std::uint32_t>();
  block.videos = reader.get<std::int64_t>();
  block.weight = reader.get<double>();
  const auto uploaders = reader.get<std::uint64_t>();
  block.sums = reader.get_all<double>(columns);
  block.products = reader.get_all<double>(columns * (columns + 1) / 2);
  block.contexts = reader.get_all<std::uint32_t>(contexts);
  block.rows = reader.get_all<double>(std::uint64_t{contexts} * (columns + 2));
  block.uploaders = reader.get_all<std::uint64_t>(uploaders);
  return reader.ok() && block.group < sums.layout.groups.size() &&
         block.country < sums.layout.countries.size() && block.slot < sums.slots[block.group] &&
         is_ascending(block.contexts, sums.layout.contexts.size()) && is_sketch(block.uploaders);
}

Status read_header(const std::string& text, AssociationFile& file, std::size_t& blocks) {
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
  Sha256 digest;
  std::string out;
  const auto hand_over = [&](std::size_t least) -> Status {
    if (out.size() < least) return Ok{};
    digest.add(out);
    MIEN_TRY_VOID(sink(out));
    out.clear();
    return Ok{};
  };
  const std::string header = header_of(sums, metadata).dump();
  out += kMagic;
  put(out, static_cast<std::uint64_t>(header.size()));
  out += header;
  put_all(out, sums.centres);
  for (const PresenceSums& presence : sums.presence) {
    put_presence(out, presence);
    MIEN_TRY_VOID(hand_over(kPieceBytes));
  }
  for (const AssociationBlock& block : sums.blocks) {
    put_block(out, block);
    MIEN_TRY_VOID(hand_over(kPieceBytes));
  }
  MIEN_TRY_VOID(hand_over(0));
  return sink(digest.finish());
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
  const std::size_t least = kMagic.size() + 8 + kDigestLength;
  if (bytes.starts_with("MIENSUM1") || bytes.starts_with("MIENSUM2")) {
    return Error{ErrorCode::kCorrupt,
                 "sums of an earlier version of the program; remedy: run 'mien associate' again"};
  }
  if (bytes.size() < least || bytes.substr(0, kMagic.size()) != kMagic) {
    return corrupt("not a file of association sums");
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kDigestLength);
  if (sha256_of_bytes(body) != bytes.substr(body.size())) {
    return corrupt("the checksum does not hold");
  }
  Reader reader(body.substr(kMagic.size()));
  const auto length = reader.get<std::uint64_t>();
  const std::vector<char> header = reader.get_all<char>(length);
  if (!reader.ok()) return corrupt("the header is cut off");
  AssociationFile file;
  std::size_t blocks = 0;
  MIEN_TRY_VOID(read_header({header.begin(), header.end()}, file, blocks));
  AssociationSums& sums = file.sums;
  sums.centres = reader.get_all<double>(sums.layout.columns());
  const std::size_t expressions = sums.layout.expressions.size();
  const std::size_t cells = sums.layout.groups.size() * sums.layout.contexts.size();
  for (std::size_t i = 0; i < cells && reader.ok(); ++i) {
    PresenceSums presence;
    if (!get_presence(reader, expressions, presence)) return corrupt("the counts are wrong");
    sums.presence.push_back(std::move(presence));
  }
  for (std::size_t b = 0; b < blocks && reader.ok(); ++b) {
    AssociationBlock block;
    if (!get_block(reader, sums, block)) return corrupt("block " + std::to_string(b) + " is wrong");
    if (b > 0) {
      const AssociationBlock& before = sums.blocks.back();
      if (std::tie(before.group, before.country, before.slot) >=
          std::tie(block.group, block.country, block.slot)) {
        return corrupt("the blocks are not in order");
      }
    }
    sums.blocks.push_back(std::move(block));
  }
  if (!reader.is_done()) return corrupt("the file is longer or shorter than its header says");
  return file;
}

Status write_association_file(const std::filesystem::path& path, const AssociationSums& sums,
                              const FileMetadata& metadata) {
  return write_file_durably(
      path, [&](const ByteSink& sink) { return association_pieces(sums, metadata, sink); });
}

Result<AssociationFile> read_association_file(const std::filesystem::path& path) {
  MIEN_TRY(bytes, read_whole_file(path));
  auto file = parse_association_bytes(bytes);
  if (!file.ok()) return std::move(file).error().with_context(path.string());
  return file;
}

}  // namespace mien
