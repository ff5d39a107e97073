// The records of a CSV or TSV text, one after the other, each with the line where it begins.
//
// Quoting of RFC 4180, lines ended by LF or CRLF. A quoted field may hold separators and line ends.
// Errors: kCorrupt naming file, line (from 1) and remedy. The bytes must outlive the reader.
#pragma once

#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mien {

struct CsvField {
  std::string text;
  bool quoted = false;  // so that "" differs from nothing
};

struct CsvRecord {
  std::vector<CsvField> fields;
  std::size_t line = 0;  // where it begins, from 1

  bool blank() const { return fields.size() == 1 && fields[0].text.empty() && !fields[0].quoted; }
};

class CsvRecords {
 public:
  // `name` is how errors call the file. A record of more fields than `most_fields` is an error.
  CsvRecords(std::string_view bytes, std::string name, char separator,
             std::size_t most_fields = std::numeric_limits<std::size_t>::max())
      : bytes_(bytes), name_(std::move(name)), separator_(separator), most_fields_(most_fields) {}

  bool at_end() const { return at_ >= bytes_.size(); }
  Result<CsvRecord> next();

  // "name: line 3: what; remedy: ..."
  Error error(std::size_t line, const std::string& what, const std::string& remedy) const;
  Error not_utf8(std::size_t line) const;

  // UTF-16 and zero bytes, before any parsing.
  std::optional<Error> check_encoding() const;

 private:
  bool at_field_end() const;
  Result<CsvField> plain_field();
  Result<CsvField> quoted_field();

  std::string_view bytes_;
  std::string name_;
  char separator_;
  std::size_t most_fields_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

// A tab in *.tsv and *.tab; else whichever of comma, semicolon and tab the first line has most of.
char csv_separator(std::string_view bytes, const std::filesystem::path& name);

// The line, from 1, that the byte at this offset stands in.
std::size_t line_of(std::string_view bytes, std::size_t at);

}  // namespace mien
