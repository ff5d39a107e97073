// Rows of the frames table -> series short enough for a page, in one pass.
//
// Where a video has few enough points every row is kept with its true time. Otherwise rows are
// gathered in buckets of a whole number of grid steps: mean, least and greatest value of the scored
// rows. A bucket without a scored row is null with the most frequent reason; a stretch in which the
// face was not seen is a break. Missing is never bridged.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/report_writer.h"
#include "table/table.h"

namespace mien {

inline constexpr std::int64_t kMaxTimelinePoints = 2000;       // of one series
inline constexpr std::int64_t kMaxTimelineValues = 1'000'000;  // of one page: about 6 MB of text
inline constexpr std::int64_t kMaxTimelineTracks = 200;        // the tracks with most frames

class TimelineBuilder {
 public:
  // `step_us`: the usual time between analysed frames, > 0.
  TimelineBuilder(const Table& tracks, const std::vector<ColumnSpec>& channels,
                  std::int64_t step_us);

  // Batches in time order. kMismatch: rows that the tracks table does not account for.
  Status add(const Table& frames);

  // { step_s, bucket_steps, reasons: [code...], rows, tracks: [{ track, t: [s...], reason: [index
  // into reasons, or -1 where scored], breaks: [i...: not joined to the point before],
  // mean, low, high: [channel][point] (low and high null where bucket_steps is 1) }],
  // faces: { t, faces, scored } (most at one time within a bucket), reason_rows: [[code, rows]...]
  // }
  nlohmann::json finish();

 private:
  struct Series {
    std::int64_t expected_rows = 0;
    std::int64_t rows = 0;
    bool is_drawn = false;
    std::int64_t last_us = 0;
    // The bucket that is being filled.
    std::int64_t bucket = -1;
    std::int64_t bucket_rows = 0;
    std::int64_t bucket_us = 0;  // sum of times after the first row's
    std::int64_t bucket_first_us = 0;
    std::vector<std::int64_t> bucket_reasons;
    std::vector<double> sum, low, high;
    std::vector<std::int64_t> count;
    // What is finished.
    std::int64_t last_bucket = -1;
    std::int64_t last_point_us = 0;
    std::vector<double> t_s;
    std::vector<int> reason;
    std::vector<std::int64_t> breaks;
    std::vector<std::vector<double>> means, lows, highs;
  };
  struct Moment {
    std::int64_t us = 0;
    int faces = 0;
    int scored = 0;
  };

  void choose_buckets(const Table& tracks);
  void close_bucket(Series& series);
  void close_moment();
  int reason_index(const std::string& code);
  std::int64_t bucket_of(std::int64_t us) const;

  std::vector<std::string> channels_;
  std::int64_t step_us_;
  std::int64_t bucket_steps_ = 1;
  std::int64_t origin_us_ = 0;
  std::map<std::int64_t, Series> series_;
  std::vector<std::string> reasons_;
  std::vector<std::int64_t> reason_rows_;
  std::int64_t rows_ = 0;
  std::int64_t last_us_ = INT64_MIN;
  Moment moment_;
  std::int64_t moment_bucket_ = -1;
  std::vector<Moment> moments_;
};

// Four decimals: what a page shows and no more; NaN stays NaN.
double rounded_for_page(double value);

}  // namespace mien
