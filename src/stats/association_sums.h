// What an association needs to know of the videos, as sums that add up: two parts of a study give,
// added, the sums of the whole.
//
// Videos are cut into blocks: group (the value of `by`, a region say), country within the group,
// and slot, a hash of the uploader, so that an uploader's videos of one country lie in one block.
// A group with G countries has slots_for(G) slots a country, at least 128 blocks a group if enough
// uploaders fill them. More countries never mean more slots, and slots are a power of two: a finer
// part folds into a coarser one without loss.
//
// Columns v are the E expression scores followed by the K covariates. Sums are of v - centre, with
// centres near the means, so that years and durations lose no digits (Chan, Golub, LeVeque 1983,
// "Algorithms for computing the sample variance"); contexts x are sparse and in [0, 1] and stay
// as they are. Products of contexts with contexts are not needed and not kept.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "stats/uploader_sketch.h"

namespace mien {

// Names, and what was asked for. Parts that differ in `by`, source, use, weight or expressions
// cannot be added; groups, countries, contexts and covariates are united by name.
struct AssociationLayout {
  std::string by = "region";
  std::string source;                    // "visual", "text"
  std::string context_use;               // "present": x is 0 or 1; "score": x is the score
  std::string weight;                    // the corpus column, or empty
  std::vector<std::string> expressions;  // columns: "label_awe"; in the order of the tables
  std::vector<std::string> covariates;   // columns; a level of a category is "covariate_a=b"
  std::vector<std::string> contexts;     // sorted
  std::vector<std::string> groups;       // sorted
  std::vector<std::string> parents;      // a group: what it is part of (a country's region), or ""
  std::vector<std::string> countries;    // sorted

  std::size_t columns() const { return expressions.size() + covariates.size(); }
};

struct AssociationBlock {
  std::uint32_t group = 0;
  std::uint32_t country = 0;
  std::uint32_t slot = 0;
  std::int64_t videos = 0;
  double weight = 0;             // sum of w
  std::vector<double> sums;      // sum of w v, columns()
  std::vector<double> products;  // sum of w v v', upper triangle by rows

  // Contexts that occur in the block, ascending, and a row for each:
  // sum of w x, sum of w x x, sum of w x v (columns()).
  std::vector<std::uint32_t> contexts;
  std::vector<double> rows;

  UploaderSketch uploaders;
};

// Per group and context, over videos where the context is present (above its threshold).
struct PresenceSums {
  std::int64_t videos = 0;
  double weight = 0;
  std::vector<double> sums;     // sum of w y, E
  std::vector<double> squares;  // sum of w y y, E
  UploaderSketch uploaders;     // who have a video with the context
  UploaderSketch lacking;       // who have one without; empty where no video has it: all
};

// Videos that could not be analysed, and who uploaded them.
struct ExcludedVideos {
  // More distinct uploaders than this are not told apart from this many.
  static constexpr std::size_t kMostUploaders = kUploadersKept;

  std::int64_t videos = 0;
  UploaderSketch uploaders;  // used only where it is exact

  void add_uploader(std::uint64_t hash);
  void add(const ExcludedVideos& other);
  bool operator==(const ExcludedVideos&) const = default;
};

// By group, language and reason.
using ExclusionKey = std::array<std::string, 3>;
using Exclusions = std::map<ExclusionKey, ExcludedVideos>;
void add_exclusions(const Exclusions& from, Exclusions& into);

struct AssociationSums {
  AssociationLayout layout;
  std::vector<double> centres;           // columns()
  std::vector<AssociationBlock> blocks;  // by group, country, slot
  std::vector<PresenceSums> presence;    // groups x contexts
  std::vector<std::uint32_t> slots;      // per group, a power of two
  Exclusions exclusions;

  const PresenceSums& present(std::size_t group, std::size_t context) const {
    return presence[group * layout.contexts.size() + context];
  }
  std::span<const AssociationBlock> blocks_of(std::size_t group) const;
};

// Slots a country in a group of that many countries: the least power of two that makes at least
// 128 blocks, and 16 in any case.
std::uint32_t slots_for(std::size_t countries);

// The same for every run, part and machine (FNV-1a, Fowler, Noll, Vo, with SplitMix64's last step).
std::uint64_t uploader_hash(std::string_view uploader);

// Adds parts of one study. kMismatch names what differs. The order of parts changes results by
// rounding only (relative 1e-12 in tests).
Result<AssociationSums> add_sums(const AssociationSums& a, const AssociationSums& b);

}  // namespace mien
