// What `mien VERB --help` prints: one screen of at most 80 columns, the options that most calls
// need, an example; `--help-all` prints the further groups too.
#pragma once

#include <string>

#include "app/verb_facts.h"

namespace mien {

std::string help_text(const VerbFacts& verb, bool all);

}  // namespace mien
