#include "report/script_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "support/paths.h"

#include "report/report_fixture.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::hostile_texts;
using testing::random_bytes;
using testing::TemporaryFolder;

bool is_plain_script(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c >= 0x20 && c <= 0x7e && c != '<' && c != '>' && c != '&';
  });
}

// What a reader of well-formed text would see: bytes that are not UTF-8 replaced.
std::string shown(const std::string& text) {
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace))
      .get<std::string>();
}

TEST(ScriptJson, HoldsHostileTextInPlace) {
  for (const std::string& text : hostile_texts()) {
    const std::string script = script_json(json{{text, text}});
    EXPECT_TRUE(is_plain_script(script)) << script;
    const json back = json::parse(script);
    EXPECT_EQ(back.items().begin().value().get<std::string>(), shown(text));
  }
}

TEST(ScriptJson, HoldsAnyBytes) {
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    const std::string bytes = random_bytes(random, 40);
    const std::string script = script_json(json(bytes));
    ASSERT_TRUE(is_plain_script(script)) << script;
    ASSERT_EQ(json::parse(script).get<std::string>(), shown(bytes));
  }
}

TEST(ScriptJson, WritesWhatIsNotFiniteAsNull) {
  EXPECT_EQ(script_json(json{1.5, std::nan(""), -INFINITY, INFINITY}), "[1.5,null,null,null]");
  const auto ordered = nlohmann::ordered_json::parse(R"({"z": "<", "a": 1})");
  EXPECT_EQ(script_json(ordered), "{\"z\":\"\\u003c\",\"a\":1}");
}

TEST(HtmlText, LeavesNothingThatMarkupIsMadeOf) {
  Random random(2);
  std::vector<std::string> texts = hostile_texts();
  for (int i = 0; i < 3000; ++i) texts.push_back(random_bytes(random, 40));
  const std::set<std::string> entities = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  for (const std::string& text : texts) {
    const std::string safe = html_text(text);
    ASSERT_EQ(safe.find_first_of("<>\"'"), std::string::npos) << safe;
    for (std::size_t at = safe.find('&'); at != std::string::npos; at = safe.find('&', at + 1))
      ASSERT_TRUE(entities.contains(safe.substr(at, safe.find(';', at) - at + 1))) << safe;
    for (const char c : safe)
      ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n');
    ASSERT_NO_THROW((void)json(safe).dump()) << "well-formed UTF-8";
  }
}

TEST(HtmlText, LeavesWordsAlone) {
  EXPECT_EQ(html_text("Grüße, 東京 \xF0\x9F\x98\x80"), "Grüße, 東京 \xF0\x9F\x98\x80");
  EXPECT_EQ(html_text("a<b & 'c'"), "a&lt;b &amp; &#39;c&#39;");
}

std::string decoded(const std::string& url) {
  std::string bytes;
  for (std::size_t i = 0; i < url.size(); ++i) {
    if (url[i] != '%') {
      bytes += url[i];
      continue;
    }
    bytes += static_cast<char>(std::stoi(url.substr(i + 1, 2), nullptr, 16));
    i += 2;
  }
  return bytes;
}

TEST(UrlPath, EncodesSoThatDecodingGivesThePathBack) {
  EXPECT_EQ(url_path("a b/c#1?.mp4"), "a%20b/c%231%3F.mp4");
  Random random(3);
  for (int i = 0; i < 3000; ++i) {
    const std::string bytes = random_bytes(random, 30);
    const std::string url = url_path(bytes);
    ASSERT_EQ(decoded(url), bytes);
    ASSERT_EQ(url.find_first_of(" \"'<>#?&:\\"), std::string::npos) << url;
  }
}

TEST(UrlOf, IsRelativeBelowTheRootAndAbsoluteElsewhere) {
  const TemporaryFolder folder;
  const fs::path study = folder.path() / "study";
  fs::create_directories(study / "report" / "videos");
  fs::create_directories(study / "media");
  EXPECT_EQ(url_of(study / "media" / "a b.mp4", study / "report" / "videos", study),
            "../../media/a%20b.mp4");
  EXPECT_EQ(url_of("/elsewhere/x.mp4", study / "report" / "videos", study),
            "file:///elsewhere/x.mp4");
  EXPECT_EQ(url_of(folder.path() / "study2" / "x.mp4", study / "report" / "videos", study),
            "file://" + url_path(fs::canonical(folder.path()) / "study2" / "x.mp4"))
      << "a neighbour whose name begins alike";
}

TEST(UrlOf, KeepsALinkThatIsNamedAndFollowsLinksAmongFolders) {
  const TemporaryFolder folder;
  const fs::path study = folder.path() / "study";
  fs::create_directories(study / "report" / "videos");
  fs::create_directories(study / "media");
  fs::create_symlink("/elsewhere/x.mp4", study / "media" / "link.mp4");
  EXPECT_EQ(url_of(study / "media" / "link.mp4", study / "report" / "videos", study),
            "../../media/link.mp4");
  fs::create_directory_symlink(study, folder.path() / "door");
  EXPECT_EQ(url_of(folder.path() / "door" / "media" / "a.mp4", study / "report" / "videos", study),
            "../../media/a.mp4");
}

}  // namespace
}  // namespace mien
