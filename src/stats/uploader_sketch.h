// How many distinct uploaders there are, from the smallest of their hashes: a sketch of k minimum
// values (Bar-Yossef, Jayram, Kumar, Sivakumar, Trevisan 2002, "Counting distinct elements in a
// data stream"; Beyer, Haas, Reinwald, Sismanis, Gemulla 2007, "On synopses for distinct-value
// estimation under multiset operations").
//
// Sketches of parts united are the sketch of the whole, in any order, and uploaders of several
// parts count once. Fewer than kUploadersKept are counted exactly; more are estimated, with a
// relative standard error of 1 / sqrt(k - 2), 6%. Memory is bounded whatever the number.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mien {

// Above any minimum of uploaders that can be asked for, so that suppression rests on exact counts.
inline constexpr std::size_t kUploadersKept = 256;
inline constexpr std::int64_t kLargestMinimum = 250;

// Hashes (uploader_hash), ascending, at most kUploadersKept: the smallest of all.
using UploaderSketch = std::vector<std::uint64_t>;

// `from` ascends; it may be longer than a sketch.
void unite_uploaders(UploaderSketch& into, std::span<const std::uint64_t> from);

// Exact below kUploadersKept; else (k - 1) / the largest hash kept as a share of all there can be,
// and not below k.
std::int64_t distinct_uploaders(const UploaderSketch& sketch);

}  // namespace mien
