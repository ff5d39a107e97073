#include "stats/association_sums.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "stats/association_addition.h"

namespace mien {

namespace {

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

// How one part's names lie in the united layout, and how its columns are moved.
struct Placement {
  std::vector<std::uint32_t> groups, countries, contexts;
  std::vector<std::uint32_t> columns;  // of v
  std::vector<double> shift;           // united columns: part's centre minus the united centre
  std::vector<std::uint32_t> slots;    // united, per united group
};

AssociationBlock placed(const AssociationBlock& part, const Placement& placement,
                        std::size_t columns) {
  AssociationBlock block;
  block.group = placement.groups[part.group];
  block.country = placement.countries[part.country];
  block.slot = part.slot & (placement.slots[block.group] - 1);
  block.videos = part.videos;
  block.weight = part.weight;
  block.uploaders = part.uploaders;
  block.sums.assign(columns, 0.0);
  block.products.assign(packed_size(columns), 0.0);
  const std::size_t own = part.sums.size();
  const auto& to = placement.columns;
  // A column the part does not have is 0 for all its videos: v - centre = shift.
  for (std::size_t i = 0; i < own; ++i) block.sums[to[i]] = part.sums[i];
  for (std::size_t i = 0; i < own; ++i) {
    for (std::size_t j = i; j < own; ++j) {
      block.products[packed_index(to[i], to[j], columns)] = part.products[packed_index(i, j, own)];
    }
  }
  const auto& shift = placement.shift;
  for (std::size_t i = 0; i < columns; ++i) {
    for (std::size_t j = i; j < columns; ++j) {
      block.products[packed_index(i, j, columns)] +=
          shift[i] * block.sums[j] + shift[j] * block.sums[i] + shift[i] * shift[j] * part.weight;
    }
  }
  for (std::size_t i = 0; i < columns; ++i) block.sums[i] += shift[i] * part.weight;

  const std::size_t own_width = own + 2;
  const std::size_t width = columns + 2;
  block.rows.assign(part.contexts.size() * width, 0.0);
  for (std::size_t c = 0; c < part.contexts.size(); ++c) {
    block.contexts.push_back(placement.contexts[part.contexts[c]]);
    const double* from = part.rows.data() + c * own_width;
    double* row = block.rows.data() + c * width;
    row[0] = from[0];
    row[1] = from[1];
    for (std::size_t i = 0; i < own; ++i) row[2 + to[i]] = from[2 + i];
    for (std::size_t i = 0; i < columns; ++i) row[2 + i] += shift[i] * from[0];
  }
  return block;
}

// Adds `from` to `into`, both in the united layout and of one group, country and slot.
void add_block(AssociationBlock& into, const AssociationBlock& from) {
  const std::size_t width = into.sums.size() + 2;
  into.videos += from.videos;
  into.weight += from.weight;
  for (std::size_t i = 0; i < into.sums.size(); ++i) into.sums[i] += from.sums[i];
  for (std::size_t i = 0; i < into.products.size(); ++i) into.products[i] += from.products[i];

  unite_uploaders(into.uploaders, from.uploaders);

  std::vector<std::uint32_t> contexts;
  contexts.reserve(into.contexts.size() + from.contexts.size());
  std::set_union(into.contexts.begin(), into.contexts.end(), from.contexts.begin(),
                 from.contexts.end(), std::back_inserter(contexts));
  // Rows where they are, or moved to their new places; as large as they are and no larger.
  if (contexts.size() > into.contexts.size()) {
    contexts.shrink_to_fit();
    std::vector<double> rows(contexts.size() * width, 0.0);
    for (std::size_t i = 0, at = 0; i < into.contexts.size(); ++i, ++at) {
      while (contexts[at] != into.contexts[i]) ++at;
      std::copy_n(into.rows.data() + i * width, width, rows.data() + at * width);
    }
    into.contexts = std::move(contexts);
    into.rows = std::move(rows);
  }
  for (std::size_t j = 0, at = 0; j < from.contexts.size(); ++j, ++at) {
    while (into.contexts[at] != from.contexts[j]) ++at;
    for (std::size_t k = 0; k < width; ++k) {
      into.rows[at * width + k] += from.rows[j * width + k];
    }
  }
}

auto key_of(const AssociationBlock& block) {
  return std::tuple(block.group, block.country, block.slot);
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

// All uploaders of each united group.
std::vector<UploaderSketch> uploaders_of(const AssociationSums& part, const Placement& placement,
                                         std::size_t groups) {
  std::vector<UploaderSketch> of_group(groups);
  for (const AssociationBlock& block : part.blocks) {
    unite_uploaders(of_group[placement.groups[block.group]], block.uploaders);
  }
  return of_group;
}

// `before`, `own`: all uploaders of each group of what is in `result`, and of the part.
void add_presence(const AssociationSums& part, const Placement& placement,
                  const std::vector<UploaderSketch>& before, const std::vector<UploaderSketch>& own,
                  AssociationSums& result) {
  const std::size_t contexts = result.layout.contexts.size();
  const std::size_t expressions = result.layout.expressions.size();
  for (std::size_t g = 0; g < part.layout.groups.size(); ++g) {
    for (std::size_t c = 0; c < part.layout.contexts.size(); ++c) {
      const PresenceSums& from = part.present(g, c);
      const std::size_t group = placement.groups[g];
      PresenceSums& into = result.presence[group * contexts + placement.contexts[c]];
      // Whoever is of a part where nobody has the context lacks it.
      if (from.videos > 0) {
        if (into.videos == 0) into.lacking = before[group];
        unite_uploaders(into.lacking, from.lacking);
      } else if (into.videos > 0) {
        unite_uploaders(into.lacking, own[group]);
      }
      unite_uploaders(into.uploaders, from.uploaders);
      into.videos += from.videos;
      into.weight += from.weight;
      for (std::size_t e = 0; e < expressions; ++e) {
        const double shift = placement.shift[e];
        into.sums[e] += from.sums[e] + shift * from.weight;
        into.squares[e] += from.squares[e] + 2 * shift * from.sums[e] + shift * shift * from.weight;
      }
    }
  }
}

}  // namespace

std::span<const AssociationBlock> AssociationSums::blocks_of(std::size_t group) const {
  const auto first = std::lower_bound(
      blocks.begin(), blocks.end(), group,
      [](const AssociationBlock& block, std::size_t value) { return block.group < value; });
  const auto last = std::upper_bound(
      first, blocks.end(), group,
      [](std::size_t value, const AssociationBlock& block) { return value < block.group; });
  return {first, last};
}

std::uint32_t slots_for(std::size_t countries) {
  constexpr std::size_t kBlocksPerGroup = 128;
  constexpr std::size_t kLeastSlots = 16;
  if (countries <= 1) return kBlocksPerGroup;
  const std::size_t wanted = (kBlocksPerGroup + countries - 1) / countries;
  return static_cast<std::uint32_t>(std::bit_ceil(std::max(wanted, kLeastSlots)));
}

std::uint64_t uploader_hash(std::string_view uploader) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : uploader) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

namespace {

// `own`: a itself, where its blocks may be taken out of it; else nullptr.
Result<AssociationSums> added(const AssociationSums& a, const AssociationSums& b,
                              AssociationSums* own) {
  MIEN_TRY_VOID(check_same("--by", a.layout.by, b.layout.by));
  MIEN_TRY_VOID(check_same("the source", a.layout.source, b.layout.source));
  MIEN_TRY_VOID(check_same("--contexts", a.layout.context_use, b.layout.context_use));
  MIEN_TRY_VOID(check_same("the weights column", a.layout.weight, b.layout.weight));
  MIEN_TRY_VOID(check_same("the list of expressions", joined(a.layout.expressions),
                           joined(b.layout.expressions)));
  auto covariates = united_covariates(a.layout.covariates, b.layout.covariates);
  if (!covariates.ok()) {
    return check_same("the list of covariates", joined(a.layout.covariates),
                      joined(b.layout.covariates))
        .error();
  }

  AssociationSums result;
  result.layout = a.layout;
  result.layout.covariates = *covariates;
  result.layout.groups = united_sorted(a.layout.groups, b.layout.groups);
  result.layout.countries = united_sorted(a.layout.countries, b.layout.countries);
  result.layout.contexts = united_sorted(a.layout.contexts, b.layout.contexts);
  result.layout.parents = united_parents(result.layout.groups, a.layout, b.layout);
  const std::size_t columns = result.layout.columns();
  const std::size_t expressions = result.layout.expressions.size();

  const auto place = [&](const AssociationSums& part) {
    Placement placement;
    placement.groups = positions_in(result.layout.groups, part.layout.groups);
    placement.countries = positions_in(result.layout.countries, part.layout.countries);
    placement.contexts = positions_in(result.layout.contexts, part.layout.contexts);
    for (std::size_t e = 0; e < expressions; ++e) {
      placement.columns.push_back(static_cast<std::uint32_t>(e));
    }
    for (const std::string& name : part.layout.covariates) {
      const auto& all = result.layout.covariates;
      const auto found = std::find(all.begin(), all.end(), name);
      placement.columns.push_back(static_cast<std::uint32_t>(expressions + (found - all.begin())));
    }
    return placement;
  };
  Placement at_a = place(a);
  Placement at_b = place(b);

  // A column that one part lacks is a level nobody of it has: centre 0 there.
  std::vector<double> own_a(columns, 0.0);
  std::vector<double> own_b(columns, 0.0);
  for (std::size_t i = 0; i < at_a.columns.size(); ++i) own_a[at_a.columns[i]] = a.centres[i];
  for (std::size_t i = 0; i < at_b.columns.size(); ++i) own_b[at_b.columns[i]] = b.centres[i];
  result.centres = own_a;
  at_a.shift.assign(columns, 0.0);
  at_b.shift.assign(columns, 0.0);
  for (std::size_t i = 0; i < columns; ++i) at_b.shift[i] = own_b[i] - own_a[i];

  std::vector<std::vector<bool>> seen(result.layout.groups.size(),
                                      std::vector<bool>(result.layout.countries.size()));
  const auto see = [&](const AssociationSums& part, const Placement& placement) {
    for (const AssociationBlock& block : part.blocks) {
      seen[placement.groups[block.group]][placement.countries[block.country]] = true;
    }
  };
  see(a, at_a);
  see(b, at_b);
  for (const auto& countries : seen) {
    result.slots.push_back(
        slots_for(static_cast<std::size_t>(std::count(countries.begin(), countries.end(), true))));
  }
  at_a.slots = result.slots;
  at_b.slots = result.slots;

  const std::vector<UploaderSketch> nobody(result.layout.groups.size());
  const std::vector<UploaderSketch> of_a = uploaders_of(a, at_a, nobody.size());
  const std::vector<UploaderSketch> of_b = uploaders_of(b, at_b, nobody.size());
  std::vector<AssociationBlock> all;
  all.reserve(a.blocks.size() + b.blocks.size());
  const bool a_stays = own != nullptr && a.layout.groups == result.layout.groups &&
                       a.layout.countries == result.layout.countries &&
                       a.layout.contexts == result.layout.contexts &&
                       a.layout.covariates == result.layout.covariates && a.slots == result.slots;
  if (a_stays) {
    for (AssociationBlock& block : own->blocks) all.push_back(std::move(block));
    own->blocks.clear();
  } else {
    for (const AssociationBlock& block : a.blocks) all.push_back(placed(block, at_a, columns));
  }
  for (const AssociationBlock& block : b.blocks) all.push_back(placed(block, at_b, columns));
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& x, const auto& y) { return key_of(x) < key_of(y); });
  for (AssociationBlock& block : all) {
    if (!result.blocks.empty() && key_of(result.blocks.back()) == key_of(block)) {
      add_block(result.blocks.back(), block);
    } else {
      result.blocks.push_back(std::move(block));
    }
  }

  PresenceSums nothing;
  nothing.sums.assign(expressions, 0.0);
  nothing.squares.assign(expressions, 0.0);
  result.presence.assign(result.layout.groups.size() * result.layout.contexts.size(), nothing);
  add_presence(a, at_a, nobody, of_a, result);
  add_presence(b, at_b, of_a, of_b, result);
  result.exclusions = a.exclusions;
  add_exclusions(b.exclusions, result.exclusions);
  return result;
}

}  // namespace

void ExcludedVideos::add_uploader(std::uint64_t hash) {
  unite_uploaders(uploaders, {&hash, 1});
}

void ExcludedVideos::add(const ExcludedVideos& other) {
  videos += other.videos;
  unite_uploaders(uploaders, other.uploaders);
}

void add_exclusions(const Exclusions& from, Exclusions& into) {
  for (const auto& [key, excluded] : from) into[key].add(excluded);
}

Result<AssociationSums> add_sums(const AssociationSums& a, const AssociationSums& b) {
  return added(a, b, nullptr);
}

Status add_sums_to(AssociationSums& into, const AssociationSums& from) {
  MIEN_TRY(sums, added(into, from, &into));
  into = std::move(sums);
  return Ok{};
}

}  // namespace mien
