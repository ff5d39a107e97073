#include <cstdio>
#include <utility>
#include <vector>

#include "app/command.h"
#include "expression/action_units.h"
#include "expression/blendshapes.h"
#include "expression/channel.h"
#include "expression/windows.h"
#include "model/model_set.h"
#include "table/data_dictionary.h"

namespace mien {

void add_data_dictionary(CommandLine& line) {
  CLI::App* verb =
      line.app.add_subcommand("data-dictionary", "Print docs/data-dictionary.md; for developers");
  verb->group("");
  verb->callback([&line] {
    line.action = [&line]() -> Status {
      MIEN_TRY(models, ModelSet::open(line.resources.manifests, line.resources.models));
      ChannelOptions options;
      options.prototype_file = line.resources.data / "prototype16.json";
      MIEN_TRY(scorer, ChannelScorer::open(models, options));
      MIEN_TRY(blendshapes, read_manifest(line.resources.manifests / "bundle" /
                                          (std::string(kBlendshapeModel) + ".json")));
      std::vector<ColumnSpec> columns = scorer.columns();
      for (ColumnSpec& column : blendshape_columns(blendshapes))
        columns.push_back(std::move(column));
      for (ColumnSpec& column : action_unit_columns()) columns.push_back(std::move(column));
      const std::string text = data_dictionary(columns, tracks_schema_with_baselines(columns));
      std::fputs(text.c_str(), stdout);
      return Ok{};
    };
  });
}

}  // namespace mien
