// `mien associate --private-epsilon`: its options, and what of the verb's others it cannot take.
#pragma once

#include "app/command.h"
#include "pipeline/associate/associate.h"
#include "pipeline/private/private_associate.h"

namespace mien {

// `request` must outlive the parsing; its epsilon stays 0 where private maps are not asked for.
void add_private_options(CLI::App& verb, PrivateRequest& request);

// Runs it and prints what came of it; what both kinds of maps take comes from `options`. kUsage for
// an option that private maps do not have.
Status run_private(const CLI::App& verb, PrivateRequest request, const AssociateOptions& options,
                   bool as_json);

}  // namespace mien
