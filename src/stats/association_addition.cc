#include "stats/association_addition.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace mien {

namespace {

constexpr std::size_t kRowsPerChunk = 16;

// Where each name of `names` stands in `united`, which holds them all and is sorted.
std::vector<std::uint32_t> positions_in(const std::vector<std::string>& united,
                                        const std::vector<std::string>& names) {
  std::vector<std::uint32_t> positions;
  positions.reserve(names.size());
  for (const std::string& name : names) {
    const auto found = std::lower_bound(united.begin(), united.end(), name);
    positions.push_back(static_cast<std::uint32_t>(found - united.begin()));
  }
  return positions;
}

std::vector<std::string> united_sorted(const std::vector<std::string>& a,
                                       const std::vector<std::string>& b) {
  std::vector<std::string> united;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(united));
  return united;
}

// A group that the parts put under different parents is put under none.
std::vector<std::string> united_parents(const std::vector<std::string>& groups,
                                        const AssociationLayout& a, const AssociationLayout& b) {
  std::map<std::string, std::string> parents;
  for (const AssociationLayout* part : {&a, &b}) {
    for (std::size_t g = 0; g < part->groups.size(); ++g) {
      const auto [at, fresh] = parents.emplace(part->groups[g], part->parents[g]);
      if (!fresh && at->second != part->parents[g]) at->second.clear();
    }
  }
  std::vector<std::string> result;
  result.reserve(groups.size());
  for (const std::string& group : groups) result.push_back(parents[group]);
  return result;
}

std::string factor_or_covariate(const std::string& covariate) {
  return covariate.substr(0, covariate.find('='));
}

// Levels of a category that only `b` has come after those of `a`, before the next covariate, in
// sorted order; a covariate that one part lacks altogether is a mismatch.
Result<std::vector<std::string>> united_covariates(const std::vector<std::string>& a,
                                                   const std::vector<std::string>& b) {
  const auto factors = [](const std::vector<std::string>& covariates) {
    std::vector<std::string> names;
    for (const std::string& covariate : covariates) {
      if (names.empty() || names.back() != factor_or_covariate(covariate)) {
        names.push_back(factor_or_covariate(covariate));
      }
    }
    return names;
  };
  const std::vector<std::string> names = factors(a);
  if (names != factors(b)) {
    return Error{ErrorCode::kMismatch, "the parts have different covariates"};
  }
  std::vector<std::string> united;
  for (const std::string& name : names) {
    std::vector<std::string> levels;
    for (const auto* part : {&a, &b}) {
      for (const std::string& covariate : *part) {
        if (factor_or_covariate(covariate) == name) levels.push_back(covariate);
      }
    }
    std::sort(levels.begin(), levels.end());
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    united.insert(united.end(), levels.begin(), levels.end());
  }
  return united;
}

std::size_t packed_size(std::size_t columns) {
  return columns * (columns + 1) / 2;
}

std::size_t packed_index(std::size_t i, std::size_t j, std::size_t columns) {
  if (i > j) std::swap(i, j);
  return i * columns - i * (i + 1) / 2 + j;
}

Status check_same(const std::string& what, const std::string& a, const std::string& b) {
  if (a == b) return Ok{};
  return Error{ErrorCode::kMismatch,
               "the parts cannot be added: " + what + " is '" + a + "' in one and '" + b +
                   "' in the other; remedy: associate both parts with the same options"};
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Where a part's columns stand among those of the whole.
std::vector<std::uint32_t> columns_in(const AssociationLayout& united,
                                      const AssociationLayout& part) {
  std::vector<std::uint32_t> columns(part.expressions.size());
  std::iota(columns.begin(), columns.end(), 0);
  const auto& all = united.covariates;
  for (const std::string& name : part.covariates) {
    const auto found = std::find(all.begin(), all.end(), name) - all.begin();
    columns.push_back(
        static_cast<std::uint32_t>(united.expressions.size() + static_cast<std::size_t>(found)));
  }
  return columns;
}

std::vector<PresenceSums> nothing_present(const AssociationLayout& layout) {
  PresenceSums nothing;
  nothing.sums.assign(layout.expressions.size(), 0.0);
  nothing.squares.assign(layout.expressions.size(), 0.0);
  return std::vector<PresenceSums>(layout.contexts.size(), nothing);
}

}  // namespace

Result<AssociationLayout> united_layout(const AssociationLayout& a, const AssociationLayout& b) {
  MIEN_TRY_VOID(check_same("--by", a.by, b.by));
  MIEN_TRY_VOID(check_same("the source", a.source, b.source));
  MIEN_TRY_VOID(check_same("--contexts", a.context_use, b.context_use));
  MIEN_TRY_VOID(check_same("the weights column", a.weight, b.weight));
  MIEN_TRY_VOID(
      check_same("the list of expressions", joined(a.expressions), joined(b.expressions)));
  auto covariates = united_covariates(a.covariates, b.covariates);
  if (!covariates.ok()) {
    return check_same("the list of covariates", joined(a.covariates), joined(b.covariates)).error();
  }
  AssociationLayout united = a;
  united.covariates = std::move(covariates).value();
  united.groups = united_sorted(a.groups, b.groups);
  united.countries = united_sorted(a.countries, b.countries);
  united.contexts = united_sorted(a.contexts, b.contexts);
  united.parents = united_parents(united.groups, a, b);
  return united;
}

std::vector<double> united_centres(const AssociationLayout& united, const AssociationLayout& part,
                                   std::span<const double> centres) {
  std::vector<double> all(united.columns(), 0.0);
  const std::vector<std::uint32_t> columns = columns_in(united, part);
  for (std::size_t i = 0; i < columns.size(); ++i) all[columns[i]] = centres[i];
  return all;
}

Placement placement_in(const AssociationLayout& united, std::span<const double> centres,
                       const AssociationLayout& part, std::span<const double> own) {
  Placement placement;
  placement.groups = positions_in(united.groups, part.groups);
  placement.countries = positions_in(united.countries, part.countries);
  placement.contexts = positions_in(united.contexts, part.contexts);
  placement.columns = columns_in(united, part);
  placement.shift = united_centres(united, part, own);
  for (std::size_t i = 0; i < centres.size(); ++i) placement.shift[i] -= centres[i];
  placement.has_same_columns = part.covariates == united.covariates;
  return placement;
}

double* GroupAddition::row_of(Growing& block, std::uint32_t context) const {
  const std::size_t width = united_->columns() + 2;
  std::uint32_t& place = block.places[context];
  if (place == 0) {
    block.contexts.push_back(context);
    place = static_cast<std::uint32_t>(block.contexts.size());
    if (block.contexts.size() > block.chunks.size() * kRowsPerChunk) {
      // NOLINTNEXTLINE(modernize-avoid-c-arrays)
      block.chunks.push_back(std::make_unique<double[]>(kRowsPerChunk * width));
    }
  }
  return block.chunks[(place - 1) / kRowsPerChunk].get() + (place - 1) % kRowsPerChunk * width;
}

void GroupAddition::add_block(const Placement& placement, const AssociationBlock& block) {
  const std::size_t columns = united_->columns();
  const std::size_t own = block.sums.size();
  const auto& to = placement.columns;
  const auto& shift = placement.shift;
  const std::uint32_t country = placement.countries[block.country];
  const std::uint32_t slot = block.slot & (slots_ - 1);
  const auto [found, is_new] = blocks_.try_emplace({country, slot});
  Growing& into = found->second;
  if (is_new) {
    into.sums.country = country;
    into.sums.slot = slot;
    into.sums.sums.assign(columns, 0.0);
    into.sums.products.assign(packed_size(columns), 0.0);
    into.places.assign(united_->contexts.size(), 0);
  }
  into.sums.videos += block.videos;
  into.sums.weight += block.weight;
  unite_uploaders(into.sums.uploaders, block.uploaders);
  unite_uploaders(own_, block.uploaders);

  // A column the part does not have is 0 for all its videos: v - centre = shift.
  sums_.assign(columns, 0.0);
  products_.assign(packed_size(columns), 0.0);
  for (std::size_t i = 0; i < own; ++i) sums_[to[i]] = block.sums[i];
  for (std::size_t i = 0; i < own; ++i) {
    for (std::size_t j = i; j < own; ++j) {
      products_[packed_index(to[i], to[j], columns)] = block.products[packed_index(i, j, own)];
    }
  }
  for (std::size_t i = 0, at = 0; i < columns; ++i) {
    for (std::size_t j = i; j < columns; ++j, ++at) {
      into.sums.products[at] += products_[at] + (shift[i] * sums_[j] + shift[j] * sums_[i] +
                                                 shift[i] * shift[j] * block.weight);
    }
  }
  for (std::size_t i = 0; i < columns; ++i) {
    into.sums.sums[i] += sums_[i] + shift[i] * block.weight;
  }
  for (std::size_t c = 0; c < block.contexts.size(); ++c) {
    const double* from = block.rows.data() + c * (own + 2);
    double* row = row_of(into, placement.contexts[block.contexts[c]]);
    row[0] += from[0];
    row[1] += from[1];
    row += 2;
    if (placement.has_same_columns) {
      for (std::size_t i = 0; i < columns; ++i) row[i] += from[2 + i] + shift[i] * from[0];
      continue;
    }
    sums_.assign(columns, 0.0);
    for (std::size_t i = 0; i < own; ++i) sums_[to[i]] = from[2 + i];
    for (std::size_t i = 0; i < columns; ++i) row[i] += sums_[i] + shift[i] * from[0];
  }
}

void GroupAddition::add_presence(const Placement& placement,
                                 std::span<const PresenceSums> presence) {
  const std::size_t expressions = united_->expressions.size();
  if (presence_.empty()) presence_ = nothing_present(*united_);
  std::vector<const PresenceSums*> own(united_->contexts.size(), nullptr);
  for (std::size_t c = 0; c < presence.size(); ++c) own[placement.contexts[c]] = &presence[c];
  for (std::size_t c = 0; c < own.size(); ++c) {
    PresenceSums& into = presence_[c];
    const bool has_some = own[c] != nullptr && own[c]->videos > 0;
    // Whoever is of a part where nobody has the context lacks it.
    if (has_some) {
      if (into.videos == 0) into.lacking = earlier_;
      unite_uploaders(into.lacking, own[c]->lacking);
    } else if (into.videos > 0) {
      unite_uploaders(into.lacking, own_);
    }
    if (own[c] == nullptr) continue;
    const PresenceSums& from = *own[c];
    unite_uploaders(into.uploaders, from.uploaders);
    into.videos += from.videos;
    into.weight += from.weight;
    for (std::size_t e = 0; e < expressions; ++e) {
      const double shift = placement.shift[e];
      into.sums[e] += from.sums[e] + shift * from.weight;
      into.squares[e] += from.squares[e] + (2 * shift * from.sums[e] + shift * shift * from.weight);
    }
  }
  unite_uploaders(earlier_, own_);
  own_.clear();
}

void GroupAddition::take(std::uint32_t group, std::vector<AssociationBlock>& blocks,
                         std::vector<PresenceSums>& presence) {
  const std::size_t width = united_->columns() + 2;
  for (auto& [key, growing] : blocks_) {
    AssociationBlock block = std::move(growing.sums);
    block.group = group;
    block.contexts = growing.contexts;
    std::sort(block.contexts.begin(), block.contexts.end());
    block.rows.reserve(block.contexts.size() * width);
    for (const std::uint32_t context : block.contexts) {
      const double* row = row_of(growing, context);
      block.rows.insert(block.rows.end(), row, row + width);
    }
    growing = {};
    blocks.push_back(std::move(block));
  }
  blocks_.clear();
  if (presence_.empty()) presence_ = nothing_present(*united_);
  std::move(presence_.begin(), presence_.end(), std::back_inserter(presence));
  presence_.clear();
  earlier_.clear();
}

Result<AssociationSums> add_sums(const AssociationSums& a, const AssociationSums& b) {
  AssociationSums result;
  MIEN_TRY(layout, united_layout(a.layout, b.layout));
  result.layout = std::move(layout);
  result.centres = united_centres(result.layout, a.layout, a.centres);
  const std::size_t groups = result.layout.groups.size();
  std::vector<std::vector<bool>> seen(groups,
                                      std::vector<bool>(result.layout.countries.size(), false));
  struct Part {
    const AssociationSums* sums;
    Placement placement;
  };
  std::vector<Part> parts;
  for (const AssociationSums* sums : {&a, &b}) {
    parts.push_back(
        {sums, placement_in(result.layout, result.centres, sums->layout, sums->centres)});
    const Placement& placement = parts.back().placement;
    for (const AssociationBlock& block : sums->blocks) {
      seen[placement.groups[block.group]][placement.countries[block.country]] = true;
    }
  }
  for (std::uint32_t g = 0; g < groups; ++g) {
    result.slots.push_back(
        slots_for(static_cast<std::size_t>(std::count(seen[g].begin(), seen[g].end(), true))));
    GroupAddition addition(result.layout, result.slots.back());
    for (const auto& [sums, placement] : parts) {
      const auto own = std::find(placement.groups.begin(), placement.groups.end(), g);
      if (own == placement.groups.end()) continue;
      const auto at = static_cast<std::size_t>(own - placement.groups.begin());
      for (const AssociationBlock& block : sums->blocks_of(at)) {
        addition.add_block(placement, block);
      }
      const std::size_t contexts = sums->layout.contexts.size();
      addition.add_presence(placement, std::span(sums->presence).subspan(at * contexts, contexts));
    }
    addition.take(g, result.blocks, result.presence);
  }
  result.exclusions = a.exclusions;
  add_exclusions(b.exclusions, result.exclusions);
  return result;
}

}  // namespace mien
