#include "store/duckdb_errors.h"

#include <cerrno>
#include <string_view>

#include "store/durable_file.h"

namespace mien {

namespace {

constexpr std::string_view kDamaged =
    "; remedy: the file is damaged or not Parquet; make it anew, or let 'mien verify --repair' do "
    "so where it is a study's own";

ErrorCode code_of(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_PERMISSION:
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return ErrorCode::kIo;
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_SYNTAX:
    case DUCKDB_ERROR_CATALOG:
    case DUCKDB_ERROR_BINDER:
      return ErrorCode::kUsage;
    case DUCKDB_ERROR_INTERRUPT:
      return ErrorCode::kCancelled;
    case DUCKDB_ERROR_INVALID_INPUT:
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_SERIALIZATION:
    case DUCKDB_ERROR_OUT_OF_RANGE:
      return ErrorCode::kCorrupt;
    default:
      return ErrorCode::kInternal;
  }
}

// What DuckDB says of a refused call, as the errno it stands for.
int errno_of(const std::string& message) {
  const auto says = [&](const char* text) { return message.find(text) != std::string::npos; };
  if (says("No space left") || says("quota")) return ENOSPC;
  if (says("Permission denied") || says("Read-only")) return EACCES;
  if (says("No such file")) return ENOENT;
  if (says("Interrupted")) return EINTR;
  return EIO;
}

}  // namespace

std::string first_paragraph(const char* message) {
  std::string text = message == nullptr ? "DuckDB gave no reason" : message;
  return text.substr(0, text.find("\n\n"));
}

Error error_of(DuckResult& result) {
  const duckdb_error_type type = duckdb_result_error_type(result.out());
  Error error{code_of(type), first_paragraph(duckdb_result_error(result.out()))};
  if (type == DUCKDB_ERROR_OUT_OF_MEMORY) {
    error.message += "; remedy: allow more memory";
  } else if (error.code == ErrorCode::kIo) {
    error.message += "; " + io_remedy(errno_of(error.message));
  } else if (error.message.find("Failed to read file") != std::string::npos ||
             error.message.find("Corrupted file") != std::string::npos) {
    error.code = ErrorCode::kCorrupt;
    error.message += kDamaged;
  }
  return error;
}

Error error_saying(const char* message) {
  std::string text = first_paragraph(message);
  if (!text.starts_with("IO Error")) return {ErrorCode::kUsage, std::move(text)};
  const std::string remedy = io_remedy(errno_of(text));
  return {ErrorCode::kIo, std::move(text) + "; " + remedy};
}

Error blame_file(Error error, const std::filesystem::path& path) {
  if (error.code == ErrorCode::kUsage || error.code == ErrorCode::kInternal) {
    error.code = ErrorCode::kCorrupt;
  }
  if (error.code == ErrorCode::kCorrupt && !error.message.ends_with(kDamaged)) {
    error.message += kDamaged;
  }
  return std::move(error).with_context(path.string());
}

}  // namespace mien
