#include <cstdio>

#include "app/command.h"
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
      const std::string text =
          data_dictionary(scorer.columns(), tracks_schema_with_baselines(scorer.columns()));
      std::fputs(text.c_str(), stdout);
      return Ok{};
    };
  });
}

}  // namespace mien
