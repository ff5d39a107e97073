// A verb's manual page, in the macros of man(7).
#pragma once

#include <string>

#include "app/verb_facts.h"

namespace mien {

// "mien-cluster-plan.1"
std::string man_page_name(const VerbFacts& verb);

std::string man_page(const VerbFacts& verb, const std::string& version);

}  // namespace mien
