#include "context/labelled_text.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include "base/csv_records.h"
#include "base/utf8.h"

namespace mien {

namespace {

enum LabelsColumn : std::size_t {
  kVideoId,
  kContexts,
  kTitle,
  kText,
  kSplit,
  kLanguage,
  kUploader,
  kLabelsColumns
};
constexpr std::array<std::string_view, kLabelsColumns> kLabelsNames = {
    "video_id", "contexts", "title", "description", "split", "language", "uploader"};
constexpr std::size_t kMissing = static_cast<std::size_t>(-1);

using Places = std::array<std::size_t, kLabelsColumns>;

std::vector<std::string> split_ids(const std::string& text) {
  std::vector<std::string> ids;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find('|', at), text.size());
    std::string id = text.substr(at, end - at);
    id.erase(0, id.find_first_not_of(' '));
    id.erase(id.find_last_not_of(' ') + 1);
    if (!id.empty() && std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
    at = end + 1;
  }
  return ids;
}

Result<Places> read_header(const CsvRecords& records, const CsvRecord& header, LabelsOf labels_of) {
  Places places;
  places.fill(kMissing);
  for (std::size_t i = 0; i < header.fields.size(); ++i) {
    const std::string& name = header.fields[i].text;
    const std::string_view wanted = name == "id" ? std::string_view("video_id") : name;
    const auto* const known = std::ranges::find(kLabelsNames, wanted);
    if (known == kLabelsNames.end()) continue;
    std::size_t& place = places[static_cast<std::size_t>(known - kLabelsNames.begin())];
    if (place != kMissing) {
      return records.error(header.line, "two columns are called '" + std::string(wanted) + "'",
                           "leave one of them out");
    }
    place = i;
  }
  for (const LabelsColumn needed : {kVideoId, kContexts}) {
    if (places[needed] == kMissing) {
      return records.error(
          header.line, "no column '" + std::string(kLabelsNames[needed]) + "'",
          labels_of == LabelsOf::kTexts
              ? "the first line names the columns: video_id, title, description, contexts"
              : "the first line names the columns: video_id, contexts");
    }
  }
  if (labels_of == LabelsOf::kTexts && places[kTitle] == kMissing && places[kText] == kMissing) {
    return records.error(header.line, "neither title nor description", "give one of them");
  }
  return places;
}

}  // namespace

Result<std::vector<LabelledText>> parse_labelled_texts(std::string_view bytes,
                                                       const std::string& name,
                                                       LabelsOf labels_of) {
  CsvRecords records(bytes, name, csv_separator(bytes, name));
  if (std::optional<Error> bad = records.check_encoding()) return *std::move(bad);
  const std::size_t invalid = first_invalid_utf8(bytes);
  if (invalid != std::string_view::npos) return records.not_utf8(line_of(bytes, invalid));
  std::optional<Places> places;
  std::size_t columns = 0;
  std::set<std::string> ids;
  std::vector<LabelledText> texts;
  while (!records.at_end()) {
    MIEN_TRY(record, records.next());
    if (record.blank()) continue;
    if (!places) {
      MIEN_TRY(found, read_header(records, record, labels_of));
      places = found;
      columns = record.fields.size();
      continue;
    }
    if (record.fields.size() != columns) {
      return records.error(record.line,
                           std::to_string(record.fields.size()) +
                               " fields where the first line has " + std::to_string(columns),
                           "put text that contains the separator in quotation marks");
    }
    const auto field = [&](LabelsColumn column) {
      const std::size_t place = (*places)[column];
      return place == kMissing ? std::string() : record.fields[place].text;
    };
    LabelledText text;
    text.id = field(kVideoId);
    if (text.id.empty() || !ids.insert(text.id).second) {
      return records.error(record.line, "the id '" + text.id + "' is empty or stands twice",
                           "give every video an id of its own");
    }
    text.split = field(kSplit);
    text.language = field(kLanguage);
    text.uploader = field(kUploader);
    text.text = prepare_text(field(kTitle), field(kText));
    text.contexts = split_ids(field(kContexts));
    texts.push_back(std::move(text));
  }
  if (texts.empty()) return records.error(1, "no labelled texts", "give one a line");
  return texts;
}

Result<std::vector<std::vector<std::uint32_t>>> label_positions(
    const std::vector<LabelledText>& texts, std::span<const std::string> ids,
    const std::string& name) {
  std::unordered_map<std::string, std::uint32_t> places;
  for (const std::string& id : ids) places.emplace(id, static_cast<std::uint32_t>(places.size()));
  std::vector<std::vector<std::uint32_t>> positions;
  for (const LabelledText& text : texts) {
    std::vector<std::uint32_t>& own = positions.emplace_back();
    for (const std::string& context : text.contexts) {
      const auto found = places.find(context);
      if (found == places.end()) {
        return Error{ErrorCode::kMismatch,
                     name + ": the video '" + text.id + "' has the context '" + context +
                         "', which the vocabulary does not have; remedy: name the vocabulary that "
                         "the labels were made with"};
      }
      own.push_back(found->second);
    }
  }
  return positions;
}

}  // namespace mien
