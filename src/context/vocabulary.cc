#include "context/vocabulary.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/csv_records.h"
#include "base/utf8.h"

namespace mien {

namespace {

constexpr std::array<std::string_view, 6> kColumns = {"id",      "name",     "description",
                                                      "parents", "wordings", "is_expression_word"};
enum Column : std::size_t { kId, kName, kDescription, kParents, kWordings, kIsExpressionWord };

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// As errors show it: short, on one line.
std::string shown(std::string_view text) {
  std::size_t length = std::min<std::size_t>(text.size(), 60);
  while (length > 0 && length < text.size() &&
         (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) {
    --length;
  }
  std::string out(text.substr(0, length));
  std::ranges::replace_if(out, is_control, '?');
  return "'" + out + (length < text.size() ? "...'" : "'");
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  if (trimmed(text).empty()) return parts;
  while (true) {
    const std::size_t bar = text.find('|');
    parts.push_back(trimmed(text.substr(0, bar)));
    if (bar == std::string_view::npos) return parts;
    text.remove_prefix(bar + 1);
  }
}

// The length of a language tag at the start of a wording, without its colon; 0 where there is none.
std::size_t tag_length(std::string_view wording) {
  const auto small = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto subtag = [&](char c) {
    return small(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const std::size_t colon = wording.find(':');
  if (colon == std::string_view::npos || colon < 2 || colon > 20) return 0;
  std::size_t at = 0;
  while (at < colon && small(wording[at])) ++at;
  if (at < 2 || at > 3) return 0;
  while (at < colon) {
    if (wording[at] != '-') return 0;
    const std::size_t begin = ++at;
    while (at < colon && subtag(wording[at])) ++at;
    if (at - begin < 2 || at - begin > 8) return 0;
  }
  return colon;
}

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& name)
      : records_(bytes, name, csv_separator(bytes, name)) {}

  Result<ContextVocabulary> read(std::string_view bytes) {
    if (std::optional<Error> bad = records_.check_encoding()) return *std::move(bad);
    const std::size_t invalid = first_invalid_utf8(bytes);
    if (invalid != std::string_view::npos) return records_.not_utf8(line_of(bytes, invalid));
    bool has_header = false;
    while (!records_.at_end()) {
      MIEN_TRY(record, records_.next());
      if (record.blank()) continue;
      if (has_header) {
        if (vocabulary_.contexts.size() == kMaxContexts) {
          return records_.error(record.line,
                                "more than " + std::to_string(kMaxContexts) + " contexts",
                                "leave out those that no video will show");
        }
        read_context(record);
      } else {
        read_header(record);
        has_header = true;
        if (!problems_.empty()) break;  // nothing below can be understood
      }
    }
    if (!has_header) {
      return records_.error(1, "the file is empty", "begin with the line 'id,name'");
    }
    if (problems_.empty()) resolve_parents();
    if (problems_.empty()) refuse_cycles();
    if (problems_.empty() && vocabulary_.contexts.size() < 2) {
      complain(
          1,
          std::to_string(vocabulary_.contexts.size()) + " contexts, so nothing can be told apart",
          "give at least two contexts, one a line");
    }
    if (!problems_.empty()) return Error{ErrorCode::kCorrupt, std::move(problems_)};
    return std::move(vocabulary_);
  }

 private:
  void complain(std::size_t line, const std::string& what, const std::string& remedy) {
    if (++count_ > kMaxProblems) return;
    if (!problems_.empty()) problems_ += '\n';
    problems_ += records_.error(line, what, remedy).message;
  }

  void read_header(const CsvRecord& header) {
    column_of_.fill(std::string_view::npos);
    for (std::size_t i = 0; i < header.fields.size(); ++i) {
      const std::string_view name = trimmed(header.fields[i].text);
      const auto known = std::ranges::find(kColumns, name);
      if (known == kColumns.end()) {
        complain(header.line, "unknown column " + shown(name),
                 "the columns are id, name, description, parents, wordings, is_expression_word");
        continue;
      }
      std::size_t& place = column_of_[static_cast<std::size_t>(known - kColumns.begin())];
      if (place != std::string_view::npos) {
        complain(header.line, "two columns are called " + shown(name), "leave one of them out");
      }
      place = i;
    }
    for (const Column needed : {kId, kName}) {
      if (column_of_[needed] == std::string_view::npos) {
        complain(header.line, "no column '" + std::string(kColumns[needed]) + "'",
                 "the first line names the columns; id and name are needed");
      }
    }
    columns_ = header.fields.size();
  }

  std::string_view field(const CsvRecord& record, Column column) const {
    const std::size_t place = column_of_[column];
    return place == std::string_view::npos ? std::string_view()
                                           : trimmed(record.fields[place].text);
  }

  // Complains where a text is too long or holds control characters.
  bool check_text(std::size_t line, std::string_view text, std::string_view what,
                  std::size_t most) {
    if (text.size() > most) {
      complain(line, std::string(what) + " of " + std::to_string(text.size()) + " bytes",
               "at most " + std::to_string(most) + " bytes");
      return false;
    }
    if (std::ranges::any_of(text, is_control)) {
      complain(line, std::string(what) + " " + shown(text) + " holds a control character",
               "write it on one line, without tabs");
      return false;
    }
    return true;
  }

  void read_context(const CsvRecord& record) {
    const std::size_t line = record.line;
    if (record.fields.size() != columns_) {
      complain(line,
               std::to_string(record.fields.size()) + " fields where the first line has " +
                   std::to_string(columns_),
               "put text that contains the separator in quotation marks");
      return;
    }
    Context context;
    context.line = line;
    context.id = field(record, kId);
    context.name = field(record, kName);
    context.description = field(record, kDescription);
    if (context.id.empty())
      complain(line, "the id is empty", "give every context an id of its own");
    if (context.name.empty()) {
      complain(line, "the name is empty", "give every context a name in words");
    }
    if (context.id.find('|') != std::string::npos) {
      complain(line, "the id " + shown(context.id) + " holds '|'", "use letters, digits and '_'");
    }
    check_text(line, context.id, "an id", kMaxNameBytes);
    check_text(line, context.name, "a name", kMaxNameBytes);
    check_text(line, context.description, "a description", kMaxDescriptionBytes);
    const auto [known, is_new] = by_id_.emplace(context.id, vocabulary_.contexts.size());
    if (!is_new && !context.id.empty()) {
      complain(line,
               "the id " + shown(context.id) + " stands in line " +
                   std::to_string(vocabulary_.contexts[known->second].line) + " already",
               "give every context an id of its own");
    }
    read_wordings(record, context);
    read_mark(record, context);
    std::vector<std::string> parents;
    for (const std::string_view parent : split(field(record, kParents)))
      parents.emplace_back(parent);
    if (parents.size() > kMaxParents) {
      complain(line, std::to_string(parents.size()) + " parents",
               "at most " + std::to_string(kMaxParents));
      parents.clear();
    }
    parents_.push_back(std::move(parents));
    vocabulary_.contexts.push_back(std::move(context));
  }

  void read_wordings(const CsvRecord& record, Context& context) {
    const std::vector<std::string_view> wordings = split(field(record, kWordings));
    if (wordings.size() > kMaxWordings) {
      complain(record.line, std::to_string(wordings.size()) + " wordings",
               "at most " + std::to_string(kMaxWordings));
      return;
    }
    std::set<std::pair<std::string, std::string>> seen;
    for (const std::string_view wording : wordings) {
      const std::size_t tag = tag_length(wording);
      const std::string_view text = tag == 0 ? wording : trimmed(wording.substr(tag + 1));
      std::string language = tag == 0 ? "en" : std::string(wording.substr(0, tag));
      if (text.empty()) {
        complain(record.line, "an empty wording", "write nothing or words between two '|'");
        continue;
      }
      if (!check_text(record.line, text, "a wording", kMaxNameBytes)) continue;
      if (!seen.emplace(language, text).second) {
        complain(record.line, "the wording " + shown(wording) + " stands twice",
                 "leave one of them out");
        continue;
      }
      context.wordings.push_back({std::move(language), std::string(text)});
    }
  }

  void read_mark(const CsvRecord& record, Context& context) {
    const std::string_view mark = field(record, kIsExpressionWord);
    context.is_expression_word = mark == "true" || mark == "1";
    if (!context.is_expression_word && mark != "false" && mark != "0" && !mark.empty()) {
      complain(record.line, "is_expression_word is " + shown(mark), "write true or false");
    }
  }

  void resolve_parents() {
    for (std::size_t i = 0; i < vocabulary_.contexts.size(); ++i) {
      Context& context = vocabulary_.contexts[i];
      for (const std::string& parent : parents_[i]) {
        const auto found = by_id_.find(parent);
        if (found == by_id_.end()) {
          complain(context.line, "the parent " + shown(parent) + " is no id of this file",
                   "add a line for it, or correct its spelling");
        } else if (std::ranges::find(context.parents, found->second) != context.parents.end()) {
          complain(context.line, "the parent " + shown(parent) + " stands twice",
                   "leave one of them out");
        } else {
          context.parents.push_back(found->second);
        }
      }
    }
  }

  // Takes away contexts whose parents are all taken away, until none is left (Kahn 1962): what
  // stays lies on a circle or below one.
  void refuse_cycles() {
    const std::vector<Context>& contexts = vocabulary_.contexts;
    std::vector<std::vector<std::size_t>> children(contexts.size());
    std::vector<std::size_t> open(contexts.size());
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      open[i] = contexts[i].parents.size();
      for (const std::size_t parent : contexts[i].parents) children[parent].push_back(i);
      if (open[i] == 0) ready.push_back(i);
    }
    for (std::size_t next = 0; next < ready.size(); ++next) {
      for (const std::size_t child : children[ready[next]]) {
        if (--open[child] == 0) ready.push_back(child);
      }
    }
    if (ready.size() == contexts.size()) return;
    // Walking up through parents that stay must come round.
    std::size_t at = 0;
    while (open[at] == 0) ++at;
    std::vector<std::size_t> way;
    while (std::ranges::find(way, at) == way.end()) {
      way.push_back(at);
      at = *std::ranges::find_if(contexts[at].parents, [&](std::size_t p) { return open[p] > 0; });
    }
    std::string circle;
    std::size_t told = 0;
    for (auto step = std::ranges::find(way, at); step != way.end() && told < 8; ++step, ++told) {
      circle += shown(contexts[*step].id) + " below ";
    }
    circle += told == 8 ? "..." : shown(contexts[at].id);
    complain(contexts[at].line, "the parents go in a circle: " + circle,
             "take one of these parents out");
  }

  CsvRecords records_;
  ContextVocabulary vocabulary_;
  std::array<std::size_t, kColumns.size()> column_of_{};
  std::size_t columns_ = 0;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::vector<std::vector<std::string>> parents_;
  std::string problems_;
  std::size_t count_ = 0;
};

}  // namespace

std::optional<std::size_t> ContextVocabulary::find(std::string_view id) const {
  const auto found = std::ranges::find(contexts, id, &Context::id);
  if (found == contexts.end()) return std::nullopt;
  return static_cast<std::size_t>(found - contexts.begin());
}

std::size_t ContextVocabulary::roots() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(contexts, [](const Context& c) { return c.parents.empty(); }));
}

std::size_t ContextVocabulary::expression_words() const {
  return static_cast<std::size_t>(std::ranges::count(contexts, true, &Context::is_expression_word));
}

std::map<std::string, std::size_t> ContextVocabulary::wordings_by_language() const {
  std::map<std::string, std::size_t> counts;
  for (const Context& context : contexts) {
    for (const Wording& wording : context.wordings) ++counts[wording.language];
  }
  return counts;
}

std::vector<std::string> ContextVocabulary::repeated_names() const {
  std::map<std::string, std::size_t> counts;
  for (const Context& context : contexts) ++counts[context.name];
  std::vector<std::string> names;
  for (const auto& [name, count] : counts) {
    if (count > 1) names.push_back(name);
  }
  return names;
}

Result<ContextVocabulary> parse_vocabulary(std::string_view bytes, const std::string& name) {
  if (bytes.size() > kMaxVocabularyBytes) {
    return Error{ErrorCode::kUnsupported,
                 name + ": line 1: a vocabulary of " + std::to_string(bytes.size()) +
                     " bytes; remedy: at most " + std::to_string(kMaxVocabularyBytes) + " bytes"};
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return Reader(bytes, name).read(bytes);
}

}  // namespace mien
