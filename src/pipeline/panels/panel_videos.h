// A study's videos as the confound panels take them: summed anew over some of them, or with their
// scores exchanged, into maps that have the cells of other maps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "pipeline/associate/associate.h"
#include "pipeline/associate/association_input.h"
#include "pipeline/compare/study_maps.h"
#include "store/database.h"

namespace mien {

// The options that the study's maps were made with, of one source and channel; no bootstrap.
Result<AssociateOptions> panel_options(Database& database, const std::filesystem::path& study,
                                       const StudyMaps& maps, int threads);

// A source's videos, from which subsets are summed.
class PanelVideos {
 public:
  static Result<PanelVideos> read(Database& database, const AssociateOptions& options);

  std::size_t size() const { return contexts_.reason.size(); }
  bool is_in(std::size_t video) const { return contexts_.reason[video] == 0; }
  const StudyVideos& table() const { return videos_; }
  std::vector<bool> all_in() const;

  // Of the videos of the analysis that are also `in`; nothing where there is none.
  std::optional<ContextMaps> maps(const ContextMaps& like, const std::vector<bool>& in);

  // Of all videos, with the scores of a country's uploaders exchanged. Uploaders have unequally
  // many videos: the blocks are laid one after the other over the country's videos in another
  // order, so that one block may begin among one uploader's videos and end among the next one's.
  std::optional<ContextMaps> exchanged_maps(const ContextMaps& like, Random random);

 private:
  PanelVideos(StudyVideos videos, StudyContexts contexts, AssociateOptions options);
  std::vector<std::uint32_t> by_uploader() const;
  void copy_scores(const std::vector<double>& own, std::uint32_t from, std::uint32_t to);

  StudyVideos videos_;
  StudyContexts contexts_;
  AssociateOptions options_;
};

}  // namespace mien
