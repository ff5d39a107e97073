// What is wrong with a file is told by its reason, in words that name the file and the remedy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "support/hostile_media.h"
#include "support/media_fixtures.h"
#include "support/paths.h"

#include "base/random.h"
#include "media/grid_sampler.h"
#include "media/video_reader.h"

namespace mien {
namespace {

using testing::Arguments;
using testing::big_endian;
using testing::cut_file;
using testing::number_at;
using testing::numbered_video;
using testing::read_bytes;
using testing::TemporaryFolder;
using testing::with_samples;
using testing::write_bytes;

struct Outcome {
  MediaReason reason = MediaReason::kNone;  // of the failure, or of the condition at the end
  std::string message;
  bool opened = false;
  std::int64_t frames = 0;
  std::int64_t damaged = 0;
};

Outcome outcome_of(const std::filesystem::path& path, const ReaderOptions& options = {}) {
  Outcome outcome;
  auto reader = VideoReader::open(path, options);
  if (!reader.ok()) return {reason_of(reader.error()), reader.error().message, false, 0, 0};
  outcome.opened = true;
  for (;;) {
    auto frame = reader->next();
    if (!frame.ok()) {
      outcome.reason = reason_of(frame.error());
      outcome.message = frame.error().message;
      return outcome;
    }
    if (!frame->has_value()) break;
    EXPECT_GT((*frame)->image.width_px(), 0);
  }
  const MediaError condition = reader->condition();
  outcome.reason = condition.reason;
  outcome.message = condition.message;
  outcome.frames = reader->frames_decoded();
  outcome.damaged = reader->damaged_packets();
  return outcome;
}

void expect_failure(const std::filesystem::path& path, MediaReason reason) {
  const Outcome outcome = outcome_of(path);
  EXPECT_FALSE(outcome.opened) << path;
  EXPECT_EQ(to_string(outcome.reason), to_string(reason)) << path << ": " << outcome.message;
  EXPECT_TRUE(outcome.message.starts_with(std::string(to_string(reason)) + ": "))
      << outcome.message;
  EXPECT_NE(outcome.message.find(path.string()), std::string::npos) << outcome.message;
  const auto probed = probe(path);
  ASSERT_FALSE(probed.ok()) << path;
  EXPECT_EQ(reason_of(probed.error()), reason) << probed.error().message;
}

std::string noise(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}

TEST(BadMedia, MissingEmptyAndUnreadable) {
  const TemporaryFolder folder;
  expect_failure(folder.path() / "none.mp4", MediaReason::kMissing);
  expect_failure(folder.path() / "none" / "a.mp4", MediaReason::kMissing);
  expect_failure(write_bytes(folder.path() / "empty.mp4", ""), MediaReason::kEmpty);
  std::filesystem::create_directory(folder.path() / "folder");
  expect_failure(folder.path() / "folder", MediaReason::kEmpty);
  write_bytes(folder.path() / "folder" / "notes.txt", "no picture");
  expect_failure(folder.path() / "folder", MediaReason::kEmpty);
  expect_failure("/dev/null", MediaReason::kUnreadable);
  // Opening a pipe that nobody writes to must not wait.
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  expect_failure(pipe, MediaReason::kUnreadable);
}

TEST(BadMedia, WithoutPermission) {
  const TemporaryFolder folder;
  const auto path = numbered_video(folder.path() / "a.mp4", 2, 25);
  std::filesystem::permissions(path, std::filesystem::perms::none);
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const bool is_root = ::geteuid() == 0;
  // Root may read everything; nobody may not.
  ASSERT_EQ(is_root ? ::seteuid(65534) : 0, 0);
  expect_failure(path, MediaReason::kUnreadable);
  ASSERT_EQ(is_root ? ::seteuid(0) : 0, 0);
}

TEST(BadMedia, GarbageAndTextAreNotMedia) {
  const TemporaryFolder folder;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto path = write_bytes(folder.path() / "noise.mp4", noise(1 + 997 * seed, seed));
    expect_failure(path, MediaReason::kNotMedia);
  }
  std::string prose;
  for (int i = 0; i < 500; ++i) prose += "A text is no video, whatever its name says.\n";
  expect_failure(write_bytes(folder.path() / "text.mp4", prose), MediaReason::kNotMedia);
  expect_failure(write_bytes(folder.path() / "text.txt", prose), MediaReason::kNotMedia);
  expect_failure(write_bytes(folder.path() / "zeros.mp4", std::string(100000, '\0')),
                 MediaReason::kNotMedia);
  expect_failure(write_bytes(folder.path() / "one.mp4", "x"), MediaReason::kNotMedia);
  expect_failure(write_bytes(folder.path() / "a.srt",
                             "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,000 --> "
                             "00:00:04,000\nBye\n"),
                 MediaReason::kNotMedia);
}

TEST(BadMedia, EndingsDoNotMatter) {
  const TemporaryFolder folder;
  const std::string bytes = read_bytes(numbered_video(folder.path() / "a.mp4", 5, 25));
  for (const char* name : {"a.txt", "b.jpg", "c", "d.m3u8", "e.mp3", "f%03d.png"}) {
    const Outcome outcome = outcome_of(write_bytes(folder.path() / name, bytes));
    EXPECT_EQ(outcome.frames, 5) << name;
    EXPECT_EQ(outcome.reason, MediaReason::kNone) << outcome.message;
  }
}

TEST(BadMedia, SoundAloneIsNoVideo) {
  const TemporaryFolder folder;
  for (const char* name : {"a.m4a", "a.wav", "a.mp3", "a.ogg"}) {
    const auto path = folder.path() / name;
    testing::run_ffmpeg({"-f", "lavfi", "-i", "sine=d=1", path.string()});
    expect_failure(path, MediaReason::kNoVideo);
  }
  // Cover art is no video either.
  testing::encode({testing::numbered_frame(64, 64, 5)}, folder.path() / "cover.png", {}, {});
  const auto path = folder.path() / "cover.mp3";
  testing::run_ffmpeg({"-f", "lavfi", "-i", "sine=d=1", "-i",
                       (folder.path() / "cover.png").string(), "-map", "0", "-map", "1",
                       "-disposition:v", "attached_pic", path.string()});
  expect_failure(path, MediaReason::kNoVideo);
}

TEST(BadMedia, Mp4WithoutItsIndexIsNotMedia) {
  const TemporaryFolder folder;
  const auto whole = numbered_video(folder.path() / "whole.mp4", 60, 25);  // index at the end
  const auto cut = cut_file(whole, folder.path() / "cut.mp4", 0.6);
  expect_failure(cut, MediaReason::kNotMedia);
  EXPECT_THAT(outcome_of(cut).message, ::testing::HasSubstr("moov"));
}

// Pictures that do not compress, so that a cut falls inside the frames.
std::filesystem::path noisy_video(const std::filesystem::path& path, const Arguments& output) {
  Random random(7);
  std::vector<Image> frames;
  for (int i = 0; i < 40; ++i) {
    frames.push_back(testing::painted(96, 64, [&](int, int) {
      return testing::Rgb{static_cast<std::uint8_t>(random.below(256)),
                          static_cast<std::uint8_t>(random.below(256)),
                          static_cast<std::uint8_t>(random.below(256))};
    }));
  }
  return testing::encode(frames, path, {"-r", "20"}, output);
}

TEST(BadMedia, CutFilesKeepWhatWasDecoded) {
  const struct {
    const char* name;
    Arguments output;
  } cases[] = {
      {"a.mp4", {"-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart"}},
      {"a.mkv", {"-c:v", "libx264", "-pix_fmt", "yuv420p"}},
      {"a.webm", {"-c:v", "libvpx", "-b:v", "1M"}},
      {"a.avi", {"-c:v", "mpeg4", "-q:v", "3"}},
      {"a.flv", {"-c:v", "flv", "-q:v", "3"}},
  };
  for (const auto& test : cases) {
    const TemporaryFolder folder;
    const auto whole = noisy_video(folder.path() / test.name, test.output);
    const Outcome complete = outcome_of(whole);
    EXPECT_EQ(complete.frames, 40) << test.name;
    EXPECT_EQ(complete.reason, MediaReason::kNone) << complete.message;
    const Outcome cut =
        outcome_of(cut_file(whole, folder.path() / (std::string("cut_") + test.name), 0.5));
    EXPECT_TRUE(cut.opened) << test.name << ": " << cut.message;
    EXPECT_GT(cut.frames, 10) << test.name;
    EXPECT_LT(cut.frames, 30) << test.name;
    EXPECT_EQ(to_string(cut.reason), "truncated") << test.name << ": " << cut.message;
    EXPECT_THAT(cut.message, ::testing::HasSubstr(std::string("cut_") + test.name));
  }
}

TEST(BadMedia, CutBeforeTheFirstFrameIsTruncated) {
  const TemporaryFolder folder;
  const auto whole = noisy_video(folder.path() / "a.mp4", {"-c:v", "libx264", "-pix_fmt", "yuv420p",
                                                           "-movflags", "+faststart"});
  const std::string bytes = read_bytes(whole);
  const auto cut = write_bytes(folder.path() / "cut.mp4", bytes.substr(0, bytes.find("mdat") + 20));
  const Outcome outcome = outcome_of(cut);
  EXPECT_FALSE(outcome.opened);
  EXPECT_EQ(to_string(outcome.reason), "truncated") << outcome.message;
}

TEST(BadMedia, CutPicturesSayThatTheyAreCut) {
  const TemporaryFolder folder;
  const Image picture = testing::painted(200, 150, [](int x, int y) {
    return testing::Rgb{static_cast<std::uint8_t>(x * y), static_cast<std::uint8_t>(x ^ y),
                        static_cast<std::uint8_t>(y * 7)};
  });
  const auto jpeg = testing::encode({picture}, folder.path() / "a.jpg", {}, {});
  EXPECT_EQ(outcome_of(jpeg).reason, MediaReason::kNone);
  const Outcome half = outcome_of(cut_file(jpeg, folder.path() / "half.jpg", 0.5));
  EXPECT_EQ(half.frames, 1);
  EXPECT_EQ(to_string(half.reason), "truncated") << half.message;
  const auto png = testing::encode({picture}, folder.path() / "a.png", {}, {});
  const Outcome cut = outcome_of(cut_file(png, folder.path() / "half.png", 0.5));
  EXPECT_EQ(to_string(cut.reason), "truncated") << cut.message;
}

TEST(BadMedia, DamageInsideIsSkippedAndCounted) {
  const TemporaryFolder folder;
  const auto whole = noisy_video(folder.path() / "a.mp4", {"-c:v", "libx264", "-pix_fmt", "yuv420p",
                                                           "-g", "5", "-movflags", "+faststart"});
  std::string bytes = read_bytes(whole);
  const std::string damage = noise(bytes.size() / 10, 3);
  bytes.replace(bytes.size() / 2, damage.size(), damage);
  const auto path = write_bytes(folder.path() / "damaged.mp4", bytes);
  const Outcome outcome = outcome_of(path);
  EXPECT_TRUE(outcome.opened);
  EXPECT_GT(outcome.frames, 25);
  EXPECT_LT(outcome.frames, 40);
  EXPECT_GT(outcome.damaged, 0);
  EXPECT_EQ(to_string(outcome.reason), "damaged") << outcome.message;
  const Outcome again = outcome_of(path);
  EXPECT_EQ(outcome.frames, again.frames);
  EXPECT_EQ(outcome.damaged, again.damaged);
}

TEST(BadMedia, NoDurationAndNoFrames) {
  const TemporaryFolder folder;
  // A fragmented MP4 whose fragments never came: an index that declares a stream and no sample.
  const auto whole =
      numbered_video(folder.path() / "f.mp4", 10, 25, {"-movflags", "frag_keyframe+empty_moov"});
  const std::string bytes = read_bytes(whole);
  const std::size_t first_fragment = bytes.find("moof") - 4;
  const auto none = write_bytes(folder.path() / "none.mp4", bytes.substr(0, first_fragment));
  const Outcome outcome = outcome_of(none);
  EXPECT_FALSE(outcome.opened);
  EXPECT_EQ(to_string(outcome.reason), "no_frames") << outcome.message;
  const auto described = probe(none);  // what it declares can still be told
  ASSERT_TRUE(described.ok()) << described.error().message;
  EXPECT_EQ(described->width_px, 64);
  EXPECT_FALSE(described->duration_s.has_value());
  // The same with its one fragment and no duration declared is a video.
  EXPECT_EQ(outcome_of(whole).frames, 10);
  EXPECT_EQ(outcome_of(whole).reason, MediaReason::kNone);
}

TEST(BadMedia, OtherFilesAreNeverOpened) {
  const TemporaryFolder folder;
  const auto video = numbered_video(folder.path() / "video.ts", 10, 25);
  testing::encode({testing::numbered_frame(32, 24, 1)}, folder.path() / "p001.png", {}, {});
  const std::string name = video.string();
  const std::string lists[] = {
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.4,\n" + name +
          "\n#EXT-X-ENDLIST\n",
      "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.4,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
      "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.4,\nconcat:" + name +
          "|/etc/hostname\n"
          "#EXT-X-ENDLIST\n",
      "ffconcat version 1.0\nfile '" + name + "'\n",
      "ffconcat version 1.0\nfile 'video.ts'\nfile 'http://127.0.0.1:9/a.ts'\n",
      "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
      "a=rtpmap:96 H264/90000\n",
      "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" "
      "profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\"><Period><AdaptationSet>"
      "<Representation id=\"0\" mimeType=\"video/mp4\"><BaseURL>" +
          name + "</BaseURL></Representation></AdaptationSet></Period></MPD>",
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"20\" height=\"20\"><image href=\"" +
          (folder.path() / "p001.png").string() + "\" width=\"20\" height=\"20\"/></svg>",
      "[playlist]\nFile1=" + name + "\nNumberOfEntries=1\n",
  };
  for (const std::string& list : lists) {
    for (const char* file : {"list.mp4", "list.m3u8", "list.ffconcat", "list.sdp", "list.svg"}) {
      expect_failure(write_bytes(folder.path() / file, list), MediaReason::kNotMedia);
    }
  }
  expect_failure(folder.path() / "p%03d.png", MediaReason::kMissing);
  expect_failure("concat:" + name + "|" + name, MediaReason::kMissing);
  expect_failure("http://127.0.0.1:9/a.mp4", MediaReason::kMissing);
  expect_failure("file:" + name, MediaReason::kMissing);
}

// A quick fuzz for every test run: whatever bytes are hit, reading ends, and says how.
TEST(BadMedia, DamagedBytesAnywhereAreSurvived) {
  const TemporaryFolder folder;
  const std::filesystem::path seeds[] = {
      numbered_video(folder.path() / "a.mp4", 6, 25),
      numbered_video(folder.path() / "a.mkv", 6, 25),
      numbered_video(folder.path() / "a.ts", 6, 25, {"-c:v", "mpeg2video"}),
      numbered_video(folder.path() / "a.gif", 3, 10, {"-c:v", "gif", "-pix_fmt", "gray"}),
      testing::encode({testing::numbered_frame(64, 48, 3)}, folder.path() / "a.jpg", {}, {}),
      testing::encode({testing::numbered_frame(64, 48, 3)}, folder.path() / "a.png", {}, {}),
  };
  Random random(11);
  for (const auto& seed : seeds) {
    const std::string bytes = read_bytes(seed);
    for (int round = 0; round < 60; ++round) {
      std::string damaged = bytes;
      const std::uint64_t hits = 1 + random.below(8);
      for (std::uint64_t hit = 0; hit < hits; ++hit)
        damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
      if (random.below(4) == 0) damaged.resize(1 + random.below(damaged.size()));
      const Outcome outcome = outcome_of(write_bytes(folder.path() / "d", damaged));
      EXPECT_LT(outcome.frames, 1000);
      EXPECT_TRUE(outcome.opened || outcome.reason != MediaReason::kNone) << outcome.message;
    }
  }
}

void expect_soon_ended(const std::filesystem::path& path) {
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = outcome_of(path);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_LT(outcome.frames, 100000);
  EXPECT_NE(outcome.reason, MediaReason::kNone);
  EXPECT_LT(seconds, 20);
}

TEST(BadMedia, IndexOfMillionsOfSamplesBeyondTheFileIsEnded) {
  const TemporaryFolder folder;
  const std::string bytes =
      read_bytes(numbered_video(folder.path() / "a.mp4", 1, 25, {"-use_editlist", "0"}));
  const std::uint32_t samples = 5'000'000;
  expect_soon_ended(
      write_bytes(folder.path() / "beyond.mp4", with_samples(bytes, samples, samples, 1)));
}

TEST(BadMedia, IndexThatNamesTheSameBytesAgainAndAgainIsEnded) {
  const TemporaryFolder folder;
  std::string bytes =
      read_bytes(numbered_video(folder.path() / "a.mp4", 1, 25,
                                {"-vf", "noise=alls=90,scale=320:240", "-use_editlist", "0"}));
  const std::uint32_t chunks = 20'000;
  const std::uint32_t sample_bytes = number_at(bytes, bytes.find("stsz") + 8);
  ASSERT_GT(sample_bytes, 2000U);
  bytes = with_samples(bytes, chunks, 1, sample_bytes);
  const std::size_t offsets = bytes.find("stco");
  const std::string offset = bytes.substr(offsets + 12, 4);
  std::string more;
  for (std::uint32_t i = 1; i < chunks; ++i) more += offset;
  bytes.replace(offsets + 8, 4, big_endian(chunks));
  bytes.insert(offsets + 16, more);
  for (const char* box : {"moov", "trak", "mdia", "minf", "stbl", "stco"}) {
    const std::size_t size = bytes.find(box) - 4;
    bytes.replace(size, 4,
                  big_endian(number_at(bytes, size) + static_cast<std::uint32_t>(more.size())));
  }
  const auto path = write_bytes(folder.path() / "again.mp4", bytes);
  expect_soon_ended(path);
  EXPECT_THAT(outcome_of(path).message, ::testing::HasSubstr("again and again"));
}

TEST(BadMedia, ErrorAfterFramesComesAfterThemOnTheGrid) {
  const TemporaryFolder folder;
  const auto whole = noisy_video(folder.path() / "a.mp4", {"-c:v", "libx264", "-pix_fmt", "yuv420p",
                                                           "-movflags", "+faststart"});
  auto reader = VideoReader::open(cut_file(whole, folder.path() / "cut.mp4", 0.5));
  ASSERT_TRUE(reader.ok());
  GridSampler sampler(*reader, 20);
  std::int64_t count = 0;
  while (sampler.next().value().has_value()) ++count;
  EXPECT_EQ(count, reader->frames_decoded());
}

TEST(BadMedia, ReasonsHaveStableCodesAndComeBackFromErrors) {
  const MediaReason reasons[] = {
      MediaReason::kMissing,     MediaReason::kUnreadable,    MediaReason::kEmpty,
      MediaReason::kNotMedia,    MediaReason::kNoVideo,       MediaReason::kNoFrames,
      MediaReason::kTruncated,   MediaReason::kDamaged,       MediaReason::kTooLarge,
      MediaReason::kUnsupported, MediaReason::kWorkerCrashed, MediaReason::kTimeLimit,
      MediaReason::kNameNotText, MediaReason::kWorkerTimeout, MediaReason::kWorkerMemory,
      MediaReason::kWorkerDenied};
  for (const MediaReason reason : reasons)
    EXPECT_EQ(reason_of(media_error(reason, "a: b.mp4", "words")), reason);
  EXPECT_EQ(to_string(MediaReason::kNoVideo), "audio_only");
  EXPECT_EQ(to_string(MediaReason::kNone), "none");
  EXPECT_EQ(reason_of(Error{ErrorCode::kIo, "disk: missing: x"}), MediaReason::kNone);
}

}  // namespace
}  // namespace mien
