#include "base/csv_records.h"

#include <algorithm>

#include "base/ascii_case.h"

namespace mien {

Result<CsvRecord> CsvRecords::next() {
  CsvRecord record;
  record.line = line_;
  while (true) {
    if (record.fields.size() == most_fields_) {
      return error(record.line, "more than " + std::to_string(most_fields_) + " fields",
                   "leave out columns that are not needed");
    }
    MIEN_TRY(field, bytes_.substr(at_).starts_with('"') ? quoted_field() : plain_field());
    record.fields.push_back(std::move(field));
    if (at_end()) return record;
    const char c = bytes_[at_++];
    if (c == separator_) continue;
    if (c == '\r') ++at_;  // the field ended at CRLF
    ++line_;
    return record;
  }
}

Error CsvRecords::error(std::size_t line, const std::string& what,
                        const std::string& remedy) const {
  return {ErrorCode::kCorrupt,
          name_ + ": line " + std::to_string(line) + ": " + what + "; remedy: " + remedy};
}

Error CsvRecords::not_utf8(std::size_t line) const {
  return error(line, "a byte that is not UTF-8 (the file may be Latin-1 or Windows-1252)",
               "save it as UTF-8");
}

std::optional<Error> CsvRecords::check_encoding() const {
  if (bytes_.starts_with("\xFF\xFE") || bytes_.starts_with("\xFE\xFF")) {
    return error(1, "the file is UTF-16", "save it as UTF-8");
  }
  const std::size_t zero = bytes_.find('\0');
  if (zero != std::string_view::npos) {
    return error(line_of(bytes_, zero), "a zero byte: the file is UTF-16 or not text",
                 "save it as CSV in UTF-8");
  }
  return std::nullopt;
}

// Whether a field ends here: end of file, separator, LF or CRLF.
bool CsvRecords::at_field_end() const {
  if (at_end() || bytes_[at_] == separator_ || bytes_[at_] == '\n') return true;
  return bytes_.substr(at_, 2) == "\r\n";
}

Result<CsvField> CsvRecords::plain_field() {
  const std::size_t begin = at_;
  for (; !at_field_end(); ++at_) {
    if (bytes_[at_] == '"') {
      return error(line_, "a quotation mark in the middle of a field",
                   "put the whole field in quotation marks and double those inside it");
    }
    if (bytes_[at_] == '\r') {
      return error(line_, "a carriage return without a line feed",
                   "save the file with Unix or Windows line ends");
    }
  }
  return CsvField{std::string(bytes_.substr(begin, at_ - begin)), false};
}

Result<CsvField> CsvRecords::quoted_field() {
  const std::size_t opened = line_;
  CsvField field{"", true};
  ++at_;
  while (true) {
    const std::size_t quote = bytes_.find('"', at_);
    if (quote == std::string_view::npos) {
      return error(opened, "a quotation mark opens here and is never closed",
                   "close it, or double it where it belongs to the text");
    }
    const std::string_view part = bytes_.substr(at_, quote - at_);
    line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    field.text += part;
    at_ = quote + 1;
    if (at_end() || bytes_[at_] != '"') break;
    field.text += '"';
    ++at_;
  }
  if (!at_field_end()) {
    return error(line_, "text after a closing quotation mark",
                 "double the quotation marks that belong to the text");
  }
  return field;
}

char csv_separator(std::string_view bytes, const std::filesystem::path& name) {
  const std::string ending = ascii_lower_case(name.extension().string());
  if (ending == ".tsv" || ending == ".tab") return '\t';
  std::size_t commas = 0;
  std::size_t semicolons = 0;
  std::size_t tabs = 0;
  bool quoted = false;
  for (const char c : bytes) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    commas += c == ',' ? 1 : 0;
    semicolons += c == ';' ? 1 : 0;
    tabs += c == '\t' ? 1 : 0;
  }
  if (commas >= semicolons && commas >= tabs) return ',';
  return semicolons >= tabs ? ';' : '\t';
}

std::size_t line_of(std::string_view bytes, std::size_t at) {
  return 1 + static_cast<std::size_t>(
                 std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

}  // namespace mien
