#include "pipeline/associate/association_rows.h"

#include <map>
#include <string_view>

#include "base/check.h"
#include "table/schema.h"

namespace mien {

namespace {

// The columns of one group's cells, found by name, so that they cannot drift from the schema.
class GroupRows {
 public:
  GroupRows(const TableSchema& schema, std::size_t rows, BulkBatch& batch)
      : schema_(schema), rows_(rows), batch_(batch) {
    batch.rows = rows;
    batch.columns.assign(schema.columns.size(), {});
    is_set_.assign(schema.columns.size(), false);
  }

  void one(std::string_view name, const std::string& text) {
    BulkColumn& column = at(name);
    column.words = {text};
    column.codes.assign(rows_, 0);
  }

  template <typename Code>
  void words(std::string_view name, std::vector<std::string> texts, const Code& code_of) {
    BulkColumn& column = at(name);
    column.words = std::move(texts);
    column.codes.reserve(rows_);
    for (std::size_t i = 0; i < rows_; ++i) {
      column.codes.push_back(static_cast<std::uint32_t>(code_of(i)));
    }
  }

  void numbers(std::string_view name, const std::vector<double>& values) {
    at(name).doubles = values;
  }

  // Null where `hidden` says so.
  template <typename Value, typename Hidden>
  void counts(std::string_view name, const Value& value_of, const Hidden& hidden) {
    BulkColumn& column = at(name);
    column.integers.reserve(rows_);
    column.valid.reserve(rows_);
    for (std::size_t i = 0; i < rows_; ++i) {
      const bool is_hidden = hidden(i);
      column.integers.push_back(is_hidden ? 0 : value_of(i));
      column.valid.push_back(is_hidden ? 0 : 1);
    }
  }

  template <typename Value>
  void truths(std::string_view name, const Value& value_of) {
    BulkColumn& column = at(name);
    column.truths.reserve(rows_);
    for (std::size_t i = 0; i < rows_; ++i) column.truths.push_back(value_of(i) ? 1 : 0);
  }

  void check() const {
    for (std::size_t i = 0; i < is_set_.size(); ++i) {
      MIEN_CHECK(is_set_[i], "column " + schema_.columns[i].name + " was not set");
    }
  }

 private:
  BulkColumn& at(std::string_view name) {
    const int index = schema_.index_of(name);
    MIEN_CHECK(index >= 0, "maps have no column " + std::string(name));
    is_set_[static_cast<std::size_t>(index)] = true;
    return batch_.columns[static_cast<std::size_t>(index)];
  }

  const TableSchema& schema_;
  std::size_t rows_;
  BulkBatch& batch_;
  std::vector<bool> is_set_;
};

void fill(const TableSchema& schema, const AssociationLayout& layout, std::size_t g,
          const GroupMap& group, const MapOptions& options, BulkBatch& batch) {
  const std::size_t expressions = layout.expressions.size();
  GroupRows rows(schema, layout.contexts.size() * expressions, batch);
  const auto context = [&](std::size_t i) { return i / expressions; };
  const auto expression = [&](std::size_t i) { return i % expressions; };
  const auto is_suppressed = [&](std::size_t i) {
    return group.suppression[context(i)] != NullReason::kNone;
  };
  std::vector<std::string> channels;
  std::vector<std::string> names;
  for (const std::string& column : layout.expressions) {
    const ChannelName name = split_channel(column);
    channels.push_back(name.channel);
    names.push_back(name.expression);
  }
  rows.one("by", layout.by);
  rows.one("region", layout.groups[g]);
  rows.one("source", layout.source);
  rows.words("context", layout.contexts, context);
  rows.words("channel", channels, expression);
  rows.words("expression", names, expression);
  rows.one("kind", std::string(to_string(options.estimator.kind)));
  rows.numbers("estimate", group.estimate);
  rows.numbers("se", group.se);
  rows.numbers("lower", group.lower);
  rows.numbers("upper", group.upper);
  rows.numbers("df", group.df);
  rows.numbers("p", group.p);
  rows.numbers("p_bh", group.p_bh);
  rows.numbers("p_holm", group.p_holm);
  rows.numbers("smd", group.smd);
  rows.numbers("superiority", group.superiority);
  rows.counts(
      "n", [&](std::size_t) { return group.videos; },
      [&](std::size_t) { return group.is_size_held_back; });
  rows.counts(
      "n_context", [&](std::size_t i) { return group.context_videos[context(i)]; }, is_suppressed);
  rows.counts(
      "n_uploaders", [&](std::size_t i) { return group.context_uploaders[context(i)]; },
      is_suppressed);
  rows.one("cluster", std::string(to_string(options.cluster)));
  rows.truths("suppressed", is_suppressed);
  std::vector<std::string> reasons;
  for (int r = 0; r <= static_cast<int>(NullReason::kReferenceLevel); ++r) {
    reasons.emplace_back(to_string(static_cast<NullReason>(r)));
  }
  rows.words("reason", reasons, [&](std::size_t i) {
    return group.reason[i] == NullReason::kNone ? BulkColumn::kNull
                                                : static_cast<std::uint32_t>(group.reason[i]);
  });
  rows.numbers("p_by", group.p_by);
  rows.numbers("estimate_pooled", group.pooled);
  rows.numbers("estimate_between", group.between);
  rows.check();
}

}  // namespace

BulkSource map_rows(const std::vector<MappedSource>& sources, const MapOptions& options) {
  struct Place {
    std::size_t source = 0;
    std::size_t group = 0;
  };
  return [&sources, options, schema = maps_schema(),
          place = Place{}](BulkBatch& batch) mutable -> Result<bool> {
    while (place.source < sources.size() &&
           place.group == sources[place.source].layout.groups.size()) {
      ++place.source;
      place.group = 0;
    }
    if (place.source == sources.size()) return false;
    const MappedSource& source = sources[place.source];
    fill(schema, source.layout, place.group, source.map.groups[place.group], options, batch);
    ++place.group;
    return true;
  };
}

namespace {

TableSchema excluded_schema() {
  using enum ColumnType;
  return {"excluded",
          "source, region, language and reason",
          "Videos that are not in the analysis, and why.",
          {{"source", kString, "Source of the contexts."},
           {"region", kString, "The value of `by`; null where the video has none."},
           {"language", kString, "Language of the video's words; null where unknown."},
           {"reason", kString,
            "The first reason that holds; held_back: several, of few videos each, put together."},
           {"videos", kInt64, "Number of videos."}}};
}

}  // namespace

Table excluded_rows(const std::vector<MappedSource>& sources, std::int64_t minimum) {
  Table table(excluded_schema());
  RowBuilder row(table.schema());
  const auto text = [](const std::string& value) -> Cell {
    if (value.empty()) return std::monostate{};
    return value;
  };
  for (const MappedSource& source : sources) {
    for (const auto& [key, videos] : shown_exclusions(source.exclusions, minimum)) {
      row.set("source", source.layout.source)
          .set("region", text(key[0]))
          .set("language", text(key[1]))
          .set("reason", key[2])
          .set("videos", videos);
      table.append(row.finish());
    }
  }
  return table;
}

}  // namespace mien
