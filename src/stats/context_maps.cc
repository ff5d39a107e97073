#include "stats/context_maps.h"

#include <algorithm>
#include <cmath>

#include "stats/correlation.h"

namespace mien {

namespace {

Status check_shape(const ContextMaps& maps, const Matrix& matrix, std::size_t region,
                   const std::string& what) {
  if (matrix.rows() == static_cast<Eigen::Index>(maps.contexts.size()) &&
      matrix.cols() == static_cast<Eigen::Index>(maps.expressions.size())) {
    return Ok{};
  }
  return Error{ErrorCode::kMismatch, "region " + maps.regions[region] + ": " + what + " is " +
                                         std::to_string(matrix.rows()) + " x " +
                                         std::to_string(matrix.cols()) + " where there are " +
                                         std::to_string(maps.contexts.size()) + " contexts and " +
                                         std::to_string(maps.expressions.size()) + " expressions"};
}

Status check_region(const ContextMaps& maps, std::size_t region) {
  MIEN_TRY_VOID(check_shape(maps, maps.cells[region], region, "the map"));
  if (maps.has_se()) {
    MIEN_TRY_VOID(check_shape(maps, maps.se[region], region, "the table of standard errors"));
  }
  if (maps.has_replicates()) {
    for (const Matrix& replicate : maps.replicates[region]) {
      MIEN_TRY_VOID(check_shape(maps, replicate, region, "a replicate"));
    }
  }
  const Matrix& cells = maps.cells[region];
  for (Eigen::Index c = 0; c < cells.rows(); ++c) {
    for (Eigen::Index e = 0; e < cells.cols(); ++e) {
      if (!std::isinf(cells(c, e))) continue;
      return Error{ErrorCode::kCorrupt,
                   "region " + maps.regions[region] + ", context " +
                       maps.contexts[static_cast<std::size_t>(c)] + ", expression " +
                       maps.expressions[static_cast<std::size_t>(e)] +
                       ": an infinite association; remedy: leave the cell empty"};
    }
  }
  return Ok{};
}

bool wholly_missing(const Eigen::Ref<const Eigen::VectorXd>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
}

Matrix picked(const Matrix& matrix, const std::vector<std::size_t>& rows,
              const std::vector<std::size_t>& columns) {
  Matrix result(rows.size(), columns.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      result(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(c)) =
          matrix(static_cast<Eigen::Index>(rows[r]), static_cast<Eigen::Index>(columns[c]));
    }
  }
  return result;
}

}  // namespace

Status check_maps(const ContextMaps& maps) {
  const std::size_t regions = maps.regions.size();
  if (regions == 0 || maps.contexts.empty() || maps.expressions.empty()) {
    return Error{ErrorCode::kMismatch, "maps without a region, a context or an expression"};
  }
  if (maps.cells.size() != regions || (maps.has_se() && maps.se.size() != regions) ||
      (maps.has_replicates() && maps.replicates.size() != regions)) {
    return Error{ErrorCode::kMismatch, "the number of maps differs from the number of regions"};
  }
  for (std::size_t region = 0; region < regions; ++region) {
    MIEN_TRY_VOID(check_region(maps, region));
  }
  return Ok{};
}

ContextMaps winsorised_maps(const ContextMaps& maps) {
  ContextMaps drawn_in{maps.regions, maps.contexts, maps.expressions, maps.cells, {}, {}};
  for (std::size_t region = 0; region < maps.regions.size(); ++region) {
    const std::vector<double> values = winsorised(maps.values(region));
    std::copy(values.begin(), values.end(), drawn_in.cells[region].data());
  }
  return drawn_in;
}

std::vector<DroppedRow> missing_rows(const ContextMaps& maps) {
  std::vector<DroppedRow> missing;
  for (std::size_t region = 0; region < maps.regions.size(); ++region) {
    for (std::size_t context = 0; context < maps.contexts.size(); ++context) {
      if (wholly_missing(maps.cells[region].row(static_cast<Eigen::Index>(context)).transpose())) {
        missing.push_back({region, context});
      }
    }
  }
  return missing;
}

CompleteMaps complete_maps(const ContextMaps& maps) {
  CompleteMaps complete;
  for (std::size_t e = 0; e < maps.expressions.size(); ++e) {
    const bool lacking = std::any_of(maps.cells.begin(), maps.cells.end(), [&](const Matrix& map) {
      return wholly_missing(map.col(static_cast<Eigen::Index>(e)));
    });
    (lacking ? complete.dropped_expressions : complete.kept_expressions).push_back(e);
  }
  for (std::size_t c = 0; c < maps.contexts.size(); ++c) {
    const bool lacking = std::any_of(maps.cells.begin(), maps.cells.end(), [&](const Matrix& map) {
      return std::any_of(
          complete.kept_expressions.begin(), complete.kept_expressions.end(), [&](std::size_t e) {
            return std::isnan(map(static_cast<Eigen::Index>(c), static_cast<Eigen::Index>(e)));
          });
    });
    (lacking ? complete.dropped_contexts : complete.kept_contexts).push_back(c);
  }
  complete.maps.regions = maps.regions;
  for (const std::size_t c : complete.kept_contexts) {
    complete.maps.contexts.push_back(maps.contexts[c]);
  }
  for (const std::size_t e : complete.kept_expressions) {
    complete.maps.expressions.push_back(maps.expressions[e]);
  }
  for (const Matrix& map : maps.cells) {
    complete.maps.cells.push_back(picked(map, complete.kept_contexts, complete.kept_expressions));
  }
  return complete;
}

}  // namespace mien
