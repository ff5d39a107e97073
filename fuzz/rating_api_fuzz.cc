// What a rating study takes from outside: requests to its server, rating.toml, clips.json, tables
// and Label Studio files to import. The first byte chooses.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "serve/rating_api.h"
#include "store/csv_import.h"
#include "survey/clip_list.h"
#include "survey/definition.h"
#include "survey/label_studio.h"
#include "survey/rating_database.h"
#include "survey/rating_import.h"

namespace {

constexpr const char* kDefinition = R"toml(
languages = ["en"]
[texts.en]
title = "t"
instructions = "i"
consent = "c"
[answers]
choice = "multiple"
free_text = true
[plan]
repeat_every = 3
repeat_gap = 1
[[labels]]
id = "a"
words.en = "a"
[[labels]]
id = "b"
words.en = "b"
)toml";

// A study with one rater who rates; its tokens stand for the bytes 'R' and 'S' in a request.
struct Study {
  std::filesystem::path folder;
  std::unique_ptr<mien::RatingApi> api;
  std::string rater, secret;

  Study() {
    std::string name = (std::filesystem::temp_directory_path() / "mien-fuzz-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder = name;
    std::filesystem::create_directories(folder / "rating" / "clips");
    std::filesystem::create_directories(folder / "web");
    std::ofstream(folder / "rating" / "rating.toml") << kDefinition;
    std::ofstream(folder / "rating" / "clips" / "c.webm") << "clip";
    std::ofstream list(folder / "rating" / "clips.json");
    list << R"({"version":1,"clips":[)";
    for (int i = 0; i < 50; ++i) {
      list << (i == 0 ? "" : ",") << R"({"id":"c)" << i << R"(","webm":"c.webm","duration_s":1})";
    }
    list << "]}";
    list.close();
    for (const char* page : {"rate.js", "rate.css", "research.js", "research.css"}) {
      std::ofstream(folder / "web" / page) << page;
    }
    const auto definition = mien::read_survey_definition(folder);
    auto ratings = mien::open_ratings(folder, *definition).value();
    (void)ratings.run_script("PRAGMA synchronous = OFF").ok();
    secret = mien::renew_secret(ratings).value();
    const std::string invitation =
        mien::add_invitation(ratings, *definition, "all", 1'000'000, 1).value();
    mien::RatingApiOptions options;
    options.web = folder / "web";
    options.clock = [] { return std::int64_t{1'000'000}; };
    options.log = [](const std::string&) {};
    options.reliability = [](const mien::Ratings&) { return nlohmann::ordered_json::object(); };
    api = mien::RatingApi::open(folder, options).value();
    const auto joined = ask("POST", "/api/join", "", R"({"invitation":")" + invitation + "\"}");
    rater = nlohmann::json::parse(joined.body).at("token");
    ask("POST", "/api/consent", rater, R"({"agreed":true})");
  }
  ~Study() {
    api.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  mien::HttpResponse ask(const std::string& method, const std::string& path,
                         const std::string& token, const std::string& body,
                         const std::string& query = "", const std::string& origin = "") {
    mien::HttpRequest request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.host = "host";
    request.origin = origin;
    request.content_type = "application/json";
    request.authorization = "Bearer " + token;
    request.body = body;
    if (auto response = api->at_once(request)) return *response;
    if (api->is_slow(request)) return api->slow(request);
    return api->quick({request}).front();
  }
};

// "METHOD\nPATH\nQUERY\nTOKEN\nORIGIN\nBODY"
void request(std::string text) {
  static Study study;
  std::string parts[6];
  for (int i = 0; i < 5; ++i) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    parts[i] = text.substr(0, end);
    text.erase(0, std::min(end + 1, text.size()));
  }
  parts[5] = text;
  const std::string token = parts[3] == "R"   ? study.rater
                            : parts[3] == "S" ? study.secret
                                              : parts[3];
  if (parts[1] == "/api/withdraw" || parts[1] == "/api/stop") return;  // the rater goes on
  if (parts[1] == "/api/research/exclude") return;
  const auto response = study.ask(parts[0], parts[1], token, parts[5], parts[2], parts[4]);
  // Nothing that comes in may break the server or its database.
  if (response.status == 500 || response.body.find("not_stored") != std::string::npos) std::abort();
  std::error_code ignored;
  if (response.remove_file) std::filesystem::remove(response.file, ignored);
}

void import_table(std::string_view text) {
  static Study study;
  const auto path = study.folder / "table.csv";
  std::ofstream(path, std::ios::binary) << text;
  static mien::Database database = mien::Database::open().value();
  auto answers = mien::read_rating_table(database, path);
  if (!answers.ok()) return;
  const auto& definition = study.api->definition();
  static auto ratings = mien::open_ratings(study.folder, definition).value();
  (void)mien::import_answers(
      ratings, definition, [](std::string_view) { return true; }, std::move(*answers),
      mien::AbsentLabel::kZero, "table.csv", 1)
      .ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'T':
      (void)mien::parse_survey_definition(text, "rating.toml").ok();
      break;
    case 'C':
      (void)mien::ClipList::parse(text, "clips.json").ok();
      break;
    case 'L':
      (void)mien::parse_label_studio(text, "tasks.json").ok();
      break;
    case 'I':
      import_table(text);
      break;
    default:
      request(std::string(text));
  }
  return 0;
}
