#include "pipeline/worker/protocol.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/outside_json.h"

namespace mien {

namespace {

using Json = nlohmann::json;

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json names_of(const std::vector<std::filesystem::path>& paths) {
  Json names = Json::array();
  for (const std::filesystem::path& path : paths) names.push_back(path.string());
  return names;
}

std::vector<std::filesystem::path> paths_of(const Json& names) {
  std::vector<std::filesystem::path> paths;
  for (const Json& name : names) paths.emplace_back(name.get<std::string>());
  return paths;
}

constexpr std::array<std::string_view, 5> kKinds = {"progress", "done", "error", "ready", "alive"};

Json to_json(const VideoFacts& facts) {
  return {{"status", facts.status},
          {"reason", facts.reason},
          {"message", facts.message},
          {"frames_decoded", facts.frames_decoded},
          {"frames_analysed", facts.frames_analysed},
          {"face_frames", facts.face_frames},
          {"tracks", facts.tracks},
          {"face_seconds", facts.face_seconds},
          {"decode_seconds", facts.decode_seconds}};
}

VideoFacts facts_from(const Json& json) {
  VideoFacts facts;
  json.at("status").get_to(facts.status);
  json.at("reason").get_to(facts.reason);
  json.at("message").get_to(facts.message);
  json.at("frames_decoded").get_to(facts.frames_decoded);
  json.at("frames_analysed").get_to(facts.frames_analysed);
  json.at("face_frames").get_to(facts.face_frames);
  json.at("tracks").get_to(facts.tracks);
  json.at("face_seconds").get_to(facts.face_seconds);
  json.at("decode_seconds").get_to(facts.decode_seconds);
  return facts;
}

template <typename Message, typename Read>
Result<Message> decoded(const std::string& line, const char* what, Read&& read) {
  try {
    return read(parse_own_json(line));
  } catch (const Json::exception& error) {
    return Error{ErrorCode::kCorrupt, std::string(what) + ": " + error.what()};
  }
}

}  // namespace

std::string encode(const WorkerSetup& setup) {
  return line_of({{"options", to_json(setup.options)},
                  {"prototype_file", setup.options.channels.prototype_file.string()},
                  {"context_data", setup.options.contexts.data.string()},
                  {"context_vocabulary", setup.options.contexts.vocabulary.string()},
                  {"features", setup.options.channels.features},
                  {"extra_features", setup.options.channels.extra_features},
                  {"vectors_of", setup.options.contexts.vectors_of},
                  {"settings", encode(setup.settings)},
                  {"study", setup.study.string()},
                  {"manifest_folder", setup.manifest_folder.string()},
                  {"model_folder", setup.model_folder.string()},
                  {"extra_manifests", names_of(setup.extra_manifests)},
                  {"memory_mb", setup.limits.memory_mb},
                  {"timeout_s", setup.limits.timeout_s},
                  {"threads", setup.threads}});
}

Result<WorkerSetup> decode_setup(const std::string& line) {
  return decoded<WorkerSetup>(
      line, "a worker's set-up", [](const Json& json) -> Result<WorkerSetup> {
        WorkerSetup setup;
        MIEN_TRY(options, annotate_options_from_json(json.at("options")));
        MIEN_TRY(settings, decode_settings(json.at("settings").get<std::string>()));
        setup.options = std::move(options);
        setup.options.channels.prototype_file = json.at("prototype_file").get<std::string>();
        setup.options.contexts.data = json.at("context_data").get<std::string>();
        setup.options.contexts.vocabulary = json.at("context_vocabulary").get<std::string>();
        json.at("features").get_to(setup.options.channels.features);
        json.at("extra_features").get_to(setup.options.channels.extra_features);
        json.at("vectors_of").get_to(setup.options.contexts.vectors_of);
        setup.settings = std::move(settings);
        setup.study = json.at("study").get<std::string>();
        setup.manifest_folder = json.at("manifest_folder").get<std::string>();
        setup.model_folder = json.at("model_folder").get<std::string>();
        setup.extra_manifests = paths_of(json.at("extra_manifests"));
        json.at("memory_mb").get_to(setup.limits.memory_mb);
        json.at("timeout_s").get_to(setup.limits.timeout_s);
        json.at("threads").get_to(setup.threads);
        return setup;
      });
}

std::string encode(const ReachableFiles& files) {
  return line_of({{"readable", names_of(files.readable)}, {"writable", names_of(files.writable)}});
}

Result<ReachableFiles> decode_reachable(const std::string& line) {
  return decoded<ReachableFiles>(
      line, "what a worker may reach", [](const Json& json) -> Result<ReachableFiles> {
        return ReachableFiles{paths_of(json.at("readable")), paths_of(json.at("writable"))};
      });
}

std::string encode(const WorkerTask& task) {
  return line_of({{"video_id", task.input.video_id},
                  {"path", task.input.path},
                  {"size_bytes", task.input.size_bytes},
                  {"mtime_ns", task.input.mtime_ns},
                  {"threads", task.threads},
                  {"tables", task.tables},
                  {"overlay", task.overlay},
                  {"given_up", to_string(task.given_up)},
                  {"given_up_words", task.given_up_words},
                  {"clips", task.clips},
                  {"features", task.features},
                  {"vectors", task.vectors.string()}});
}

Result<WorkerTask> decode_task(const std::string& line) {
  return decoded<WorkerTask>(line, "a worker's task", [](const Json& json) -> Result<WorkerTask> {
    WorkerTask task;
    json.at("video_id").get_to(task.input.video_id);
    task.input.path = json.at("path").get<std::string>();
    json.at("size_bytes").get_to(task.input.size_bytes);
    json.at("mtime_ns").get_to(task.input.mtime_ns);
    json.at("threads").get_to(task.threads);
    json.at("tables").get_to(task.tables);
    json.at("overlay").get_to(task.overlay);
    task.given_up = media_reason_from(json.at("given_up").get<std::string>());
    json.at("given_up_words").get_to(task.given_up_words);
    json.at("clips").get_to(task.clips);
    json.at("features").get_to(task.features);
    task.vectors = json.at("vectors").get<std::string>();
    if (task.threads < 1) return Error{ErrorCode::kCorrupt, "a worker's task: no threads"};
    return task;
  });
}

std::string encode(const WorkerReply& reply) {
  Json stages = Json::array();
  for (const StageTime& stage : reply.stages) {
    stages.push_back({stage.stage, stage.calls, stage.seconds});
  }
  return line_of({{"kind", kKinds[static_cast<std::size_t>(reply.kind)]},
                  {"video_id", reply.video_id},
                  {"facts", to_json(reply.facts)},
                  {"position_s", reply.position_s},
                  {"duration_s", reply.duration_s},
                  {"error", reply.error},
                  {"code", static_cast<int>(reply.code)},
                  {"stages", stages},
                  {"clips", reply.clips},
                  {"landlock_abi", reply.confinement.landlock_abi},
                  {"system_calls", reply.confinement.system_calls},
                  {"with_sanitizer", reply.confinement.with_sanitizer}});
}

Result<WorkerReply> decode_reply(const std::string& line) {
  return decoded<WorkerReply>(
      line, "a worker's reply", [](const Json& json) -> Result<WorkerReply> {
        WorkerReply reply;
        const auto kind = json.at("kind").get<std::string>();
        const auto known = std::ranges::find(kKinds, kind);
        if (known == kKinds.end())
          return Error{ErrorCode::kCorrupt, "a worker's reply: kind '" + kind + "'"};
        reply.kind = static_cast<WorkerReply::Kind>(known - kKinds.begin());
        json.at("video_id").get_to(reply.video_id);
        reply.facts = facts_from(json.at("facts"));
        json.at("position_s").get_to(reply.position_s);
        json.at("duration_s").get_to(reply.duration_s);
        json.at("error").get_to(reply.error);
        const int code = json.at("code").get<int>();
        if (code < 0 || code > static_cast<int>(ErrorCode::kInternal)) {
          return Error{ErrorCode::kCorrupt, "a worker's reply: no such kind of error"};
        }
        reply.code = static_cast<ErrorCode>(code);
        json.at("clips").get_to(reply.clips);
        json.at("landlock_abi").get_to(reply.confinement.landlock_abi);
        json.at("system_calls").get_to(reply.confinement.system_calls);
        json.at("with_sanitizer").get_to(reply.confinement.with_sanitizer);
        for (const Json& stage : json.at("stages")) {
          reply.stages.push_back({stage.at(0).get<std::string>(), stage.at(1).get<std::int64_t>(),
                                  stage.at(2).get<double>()});
        }
        return reply;
      });
}

}  // namespace mien
