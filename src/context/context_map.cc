#include "context/context_map.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/csv_records.h"
#include "base/utf8.h"

namespace mien {

namespace {

// At most `most` bytes and one more, so that a larger file shows.
Result<std::string> read_at_most(const std::filesystem::path& file, std::size_t most) {
  std::error_code ignored;
  std::ifstream stream(file, std::ios::binary);
  if (!stream || !std::filesystem::is_regular_file(file, ignored)) {
    return Error{ErrorCode::kNotFound,
                 file.string() + ": cannot be read; remedy: restore the file"};
  }
  std::string bytes(most + 1, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  if (bytes.size() > most) {
    return Error{ErrorCode::kCorrupt, file.string() + ": larger than " + std::to_string(most) +
                                          " bytes; remedy: name the right file"};
  }
  return bytes;
}

std::optional<float> weight_of(const std::string& text) {
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!(value > 0) || value > 1) return std::nullopt;
  return value;
}

}  // namespace

Result<std::vector<ContextWitness>> parse_context_map(std::string_view bytes,
                                                      const std::string& name,
                                                      std::span<const std::string> labels,
                                                      const ContextVocabulary& vocabulary) {
  CsvRecords records(bytes, name, ',');
  if (std::optional<Error> bad = records.check_encoding()) return *std::move(bad);
  const std::size_t invalid = first_invalid_utf8(bytes);
  if (invalid != std::string_view::npos) return records.not_utf8(line_of(bytes, invalid));
  std::map<std::string_view, std::size_t> positions;
  for (std::size_t i = 0; i < labels.size(); ++i) positions.emplace(labels[i], i);
  std::vector<ContextWitness> witnesses;
  std::set<std::pair<std::size_t, std::size_t>> seen;
  bool has_header = false;
  while (!records.at_end()) {
    MIEN_TRY(record, records.next());
    if (record.blank()) continue;
    if (record.fields.size() != 3) {
      return records.error(record.line, std::to_string(record.fields.size()) + " fields",
                           "write label,context,weight");
    }
    const std::string& label = record.fields[0].text;
    const std::string& context = record.fields[1].text;
    if (!has_header) {
      if (label != "label" || context != "context" || record.fields[2].text != "weight") {
        return records.error(record.line, "another first line",
                             "begin with the line 'label,context,weight'");
      }
      has_header = true;
      continue;
    }
    const auto position = positions.find(label);
    if (position == positions.end()) {
      return records.error(record.line, "the network has no class '" + label + "'",
                           "take a label of its manifest");
    }
    const std::optional<std::size_t> known = vocabulary.find(context);
    if (!known.has_value()) {
      return records.error(record.line, "the vocabulary has no context '" + context + "'",
                           "take an id of it");
    }
    const std::optional<float> weight = weight_of(record.fields[2].text);
    if (!weight.has_value()) {
      return records.error(record.line, "the weight '" + record.fields[2].text + "'",
                           "give a number above 0 and at most 1");
    }
    if (!seen.emplace(position->second, *known).second) {
      return records.error(record.line, "'" + label + "' speaks for '" + context + "' twice",
                           "leave one of the lines out");
    }
    witnesses.push_back({position->second, *known, *weight});
  }
  if (witnesses.empty()) {
    return records.error(1, "no class speaks for any context", "add lines label,context,weight");
  }
  return witnesses;
}

Result<std::vector<ContextWitness>> read_context_map(const std::filesystem::path& file,
                                                     std::span<const std::string> labels,
                                                     const ContextVocabulary& vocabulary) {
  MIEN_TRY(bytes, read_at_most(file, kMaxContextMapBytes));
  return parse_context_map(bytes, file.string(), labels, vocabulary);
}

Result<ContextVocabulary> read_vocabulary(const std::filesystem::path& file) {
  MIEN_TRY(bytes, read_at_most(file, kMaxVocabularyBytes));
  return parse_vocabulary(bytes, file.string());
}

void hear(std::span<const ContextWitness> witnesses, std::span<const float> label_probs,
          std::span<float> absent) {
  for (const ContextWitness& witness : witnesses) {
    absent[witness.context] *= 1 - witness.weight * label_probs[witness.label];
  }
}

}  // namespace mien
