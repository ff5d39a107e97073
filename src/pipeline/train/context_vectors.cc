#include "pipeline/train/context_vectors.h"

#include <bit>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/outside_json.h"
#include "base/sha256.h"
#include "pipeline/study/program_version.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "files hold the low byte first");

fs::path file_of(const fs::path& folder, const std::string& identity) {
  constexpr std::size_t kNameLength = 16;
  const std::string key = sha256_of_bytes(identity + "\n" + std::string(kProgramVersion));
  return folder / (key.substr(0, kNameLength) + ".vectors");
}

Json header_of(const std::string& identity, std::size_t numbers, std::string_view bytes) {
  return {{"identity", identity},
          {"program_version", std::string(kProgramVersion)},
          {"numbers", numbers},
          {"sha256", sha256_of_bytes(bytes)}};
}

std::vector<float> find(const fs::path& file, const std::string& identity, std::size_t numbers,
                        const SayLine& say) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return {};
  const Result<std::string> read = read_whole_file(file);
  const std::string_view bytes = read.ok() ? std::string_view(*read) : std::string_view();
  const std::size_t line_end = std::min(bytes.find('\n'), bytes.size());
  const std::string_view rest = bytes.substr(std::min(line_end + 1, bytes.size()));
  const Json header = parse_outside_json<Json>(bytes.substr(0, line_end));
  const bool is_whole = rest.size() == numbers * sizeof(float) && header.is_object();
  if (!is_whole || header != header_of(identity, numbers, rest)) {
    say(file.string() + ": damaged; the contexts' vectors are computed anew");
    return {};
  }
  return numbers_of_bytes<float>(rest);
}

void keep(const fs::path& file, const std::string& identity, std::span<const float> vectors,
          const SayLine& say) {
  const std::string_view bytes(reinterpret_cast<const char*>(vectors.data()), vectors.size_bytes());
  Status status = make_folders(file.parent_path());
  if (status.ok()) {
    status = write_file_durably(
        file, header_of(identity, vectors.size(), bytes).dump() + "\n" + std::string(bytes));
  }
  if (!status.ok()) {
    say(status.error().message + "; the contexts' vectors are not kept for the next start");
  }
}

}  // namespace

ContextVectorStore context_vector_files(fs::path folder, SayLine say) {
  if (!say) say = [](const std::string&) {};
  ContextVectorStore store;
  store.find = [folder, say](const std::string& identity, std::size_t numbers) {
    return find(file_of(folder, identity), identity, numbers, say);
  };
  store.keep = [folder, say](const std::string& identity, std::span<const float> vectors) {
    keep(file_of(folder, identity), identity, vectors, say);
  };
  return store;
}

}  // namespace mien
