// What faces look like without anyone's pixels: mean facial actions by expression, region and
// context, in standard deviations from the norm, for the pages to draw.
//
// Where the study's expressions hold `action_*` columns: of an expression, the mean weighted by its
// label score, minus the plain mean, over the spread of videos; of a region or a context, the mean
// of its videos likewise. Regions of fewer than `minimum` videos or uploaders are left out, and
// with one also the smallest other, since all regions together are the norm. Otherwise from the
// weights of the prototype16 prior: of a label, its weights; of a region or context nothing is
// drawn by the program (pages mix the labels' faces by the map's cells and say so).
#pragma once

#include <filesystem>

#include "base/result.h"
#include "report/study_pages.h"
#include "store/database.h"

namespace mien {

// Fills facts.faces, faces_source and faces_are_prior. kNotFound, kCorrupt: the file of the prior.
Status add_drawn_faces(Database& database, const std::filesystem::path& study,
                       const std::filesystem::path& prototype_file, std::int64_t minimum,
                       StudyPagesFacts& facts);

}  // namespace mien
