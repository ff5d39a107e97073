// Contexts from words, shard by shard: each shard's videos are named on whatever machine, and the
// parts joined are the very bytes of STUDY/texts that name_text_contexts makes of the whole.
//
//   STUDY/texts/parts/shard-00003/     the two tables, with a checksummed manifest (study_parts.h)
//   STUDY/texts/parts/.work-00003/     while it is being made; a killed task goes on there
//
// Needs the corpus and the plan of shards (annotations/plan.parquet), no annotations. A text that
// several shards have is read in each. Memory is that of text_contexts.h; joining needs no model.
#pragma once

#include <cstdint>

#include "pipeline/texts/text_contexts.h"

namespace mien {

// kBusy: another process makes just this part; kUsage: the plan has no such shard; as
// name_text_contexts() otherwise. A part by another model or vocabulary, or of a corpus that has
// changed, is made anew.
Result<TextContextsSummary> name_shard_contexts(const TextContextsRequest& request,
                                                std::int64_t shard, const TextScorer& scorer,
                                                const std::atomic<bool>& stop);

// Of the request only study, threads and progress count. kMismatch names parts that are missing,
// were made of another corpus, model or vocabulary than the first part, do not hold, or belong to
// no shard, and videos that are in no shard.
Result<TextContextsSummary> join_text_parts(const TextContextsRequest& request);

}  // namespace mien
