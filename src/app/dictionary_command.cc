#include <cstdio>

#include "app/command.h"
#include "expression/channel.h"
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
      std::fputs(data_dictionary(scorer.columns()).c_str(), stdout);
      return Ok{};
    };
  });
}

}  // namespace mien
