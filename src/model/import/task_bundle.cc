#include "model/import/task_bundle.h"

#include <zip.h>

#include <array>
#include <memory>
#include <utility>

namespace mien {

namespace {

constexpr std::size_t kMaxEntryBytes = std::size_t{256} << 20;  // the largest known has 3 MB

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using Entry = std::unique_ptr<zip_file_t, CloseEntry>;

// The words for the error, which is freed.
std::string words_of(zip_error_t& error) {
  std::string words = zip_error_strerror(&error);
  zip_error_fini(&error);
  return words;
}

Result<Archive> open_archive(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  Archive archive(source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error));
  if (archive == nullptr) {
    if (source != nullptr) zip_source_free(source);
    return Error{ErrorCode::kCorrupt, "it is no zip archive (" + words_of(error) +
                                          "); remedy: give MediaPipe's face_landmarker.task"};
  }
  zip_error_fini(&error);
  return archive;
}

// The sizes in the archive's list may lie: what comes out is counted.
Result<std::string> read_entry(zip_t* archive, zip_uint64_t index, const std::string& name) {
  const Entry entry(zip_fopen_index(archive, index, 0));
  if (entry == nullptr) {
    return Error{ErrorCode::kCorrupt,
                 "its file '" + name + "' cannot be opened (" + zip_strerror(archive) + ")"};
  }
  std::string bytes;
  std::array<char, 1 << 16> piece{};
  while (true) {
    const zip_int64_t got = zip_fread(entry.get(), piece.data(), piece.size());
    if (got < 0) {
      return Error{ErrorCode::kCorrupt, "its file '" + name + "' cannot be unpacked (" +
                                            zip_file_strerror(entry.get()) + ")"};
    }
    if (got == 0) return bytes;
    bytes.append(piece.data(), static_cast<std::size_t>(got));
    if (bytes.size() > kMaxEntryBytes)
      return Error{ErrorCode::kUnsupported, "its file '" + name + "' has more than 256 MiB"};
  }
}

}  // namespace

Result<std::map<std::string, std::string>> read_task_bundle(std::string_view bytes,
                                                            const std::vector<std::string>& names) {
  MIEN_TRY(archive, open_archive(bytes));
  std::map<std::string, std::string> files;
  for (const std::string& name : names) {
    const zip_int64_t index = zip_name_locate(archive.get(), name.c_str(), 0);
    if (index < 0) continue;
    MIEN_TRY(file, read_entry(archive.get(), static_cast<zip_uint64_t>(index), name));
    files[name] = std::move(file);
  }
  return files;
}

}  // namespace mien
