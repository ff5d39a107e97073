// The corpus's rows.
#include <algorithm>
#include <cmath>

#include "base/missing.h"
#include "pipeline/associate/association_readers.h"

namespace mien {

namespace {

constexpr std::uint32_t kUnseen = 0xffffffff;
constexpr std::uint32_t kSeveral = 0xfffffffe;  // regions; such a group has no parent

// A region met for a group beside what was known of it.
void meet(std::vector<std::uint32_t>& region_of, std::uint32_t group, std::uint32_t region) {
  if (region == kUnseen) return;
  if (group >= region_of.size()) region_of.resize(group + 1, kUnseen);
  std::uint32_t& known = region_of[group];
  known = known == kUnseen || known == region ? region : kSeveral;
}

}  // namespace

CorpusReader::CorpusReader(const AssociationPlan& plan, const AssociateOptions& options,
                           StudyVideos& videos)
    : plan_(plan), options_(options), videos_(videos) {
  std::size_t column = plan.scores.size();
  for (const PlannedCovariate& covariate : plan.covariates) {
    first_columns_.push_back(column);
    missing_.push_back(videos.reason_code("missing_" + covariate.column));
    column += covariate.width();
  }
  no_group_ = videos.reason_code("no_" + options.by);
  no_country_ = videos.reason_code("no_country");
  no_weight_ = videos.reason_code("no_weight");
  videos.group.assign(plan.videos, kUnseen);
  videos.country.assign(plan.videos, 0);
  videos.language.assign(plan.videos, 0);
  videos.uploader.assign(plan.videos, 0);
  videos.reason.assign(plan.videos, 0);
  if (!options.weights.empty()) videos.weight.assign(plan.videos, 0.0);
}

std::vector<std::string> CorpusReader::columns() const {
  const auto cast = [](const std::string& column, const char* type) {
    return "CAST(" + sql_identifier(column) + " AS " + type + ")";
  };
  std::vector<std::string> columns = {
      "file_row_number",
      "video_id",
      cast(options_.by, "VARCHAR"),
      plan_.has_country ? "country" : "CAST(NULL AS VARCHAR)",
      "uploader",
      "language",
      "region",
      options_.weights.empty() ? "CAST(NULL AS DOUBLE)" : cast(options_.weights, "DOUBLE")};
  for (const PlannedCovariate& covariate : plan_.covariates) {
    if (covariate.from_expressions) continue;
    columns.push_back(cast(covariate.column, covariate.levels.empty() ? "DOUBLE" : "VARCHAR"));
  }
  return columns;
}

Status CorpusReader::add(const ScanBatch& batch) {
  const auto rows = batch.integers(kRow);
  const bool is_inside = std::all_of(rows.begin(), rows.end(), [&](std::int64_t row) {
    return row >= 0 && static_cast<std::size_t>(row) < plan_.videos;
  });
  if (!is_inside) {
    return Error{ErrorCode::kCorrupt, plan_.corpus.string() + ": it changed while it was read"};
  }
  add_ids(batch);
  add_places(batch);
  if (options_.by == "country") add_parents(batch);
  add_uploaders(batch);
  if (!options_.weights.empty()) add_weights(batch);
  add_covariates(batch);
  return Ok{};
}

void CorpusReader::add_ids(const ScanBatch& batch) {
  const auto rows = batch.integers(kRow);
  std::size_t without_id = std::numeric_limits<std::size_t>::max();
  std::vector<Ids> parts;
  for (std::size_t r = 0; r < batch.rows(); ++r) {
    const auto row = static_cast<std::size_t>(rows[r]);
    if (parts.empty() || parts.back().first + parts.back().ends.size() != row) {
      parts.push_back({row, {}, {}});
    }
    Ids& ids = parts.back();
    if (batch.is_null(kId, r)) {
      without_id = std::min(without_id, row);
    } else {
      ids.text += batch.text(kId, r);
    }
    ids.ends.push_back(static_cast<std::uint32_t>(ids.text.size()));
  }
  const std::lock_guard lock(mutex_);
  for (Ids& ids : parts) ids_.push_back(std::move(ids));
  first_without_id_ = std::min(first_without_id_, without_id);
}

void CorpusReader::add_places(const ScanBatch& batch) {
  const auto rows = batch.integers(kRow);
  const bool needs_country = plan_.has_country && options_.map.estimator.within == Within::kCountry;
  for (std::size_t r = 0; r < batch.rows(); ++r) {
    const auto video = static_cast<std::uint32_t>(rows[r]);
    if (batch.is_null(kGroup, r)) videos_.leave_out(video, no_group_);
    if (batch.is_null(kCountry, r) && needs_country) videos_.leave_out(video, no_country_);
  }
  // One column after the other: two Sessions of a thread could wait for another thread's two.
  const auto add_codes = [&](TextCodes& codes, std::size_t field, bool with_null,
                             std::vector<std::uint32_t>& into) {
    TextCodes::Session session(codes);
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      const bool is_null = batch.is_null(field, r);
      if (is_null && !with_null) continue;
      into[static_cast<std::size_t>(rows[r])] =
          session.code(is_null ? std::string_view() : batch.text(field, r));
    }
  };
  add_codes(groups_, kGroup, false, videos_.group);
  add_codes(countries_, kCountry, true, videos_.country);
  add_codes(languages_, kLanguage, true, videos_.language);
}

void CorpusReader::add_parents(const ScanBatch& batch) {
  const auto rows = batch.integers(kRow);
  std::vector<std::uint32_t> found;
  {
    TextCodes::Session regions(regions_);
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      if (batch.is_null(kGroup, r) || batch.is_null(kRegion, r)) continue;
      meet(found, videos_.group[static_cast<std::size_t>(rows[r])],
           regions.code(batch.text(kRegion, r)));
    }
  }
  const std::lock_guard lock(mutex_);
  for (std::uint32_t group = 0; group < found.size(); ++group) {
    meet(region_of_, group, found[group]);
  }
}

void CorpusReader::add_uploaders(const ScanBatch& batch) {
  const auto rows = batch.integers(kRow);
  std::int64_t without = 0;
  for (std::size_t r = 0; r < batch.rows(); ++r) {
    std::uint64_t& uploader = videos_.uploader[static_cast<std::size_t>(rows[r])];
    if (!batch.is_null(kUploader, r)) {
      uploader = uploader_hash(batch.text(kUploader, r));
      continue;
    }
    ++without;
    if (!batch.is_null(kId, r)) {
      uploader = uploader_hash("video:" + std::string(batch.text(kId, r)));
    }
  }
  without_uploader_ += without;
}

void CorpusReader::add_weights(const ScanBatch& batch) {
  const auto rows = batch.integers(kRow);
  for (std::size_t r = 0; r < batch.rows(); ++r) {
    const auto video = static_cast<std::uint32_t>(rows[r]);
    const double weight = batch.is_null(kWeight, r) ? kNaN : batch.doubles(kWeight)[r];
    const bool holds = std::isfinite(weight) && weight > 0;
    if (holds) {
      videos_.weight[video] = weight;
    } else {
      videos_.leave_out(video, no_weight_);
    }
  }
}

void CorpusReader::add_covariates(const ScanBatch& batch) {
  const auto rows = batch.integers(kRow);
  const std::size_t width = videos_.layout.columns();
  std::size_t field = kOwn;
  for (std::size_t k = 0; k < plan_.covariates.size(); ++k) {
    const PlannedCovariate& covariate = plan_.covariates[k];
    if (covariate.from_expressions) continue;
    double* values = videos_.values.data() + first_columns_[k];
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      const auto video = static_cast<std::uint32_t>(rows[r]);
      const bool is_null = batch.is_null(field, r);
      if (covariate.levels.empty()) {
        const double value = is_null ? kNaN : batch.doubles(field)[r];
        values[video * width] = value;
        if (!std::isfinite(value)) videos_.leave_out(video, missing_[k]);
      } else if (is_null) {
        videos_.leave_out(video, missing_[k]);
      } else {
        const auto level = std::lower_bound(covariate.levels.begin(), covariate.levels.end(),
                                            batch.text(field, r));
        values[video * width + static_cast<std::size_t>(level - covariate.levels.begin())] = 1;
      }
    }
    ++field;
  }
}

Status CorpusReader::index_ids() {
  if (first_without_id_ < plan_.videos) {
    return Error{ErrorCode::kCorrupt,
                 "corpus: row " + std::to_string(first_without_id_) + " has no video_id"};
  }
  std::sort(ids_.begin(), ids_.end(), [](const Ids& a, const Ids& b) { return a.first < b.first; });
  std::size_t bytes = 0;
  for (const Ids& ids : ids_) bytes += ids.text.size();
  videos_.index.reserve(plan_.videos, bytes);
  for (Ids& ids : ids_) {
    if (ids.first != videos_.index.size()) break;
    std::uint32_t begin = 0;
    for (const std::uint32_t end : ids.ends) {
      const std::string_view id = std::string_view(ids.text).substr(begin, end - begin);
      if (!videos_.index.add(id)) {
        return Error{ErrorCode::kCorrupt, "corpus: the video_id '" + std::string(id) +
                                              "' appears twice; remedy: make ids unique"};
      }
      begin = end;
    }
    ids = {};
  }
  if (videos_.index.size() == plan_.videos) return Ok{};
  return Error{ErrorCode::kCorrupt, plan_.corpus.string() + ": it changed while it was read"};
}

// A country's region, where its videos name one only.
void CorpusReader::name_parents(const SortedCodes& groups) {
  videos_.layout.parents.assign(groups.texts.size(), "");
  for (std::size_t group = 0; group < region_of_.size(); ++group) {
    if (region_of_[group] == kSeveral) {
      videos_.of_several_regions.push_back(groups.texts[groups.places[group]]);
    }
    if (region_of_[group] >= kSeveral) continue;
    videos_.layout.parents[groups.places[group]] = regions_.texts()[region_of_[group]];
  }
}

Status CorpusReader::finish() {
  MIEN_TRY_VOID(index_ids());
  const SortedCodes groups(groups_);
  const SortedCodes countries(countries_);
  for (std::uint32_t& group : videos_.group) group = group == kUnseen ? 0 : groups.places[group];
  for (std::uint32_t& country : videos_.country) country = countries.places[country];
  name_parents(groups);
  videos_.layout.groups = groups.texts;
  videos_.layout.countries = countries.texts;
  videos_.languages.assign(languages_.texts().begin(), languages_.texts().end());
  videos_.remarks.without_uploader = without_uploader_;
  return Ok{};
}

}  // namespace mien
