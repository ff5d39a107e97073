// The rows of maps.
#include <array>

#include "base/check.h"
#include "stats/association_map.h"

namespace mien {

ChannelName split_channel(std::string_view column) {
  const std::size_t end = column.find('_');
  if (end == std::string_view::npos) return {"", std::string(column)};
  return {std::string(column.substr(0, end)), std::string(column.substr(end + 1))};
}

Table maps_table(const AssociationSums& sums, const AssociationMap& map,
                 const MapOptions& options) {
  const AssociationLayout& layout = sums.layout;
  const std::size_t expressions = layout.expressions.size();
  std::vector<ChannelName> names;
  for (const std::string& column : layout.expressions) names.push_back(split_channel(column));
  Table table(maps_schema());
  RowBuilder builder(table.schema());
  const std::string kind(to_string(options.estimator.kind));
  const std::string cluster(to_string(options.cluster));
  const auto text = [](std::string_view value) -> Cell {
    if (value.empty()) return std::monostate{};
    return std::string(value);
  };
  for (std::size_t g = 0; g < layout.groups.size(); ++g) {
    const GroupMap& group = map.groups[g];
    const bool few = group.videos < options.minimum;
    for (std::size_t c = 0; c < layout.contexts.size(); ++c) {
      const bool suppressed = group.suppression[c] != NullReason::kNone;
      for (std::size_t e = 0; e < expressions; ++e) {
        const std::size_t i = c * expressions + e;
        const auto count = [&](std::int64_t value, bool hidden) -> Cell {
          if (hidden) return std::monostate{};
          return value;
        };
        builder.set("by", layout.by)
            .set("region", layout.groups[g])
            .set("source", layout.source)
            .set("context", layout.contexts[c])
            .set("channel", names[e].channel)
            .set("expression", names[e].expression)
            .set("kind", kind)
            .set("estimate", group.estimate[i])
            .set("se", group.se[i])
            .set("lower", group.lower[i])
            .set("upper", group.upper[i])
            .set("df", group.df[i])
            .set("p", group.p[i])
            .set("p_bh", group.p_bh[i])
            .set("p_holm", group.p_holm[i])
            .set("smd", group.smd[i])
            .set("superiority", group.superiority[i])
            .set("n", count(group.videos, few))
            .set("n_context", count(group.context_videos[c], suppressed))
            .set("n_uploaders", count(group.context_uploaders[c], suppressed))
            .set("cluster", cluster)
            .set("suppressed", suppressed)
            .set("reason", text(to_string(group.reason[i])))
            .set("p_by", group.p_by[i])
            .set("estimate_pooled", group.pooled[i])
            .set("estimate_between", group.between[i]);
        table.append(builder.finish());
      }
    }
  }
  return table;
}

}  // namespace mien
