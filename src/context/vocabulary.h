// The contexts that can be named: a CSV file of ids, names, parents and wordings.
//
// Columns: id, name (required); description, parents (ids separated by '|'), wordings (separated by
// '|'; "es:boda" is Spanish, a wording without a tag is English), is_expression_word (true, false
// or empty = false). A tag is two or three small letters with optional subtags ("zh", "pt-BR") and
// a colon without a space before it. No other columns; in any order; a context may stand before its
// parents. Text as csv_records.h reads it, UTF-8, a byte order mark skipped, blank lines too.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mien {

struct Wording {
  std::string language;  // the tag, "en" where none is written
  std::string text;
};

struct Context {
  std::string id;
  std::string name;                  // English or whatever language the vocabulary is written in
  std::string description;           // may be empty
  std::vector<std::size_t> parents;  // indices into ContextVocabulary::contexts
  std::vector<Wording> wordings;     // without the name
  bool is_expression_word = false;   // names an expression itself (laughter, crying)
  std::size_t line = 0;              // of the file, from 1
};

struct ContextVocabulary {
  std::vector<Context>
      contexts;  // at least 2, in the file's order; the graph of parents is acyclic

  std::optional<std::size_t> find(std::string_view id) const;
  std::size_t roots() const;             // contexts without a parent
  std::size_t expression_words() const;  // contexts that name an expression
  // Wordings by language; those untagged under "en". Names are not counted.
  std::map<std::string, std::size_t> wordings_by_language() const;
  // Names that several contexts carry, which is allowed: ids tell them apart.
  std::vector<std::string> repeated_names() const;
};

constexpr std::size_t kMaxVocabularyBytes = 64U << 20U;
constexpr std::size_t kMaxContexts = 20000;
constexpr std::size_t kMaxNameBytes = 200;          // ids, names and single wordings
constexpr std::size_t kMaxDescriptionBytes = 4000;  // descriptions
constexpr std::size_t kMaxWordings = 500;           // of one context
constexpr std::size_t kMaxParents = 32;             // of one context
constexpr std::size_t kMaxProblems = 20;            // told at once

// `name` is how errors call the file. kCorrupt where the file does not hold what is said above: the
// message has one line a problem, each "name: line 3: what; remedy: ...", the first kMaxProblems.
Result<ContextVocabulary> parse_vocabulary(std::string_view bytes, const std::string& name);

}  // namespace mien
