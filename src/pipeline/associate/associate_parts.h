// Maps of a study shard by shard: each shard's videos become sums on whatever machine, and the sums
// of all shards become the maps that `associate` makes of the whole: equal counts, and numbers
// equal to 1e-12, standard errors included.
//
//   STUDY/maps/parts/shard-00003/statistics-SOURCE.sums  with a checksummed manifest
//   (study_parts.h)
//
// A shard's task reads the corpus and its own shard, and no more memory than these take; it locks
// nothing, and may run twice. The small job that makes the maps reads the sums group by group.
#pragma once

#include <cstdint>

#include "pipeline/associate/associate.h"

namespace mien {

// How a study without a plan (a simulated one) is cut: rows of its corpus, into parts of equal
// size. 0: by the shards of the plan.
struct PartChoice {
  std::int64_t shard = 0;
  std::int64_t shards = 0;
};

struct PartSummary {
  std::int64_t shard = 0;
  std::int64_t corpus_videos = 0;
  std::map<std::string, std::int64_t> videos;  // in the analysis, by source
};

// kUsage: no such shard, or options as in associate(); kNotFound: the shard is not annotated;
// kCorrupt: it does not hold.
Result<PartSummary> associate_shard(const AssociateOptions& options, const PartChoice& choice);

// Videos of the corpus that are in no shard are counted as associate() counts them. kMismatch names
// parts that are missing, were made of other data or with other options, do not hold, or belong to
// no shard, with the remedy.
Result<AssociateSummary> associate_from_parts(const AssociateOptions& options);

}  // namespace mien
