#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "program/zoo_files.h"
#include "support/hostile_media.h"
#include "support/media_fixtures.h"

#include "base/check.h"

namespace mien::testing {

namespace {

namespace fs = std::filesystem;

// The seed's bytes, changed.
ZooFile altered(std::string id, std::string what, std::string status, std::string reason,
                const std::function<std::string(std::string bytes)>& change) {
  const auto make = [change](const fs::path& path, const fs::path& seed) {
    write_bytes(path, change(read_bytes(seed)));
  };
  return {std::move(id), std::move(what), make, ".mp4", std::move(status), std::move(reason)};
}

ZooFile of_bytes(std::string id, std::string what, std::string ending, std::string status,
                 std::string reason, const std::function<std::string()>& bytes) {
  const auto make = [bytes](const fs::path& path, const fs::path&) { write_bytes(path, bytes()); };
  return {std::move(id),     std::move(what),   make,
          std::move(ending), std::move(status), std::move(reason)};
}

// The seed through ffmpeg, and what came out cut or changed.
ZooFile through(std::string id, std::string what, std::string ending, std::string status,
                std::string reason, Arguments output,
                const std::function<std::string(std::string)>& change = {}) {
  const auto make = [output = std::move(output), change](const fs::path& path,
                                                         const fs::path& seed) {
    Arguments arguments = {"-i", seed.string()};
    arguments.insert(arguments.end(), output.begin(), output.end());
    arguments.push_back(path.string());
    run_ffmpeg(arguments);
    if (change) write_bytes(path, change(read_bytes(path)));
  };
  return {std::move(id),     std::move(what),   make,
          std::move(ending), std::move(status), std::move(reason)};
}

ZooFile in_place(std::string id, std::string what, std::string ending, std::string status,
                 std::string reason,
                 const std::function<void(const fs::path&, const fs::path&)>& make) {
  return {std::move(id),     std::move(what),   make,
          std::move(ending), std::move(status), std::move(reason)};
}

std::function<std::string(std::string)> first(double share) {
  return [share](const std::string& bytes) {
    return bytes.substr(0, static_cast<std::size_t>(share * static_cast<double>(bytes.size())));
  };
}

void set_number(std::string& bytes, const char* box, std::size_t offset, std::uint32_t value) {
  const std::size_t at = bytes.find(box);
  MIEN_CHECK(at != std::string::npos, "the seed has the box");
  bytes.replace(at + offset, 4, big_endian(value));
}

std::string one_picture_jpeg(const fs::path& beside, const fs::path& seed) {
  const fs::path whole = beside.string() + ".whole.jpg";
  run_ffmpeg({"-i", seed.string(), "-frames:v", "1", whole.string()});
  std::string bytes = read_bytes(whole);
  fs::remove(whole);
  return bytes;
}

}  // namespace

std::vector<ZooFile> broken_files() {
  const Arguments copy = {"-c", "copy"};
  const auto copied = [&](const Arguments& more) {
    Arguments all = copy;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  return {
      of_bytes("empty", "0 bytes", ".mp4", "failed", "empty", [] { return ""; }),
      altered("ten-bytes", "the first ten bytes", "failed", "not_media",
              [](const std::string& bytes) { return bytes.substr(0, 10); }),
      altered("half-mp4", "half an MP4, its index in front", "partial", "truncated", first(0.5)),
      through("no-index", "half an MP4, its index was behind", ".mp4", "failed", "not_media",
              copied({"-movflags", "-faststart"}), first(0.5)),
      through("half-mkv", "half a Matroska", ".mkv", "partial", "truncated", copy, first(0.5)),
      through("half-ts", "half a transport stream, which declares no end", ".mts", "ok", "",
              copied({"-f", "mpegts"}), first(0.5)),
      through("half-avi", "half an AVI, without its index", ".avi", "partial", "truncated", copy,
              first(0.5)),
      through("no-cues", "Matroska without an index", ".mkv", "ok", "",
              copied({"-f", "matroska", "-live", "1"})),
      in_place("half-jpeg", "half a JPEG", ".jpg", "partial", "truncated",
               [](const fs::path& path, const fs::path& seed) {
                 write_bytes(path, first(0.5)(one_picture_jpeg(path, seed)));
               }),
      altered("flipped-data", "one byte in a hundred of its pictures is another", "partial",
              "damaged",
              [](const std::string& bytes) {
                return flipped(bytes, bytes.find("mdat") + 3000, bytes.size(), 0.01, 1);
              }),
      altered("flipped-index", "one byte in ten of its sample tables is another", "partial",
              "truncated",
              [](const std::string& bytes) {
                return flipped(bytes, bytes.find("stsz") + 16, 60, 0.1, 4);
              }),
      altered("chunks-beyond", "its pictures lie beyond the end, says the index", "failed",
              "no_frames",
              [](std::string bytes) {
                set_number(bytes, "stco", 12, 0x40000000);
                return bytes;
              }),
      altered(
          "two-thousand-million-samples", "2,000,000,000 pictures, says the index", "failed",
          "no_frames",
          [](std::string bytes) { return with_samples(std::move(bytes), 2'000'000'000, 1, 1); }),
      altered("five-million-samples", "5,000,000 pictures of one byte, says the index", "failed",
              "no_frames",
              [](std::string bytes) {
                return with_samples(std::move(bytes), 5'000'000, 5'000'000, 1);
              }),
      altered("endless", "lasts 136 years, says the header", "ok", "",
              [](std::string bytes) {
                set_number(bytes, "mvhd", 16, 1);
                set_number(bytes, "mvhd", 20, 0xFFFFFFFF);
                return bytes;
              }),
      altered("no-time", "1 tick a second, 0 ticks a picture", "ok", "",
              [](std::string bytes) {
                set_number(bytes, "stts", 16, 0);
                return bytes;
              }),
      through("negative-times", "times from -5 s on", ".mkv", "ok", "",
              copied({"-output_ts_offset", "-5", "-avoid_negative_ts", "disabled"})),
      through("late", "times from 1,000,000 s on", ".mkv", "ok", "",
              copied({"-output_ts_offset", "1000000"})),
      through(
          "jumping-times", "times that jump forth and back", ".mts", "ok", "",
          copied({"-f", "mpegts", "-bsf:v", "setts=ts=if(gte(N\\,12)\\,TS-300000\\,TS+400000)"})),
      through("equal-times", "all pictures at one time", ".nut", "ok", "",
              copied({"-bsf:v", "setts=ts=1000"})),
  };
}

std::vector<ZooFile> hostile_files() {
  return {
      of_bytes("png-60000", "PNG header of 60,000 x 60,000", ".png", "failed", "too_large",
               [] { return png_header_only(60000, 60000); }),
      of_bytes("png-million", "PNG header of 2,000,000,000 x 1", ".png", "failed", "too_large",
               [] { return png_header_only(2'000'000'000, 1); }),
      of_bytes("gif-65535", "GIF canvas of 65,535 x 65,535", ".gif", "failed", "too_large",
               [] { return gif_with_canvas(65535, 65535); }),
      in_place("jpeg-65500", "JPEG header of 65,500 x 65,500", ".jpg", "failed", "too_large",
               [](const fs::path& path, const fs::path& seed) {
                 write_bytes(path, with_jpeg_size(one_picture_jpeg(path, seed), 65500, 65500));
               }),
      of_bytes("gif-canvas", "GIF of 35 bytes with a canvas of 8,000 x 500", ".gif", "ok", "",
               [] { return gif_with_canvas(8000, 500); }),
      of_bytes("blank-png", "6 MB of PNG that unpack to 1 GB", ".png", "failed", "worker_memory",
               [] { return blank_png(64000, 4000); }),
      of_bytes("long-thin-png", "PNG of 16,384 x 1", ".png", "ok", "",
               [] { return blank_png(16384, 1); }),
      of_bytes("text-bomb", "PNG of one pixel with a text of 1 GB in 7 MB", ".png", "failed",
               "worker_memory", [] { return png_with_text_bomb(std::uint64_t{1} << 30); }),
      of_bytes("index-bomb", "MOV with an index of 1 GB in 7 MB", ".mov", "failed", "not_media",
               [] { return mov_with_index_bomb(1U << 30); }),
      in_place("thousand-streams", "MP4 of a thousand video streams", ".mp4", "failed",
               "unsupported",
               [](const fs::path& path, const fs::path& seed) {
                 Arguments arguments = {"-i", seed.string(), "-c", "copy", "-frames:v", "1"};
                 for (int i = 0; i < 1000; ++i) arguments.insert(arguments.end(), {"-map", "0:v"});
                 arguments.push_back(path.string());
                 run_ffmpeg(arguments);
               }),
      of_bytes("zip", "a ZIP archive", ".mp4", "failed", "not_media",
               [] { return "PK\x03\x04" + std::string(5000, 'x'); }),
      of_bytes("gzip", "a gzip file", ".mp4", "failed", "not_media",
               [] { return "\x1F\x8B\x08" + flipped(std::string(20000, 'x'), 0, 20000, 1, 7); }),
      of_bytes("program", "a program", ".mp4", "failed", "not_media",
               [] { return read_bytes("/bin/true"); }),
      of_bytes("page", "a web page: what a download of a deleted video gives", ".mp4", "failed",
               "not_media", [] { return "<!DOCTYPE html><html><body>410 Gone</body></html>\n"; }),
      of_bytes("playlist", "a playlist that names another file", ".mp4", "failed", "not_media",
               [] {
                 return "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n"
                        "#EXT-X-ENDLIST\n";
               }),
      of_bytes("concat", "a list for ffmpeg that names another file", ".mp4", "failed", "not_media",
               [] { return "ffconcat version 1.0\nfile /etc/passwd\n"; }),
      of_bytes("svg", "an SVG that names another file", ".png", "failed", "not_media",
               [] {
                 return "<svg xmlns=\"http://www.w3.org/2000/svg\"><image "
                        "href=\"file:///etc/passwd\"/></svg>";
               }),
      in_place("sound", "sound alone", ".mp4", "failed", "audio_only",
               [](const fs::path& path, const fs::path&) {
                 run_ffmpeg({"-f", "lavfi", "-i", "sine=d=0.5", path.string()});
               }),
      in_place("terabyte", "1 TB of zeros that take no place on the disk", ".mp4", "failed",
               "not_media",
               [](const fs::path& path, const fs::path&) {
                 write_bytes(path, "");
                 fs::resize_file(path, std::uintmax_t{1} << 40);
               }),
      in_place("long-tail", "an honest MP4 with 1 TB of zeros behind it", ".mp4", "ok", "",
               [](const fs::path& path, const fs::path& seed) {
                 fs::copy_file(seed, path);
                 fs::resize_file(path, std::uintmax_t{1} << 40);
               }),
      in_place("link", "a link to an honest file elsewhere", ".mp4", "ok", "",
               [](const fs::path& path, const fs::path& seed) { fs::create_symlink(seed, path); }),
      in_place("dangling", "a link to nowhere", ".mp4", "failed", "missing",
               [](const fs::path& path, const fs::path&) {
                 fs::create_symlink("/nowhere/a.mp4", path);
               }),
      in_place("loop", "a link to itself", ".mp4", "failed", "unreadable",
               [](const fs::path& path, const fs::path&) { fs::create_symlink(path, path); }),
      in_place("fifo", "a pipe that nobody writes to", ".mp4", "failed", "unreadable",
               [](const fs::path& path, const fs::path&) {
                 MIEN_CHECK(mkfifo(path.c_str(), 0600) == 0, "a pipe");
               }),
      in_place("socket", "a socket", ".mp4", "failed", "unreadable",
               [](const fs::path& path, const fs::path&) {
                 const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
                 sockaddr_un address{};
                 address.sun_family = AF_UNIX;
                 path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
                 const auto* general = reinterpret_cast<const sockaddr*>(&address);
                 MIEN_CHECK(bind(fd, general, sizeof(address)) == 0, "a socket");
                 close(fd);
               }),
      in_place(
          "zeros", "a link to /dev/zero", ".mp4", "failed", "unreadable",
          [](const fs::path& path, const fs::path&) { fs::create_symlink("/dev/zero", path); }),
      in_place("terminal", "a link to /dev/tty", ".mp4", "failed", "unreadable",
               [](const fs::path& path, const fs::path&) { fs::create_symlink("/dev/tty", path); }),
      in_place("memory", "a link to a process's memory", ".mp4", "failed", "empty",
               [](const fs::path& path, const fs::path&) {
                 fs::create_symlink("/proc/self/mem", path);
               }),
      in_place("folder", "a folder with a video's name", ".mp4", "failed", "empty",
               [](const fs::path& path, const fs::path&) { fs::create_directory(path); }),
      in_place("newline", "a name with a new line, quotes and a percent sign", "\n\"%03d'.mp4",
               "ok", "",
               [](const fs::path& path, const fs::path& seed) { fs::copy_file(seed, path); }),
      in_place("not-text", "a name that is not UTF-8", "\xE9.mp4", "failed", "name_not_utf8",
               [](const fs::path& path, const fs::path& seed) { fs::copy_file(seed, path); }),
      in_place("long-name", "a name of 250 bytes", std::string(236, 'n') + ".mp4", "ok", "",
               [](const fs::path& path, const fs::path& seed) { fs::copy_file(seed, path); }),
  };
}

}  // namespace mien::testing
