// The verbs of a rating study: its secret, invitations, server, import and export.
#include "app/rate_study_commands.h"

#include <fmt/format.h>

#include <set>

#include "app/command.h"
#include "app/print.h"
#include "app/serving.h"
#include "store/durable_file.h"
#include "survey/clip_list.h"
#include "survey/label_studio.h"
#include "survey/rating_database.h"
#include "survey/rating_import.h"
#include "survey/rating_rows.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

struct StudyRatings {
  SurveyDefinition definition;
  SqliteDatabase ratings;
};

Result<StudyRatings> open_study(const fs::path& study) {
  MIEN_TRY(definition, read_survey_definition(study));
  MIEN_TRY(ratings, open_ratings(study, definition));
  return StudyRatings{std::move(definition), std::move(ratings)};
}

CLI::Option* add_study(CLI::App* verb, std::string& study) {
  return verb->add_option("--study", study, "The study's folder")->required();
}

void say(const std::string& line) {
  std::fputs((line + "\n").c_str(), stderr);
}

Status run_secret(const fs::path& study) {
  MIEN_TRY(open, open_study(study));
  MIEN_TRY(secret, renew_secret(open.ratings));
  say("The researcher's secret; it is shown this once, and one given before no longer holds:");
  return print_text(secret + "\n");
}

struct InviteRequest {
  std::string study, group, origin = "http://127.0.0.1:8080";
  int uses = 1, count = 1;
};

Status run_invite(const InviteRequest& request) {
  MIEN_TRY(open, open_study(request.study));
  const std::string group =
      request.group.empty() ? open.definition.groups.front().name : request.group;
  std::string links;
  for (int i = 0; i < request.count; ++i) {
    MIEN_TRY(token, add_invitation(open.ratings, open.definition, group, request.uses, now_ms()));
    links += request.origin + "/#invitation=" + token + "\n";
  }
  return print_text(links);
}

struct ServeRequest {
  std::string study, origin;
  HttpServerOptions listen;
};

Status run_serve(const ServeRequest& request, const Resources& resources) {
  MIEN_TRY(service,
           open_rating_service(request.study, request.origin, resources, "mien rate serve"));
  return serve_until_stopped(*service.api, request.listen,
                             [&](int port) { return told(*service.api, request.listen, port); });
}

struct ExportRequest {
  std::string study, out, view;
  bool all = false;
};

Status run_export(const ExportRequest& request) {
  MIEN_TRY(definition, read_survey_definition(request.study));
  MIEN_TRY(ratings, read_only_ratings(request.study));
  const AnswerScope scope = request.all ? AnswerScope::kAll : AnswerScope::kAnalysis;
  if (definition.simulated) say("These ratings are marked as simulated: no people rated.");
  const fs::path out = request.out;
  if (out.extension() == ".json") {
    if (request.view.empty()) return export_label_studio(ratings, definition, scope, out);
    return Error{ErrorCode::kUsage,
                 "--view goes with .csv and .parquet, not with Label Studio's .json"};
  }
  MIEN_TRY(clips, ClipList::read_if_there(request.study));
  return export_ratings(ratings, definition, clips.has_value() ? &*clips : nullptr, scope, out,
                        request.view);
}

struct ImportRequest {
  std::string file, study, mode;
};

// The clips of clips.json and the videos of corpus.parquet, whichever are there.
Result<std::set<std::string, std::less<>>> known_clips(const fs::path& study, Database& database) {
  std::set<std::string, std::less<>> known;
  std::error_code ignored;
  const bool has_clips = fs::exists(rating_folder(study) / "clips.json", ignored);
  const bool has_corpus = fs::exists(study / "corpus.parquet", ignored);
  if (has_clips) {
    MIEN_TRY(clips, ClipList::read(study));
    for (const SurveyClip& clip : clips.clips()) known.insert(clip.id);
  }
  if (has_corpus) {
    MIEN_TRY(corpus, database.read_parquet(study / "corpus.parquet"));
    if (corpus.has("video_id")) {
      const auto ids = corpus.column("video_id").strings();
      known.insert(ids.begin(), ids.end());
    }
  }
  if (has_clips || has_corpus) return known;
  return Error{ErrorCode::kNotFound,
               fmt::format("{}: there is neither rating/clips.json nor corpus.parquet to tell what "
                           "was rated; remedy: mien rate prepare, or mien ingest",
                           study.string())};
}

Status run_import(const ImportRequest& request) {
  MIEN_TRY(database, Database::open());
  MIEN_TRY(open, open_study(request.study));
  MIEN_TRY(known, known_clips(request.study, database));
  const fs::path file = request.file;
  std::vector<ImportedAnswer> answers;
  if (file.extension() == ".json") {
    MIEN_TRY(text, read_whole_file(file));
    MIEN_TRY(parsed, parse_label_studio(text, file.string()));
    answers = std::move(parsed);
  } else {
    MIEN_TRY(parsed, read_rating_table(database, file));
    answers = std::move(parsed);
  }
  const bool amounts = open.definition.kind == AnswerKind::kIntensity;
  const bool missing = request.mode.empty() ? amounts : request.mode == "value";
  MIEN_TRY(counts,
           import_answers(
               open.ratings, open.definition,
               [&](std::string_view clip) { return known.contains(clip); }, std::move(answers),
               missing ? AbsentLabel::kMissing : AbsentLabel::kZero, file.string(), now_ms()));
  say(fmt::format("{} answers stored, {} were there already; {} new raters", counts.stored,
                  counts.known, counts.raters));
  return Ok{};
}

}  // namespace

Result<MeasuredStudy> ratings_of_study(const fs::path& study) {
  MIEN_TRY(definition, read_survey_definition(study));
  MIEN_TRY(ratings, read_only_ratings(study));
  if (definition.simulated) say("These ratings are marked as simulated: no people rated.");
  auto read = study_ratings(ratings, definition);
  if (!read.ok()) return std::move(read).error().with_context(ratings_file(study).string());
  MIEN_TRY(clips, ClipList::read_if_there(study));
  return MeasuredStudy{std::move(*read), definition.simulated, std::move(clips)};
}

void add_rate_study(CommandLine& line, CLI::App* rate) {
  const auto secret = std::make_shared<std::string>();
  CLI::App* verb = rate->add_subcommand("secret", "Make a new secret for the researcher's page");
  add_study(verb, *secret);
  add_example(verb, "mien rate secret --study study");
  verb->callback([&line, secret] { line.action = [secret] { return run_secret(*secret); }; });

  const auto invite = std::make_shared<InviteRequest>();
  verb = rate->add_subcommand("invite", "Make links with which raters join a group");
  add_study(verb, invite->study);
  verb->add_option("--group", invite->group, "The raters' group (default: the study's first)");
  verb->add_option("--uses", invite->uses, "How many raters may join by one link")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  verb->add_option("--count", invite->count, "How many links")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  verb->add_option("--origin", invite->origin, "Where raters find the server")
      ->capture_default_str();
  add_example(verb, "mien rate invite --study study --uses 20");
  verb->callback([&line, invite] { line.action = [invite] { return run_invite(*invite); }; });

  const auto serve = std::make_shared<ServeRequest>();
  verb = rate->add_subcommand("serve", "Serve the pages of raters and researchers");
  add_study(verb, serve->study);
  verb->add_option("--address", serve->listen.address,
                   "Where to listen; keep it at this machine and put a proxy with TLS before it")
      ->capture_default_str();
  verb->add_option("--port", serve->listen.port, "0: one that is free")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  verb->add_option("--origin", serve->origin,
                   "How raters' browsers call the server (https://rate.example.org); other hosts "
                   "and origins are refused");
  add_example(verb, "mien rate serve --study study");
  verb->callback([&line, serve] {
    line.action = [&line, serve] { return run_serve(*serve, line.resources); };
  });

  const auto to = std::make_shared<ExportRequest>();
  verb = rate->add_subcommand("export", "Write a study's ratings");
  add_study(verb, to->study);
  verb->add_option("--out", to->out, ".csv, .parquet, or .json for Label Studio")->required();
  verb->add_flag("--all", to->all, "Catch clips and excluded raters too");
  verb->add_option("--view", to->view, "Only what was said of clips of this view")
      ->check(CLI::IsMember({"face", "scene"}));
  add_example(verb, "mien rate export --study study --out ratings.csv");
  verb->callback([&line, to] { line.action = [to] { return run_export(*to); }; });

  const auto from = std::make_shared<ImportRequest>();
  verb = rate->add_subcommand("import", "Bring ratings made elsewhere into a study");
  verb->add_option("FILE", from->file,
                   "Ratings (.csv, .tsv, .parquet: rater, clip, label, value; .json: Label Studio)")
      ->required();
  add_study(verb, from->study);
  verb->add_option("--mode", from->mode,
                   "What an absent row of an offered label means: choice: 0; value: missing "
                   "(default: as the study's kind of answer)")
      ->check(CLI::IsMember({"choice", "value"}));
  add_example(verb, "mien rate import ratings.csv --study study");
  verb->callback([&line, from] { line.action = [from] { return run_import(*from); }; });
}

}  // namespace mien
