// Shell completion of every verb, option and word that an option takes.
#pragma once

#include <string>

#include "app/verb_facts.h"

namespace mien {

std::string bash_completion(const VerbFacts& program);
std::string zsh_completion(const VerbFacts& program);
std::string fish_completion(const VerbFacts& program);

}  // namespace mien
