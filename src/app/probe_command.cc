#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "media/media_info.h"
#include "pipeline/worker/confinement.h"

namespace mien {

namespace {

constexpr std::int64_t kProbeDataMb = 8192;  // the largest picture that is read, and its copy

const char* kind_name(MediaKind kind) {
  switch (kind) {
    case MediaKind::kVideo:
      return "video";
    case MediaKind::kStill:
      return "still";
    case MediaKind::kImageFolder:
      return "image folder";
  }
  return "video";
}

template <typename T>
nlohmann::json or_null(const std::optional<T>& value) {
  return value.has_value() ? nlohmann::json(*value) : nlohmann::json();
}

nlohmann::json to_json(const std::filesystem::path& path, const MediaInfo& info) {
  return {{"path", path.string()},
          {"kind", kind_name(info.kind)},
          {"container", info.container},
          {"codec", info.codec},
          {"pixel_format", info.pixel_format},
          {"width_px", info.width_px},
          {"height_px", info.height_px},
          {"rotation_deg", info.rotation_deg},
          {"duration_s", or_null(info.duration_s)},
          {"average_rate_hz", or_null(info.average_rate_hz)},
          {"frame_count", or_null(info.frame_count)},
          {"colour_matrix", info.colour_matrix},
          {"colour_range", info.colour_range},
          {"has_audio", info.has_audio}};
}

std::string to_line(const std::filesystem::path& path, const MediaInfo& info) {
  std::string line =
      fmt::format("{}: {}, {} in {}, {} x {} px", path.string(), kind_name(info.kind), info.codec,
                  info.container, info.width_px, info.height_px);
  if (info.rotation_deg != 0) line += fmt::format(", rotated {} degrees", info.rotation_deg);
  if (info.duration_s) line += fmt::format(", {:.2f} s", *info.duration_s);
  if (info.average_rate_hz) line += fmt::format(", {:.3g} frames/s", *info.average_rate_hz);
  line += fmt::format(", {} ({}, {})", info.pixel_format, info.colour_matrix, info.colour_range);
  line += info.has_audio ? ", with sound\n" : ", no sound\n";
  return line;
}

}  // namespace

void add_probe(CommandLine& line) {
  struct Options {
    std::vector<std::filesystem::path> files;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* verb = line.app.add_subcommand("probe", "Say what files are, without decoding them");
  verb->add_option("file", options->files, "Videos, stills or image folders")->required();
  verb->add_flag("--json", options->json, "One JSON object a file, a line each");
  add_example(verb, "mien probe clips/*.mp4");
  verb->callback([&line, options] {
    line.action = [options]() -> Status {
      // Nothing but these files is read from here on, and nothing written: confinement.h.
      MIEN_TRY_VOID(limit_resources(kProbeDataMb));
      ReachableFiles reachable;
      for (const std::filesystem::path& file : options->files) {
        for (const std::filesystem::path& place : with_links(file)) {
          reachable.readable.push_back(place);
        }
      }
      MIEN_TRY(landlock, confine_files(reachable));
      MIEN_TRY(system_calls, confine_system_calls());
      static_cast<void>(landlock);
      static_cast<void>(system_calls);
      std::size_t failed = 0;
      for (const std::filesystem::path& file : options->files) {
        const auto info = probe(file);
        if (info.ok()) {
          const std::string text =
              options->json
                  ? to_json(file, *info)
                            .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
                        "\n"
                  : to_line(file, *info);
          std::fputs(text.c_str(), stdout);
          continue;
        }
        ++failed;
        if (options->json) {
          const nlohmann::json failure = {{"path", file.string()},
                                          {"reason", to_string(reason_of(info.error()))},
                                          {"message", info.error().message}};
          std::fputs((failure.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n")
                         .c_str(),
                     stdout);
        }
        std::fputs(("mien: " + info.error().message + "\n").c_str(), stderr);
      }
      if (failed > 0) {
        return Error{ErrorCode::kCorrupt, fmt::format("{} of {} files could not be read", failed,
                                                      options->files.size())};
      }
      return Ok{};
    };
  });
}

}  // namespace mien
