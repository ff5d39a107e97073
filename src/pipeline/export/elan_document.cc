#include "pipeline/export/elan_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <pugixml.hpp>
#include <sstream>

#include "base/ascii_case.h"

namespace mien {

namespace {

constexpr const char* kLinguisticType = "score";

// Windows of a label on one track.
struct Tier {
  std::int64_t track = 0;
  std::size_t label = 0;
  std::vector<std::size_t> windows;
};

std::int64_t milliseconds(std::int64_t time_us) {
  return (time_us + 500) / 1000;
}

std::pair<std::int64_t, std::int64_t> span_ms(const ExportedWindow& window) {
  const std::int64_t start = milliseconds(window.start_us);
  return {start, std::max(start + 1, milliseconds(window.end_us))};
}

// By track, then in the order of the labels.
std::vector<Tier> tiers_of(const ExportedVideo& video) {
  std::map<std::pair<std::int64_t, std::size_t>, Tier> tiers;
  for (std::size_t w = 0; w < video.windows.size(); ++w) {
    const ExportedWindow& window = video.windows[w];
    for (std::size_t i = 0; i < window.scores.size(); ++i) {
      if (!(window.scores[i] >= video.threshold)) continue;
      Tier& tier = tiers[{window.track, i}];
      tier.track = window.track;
      tier.label = i;
      tier.windows.push_back(w);
    }
  }
  std::vector<Tier> list;
  for (auto& [key, tier] : tiers) list.push_back(std::move(tier));
  return list;
}

std::string file_url(const std::string& path) {
  std::string url = "file://";
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') ||
                          std::string_view("/-._~").find(c) != std::string_view::npos;
    url += is_plain ? std::string(1, c)
                    : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return url;
}

// As ELAN names kinds of media; "unknown" lets it look at the file.
const char* kind_of(const std::string& path) {
  const std::string ending = ascii_lower_case(std::filesystem::path(path).extension().string());
  if (ending == ".mp4" || ending == ".m4v") return "video/mp4";
  if (ending == ".mov") return "video/quicktime";
  if (ending == ".mpg" || ending == ".mpeg") return "video/mpeg";
  return "unknown";
}

void add_header(pugi::xml_node document, const ExportedVideo& video, std::size_t annotations) {
  pugi::xml_node header = document.append_child("HEADER");
  header.append_attribute("MEDIA_FILE") = "";
  header.append_attribute("TIME_UNITS") = "milliseconds";
  if (!video.uri.empty()) {
    pugi::xml_node media = header.append_child("MEDIA_DESCRIPTOR");
    media.append_attribute("MEDIA_URL") = file_url(video.uri).c_str();
    media.append_attribute("MIME_TYPE") = kind_of(video.uri);
  }
  const auto add_property = [&](const char* name, const std::string& value) {
    pugi::xml_node property = header.append_child("PROPERTY");
    property.append_attribute("NAME") = name;
    property.text() = printable(value).c_str();
  };
  add_property("mien.video", video.video_id);
  add_property("mien.labels",
               "A label is what raters would call a face, never what a person feels.");
  for (const std::string& whose : video.whose_labels) add_property("mien.whose_labels", whose);
  add_property("mien.threshold", fmt::format("{}", video.threshold));
  add_property("lastUsedAnnotationId", std::to_string(annotations));
}

}  // namespace

std::string elan_document(const ExportedVideo& video) {
  const std::vector<Tier> tiers = tiers_of(video);
  std::map<std::int64_t, std::string> slots;  // time -> id, numbered as they rise
  std::size_t annotations = 0;
  for (const Tier& tier : tiers) {
    annotations += tier.windows.size();
    for (const std::size_t w : tier.windows) {
      const auto [start, end] = span_ms(video.windows[w]);
      slots[start];
      slots[end];
    }
  }
  std::size_t number = 0;
  for (auto& [time, id] : slots) id = fmt::format("ts{}", ++number);

  pugi::xml_document xml;
  pugi::xml_node declaration = xml.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node document = xml.append_child("ANNOTATION_DOCUMENT");
  document.append_attribute("AUTHOR") = "Mien";
  document.append_attribute("DATE") = "1970-01-01T00:00:00+00:00";
  document.append_attribute("FORMAT") = "3.0";
  document.append_attribute("VERSION") = "3.0";
  document.append_attribute("xmlns:xsi") = "http://www.w3.org/2001/XMLSchema-instance";
  document.append_attribute("xsi:noNamespaceSchemaLocation") =
      "http://www.mpi.nl/tools/elan/EAFv3.0.xsd";
  add_header(document, video, annotations);

  pugi::xml_node order = document.append_child("TIME_ORDER");
  for (const auto& [time, id] : slots) {
    pugi::xml_node slot = order.append_child("TIME_SLOT");
    slot.append_attribute("TIME_SLOT_ID") = id.c_str();
    slot.append_attribute("TIME_VALUE") = static_cast<long long>(time);
  }
  number = 0;
  for (const Tier& tier : tiers) {
    pugi::xml_node node = document.append_child("TIER");
    node.append_attribute("LINGUISTIC_TYPE_REF") = kLinguisticType;
    node.append_attribute("PARTICIPANT") = fmt::format("face {}", tier.track).c_str();
    node.append_attribute("TIER_ID") =
        fmt::format("face {}: {}", tier.track, printable(video.labels[tier.label])).c_str();
    for (const std::size_t w : tier.windows) {
      const auto [start, end] = span_ms(video.windows[w]);
      pugi::xml_node annotation =
          node.append_child("ANNOTATION").append_child("ALIGNABLE_ANNOTATION");
      annotation.append_attribute("ANNOTATION_ID") = fmt::format("a{}", ++number).c_str();
      annotation.append_attribute("TIME_SLOT_REF1") = slots.at(start).c_str();
      annotation.append_attribute("TIME_SLOT_REF2") = slots.at(end).c_str();
      annotation.append_child("ANNOTATION_VALUE").text() =
          fmt::format("{:.3f}", video.windows[w].scores[tier.label]).c_str();
    }
  }
  pugi::xml_node type = document.append_child("LINGUISTIC_TYPE");
  type.append_attribute("GRAPHIC_REFERENCES") = "false";
  type.append_attribute("LINGUISTIC_TYPE_ID") = kLinguisticType;
  type.append_attribute("TIME_ALIGNABLE") = "true";
  std::ostringstream text;
  xml.save(text, "  ", pugi::format_default, pugi::encoding_utf8);
  return text.str();
}

}  // namespace mien
