// The paragraph for a paper's methods section.
#include <array>
#include <charconv>

#include "report/study_pages.h"

namespace mien {

namespace {

using OrderedJson = nlohmann::ordered_json;

// A number of the comparison, "not estimable" where it is null or not there.
std::string number(const OrderedJson& json, const char* pointer, int digits = 3) {
  const OrderedJson::json_pointer place(pointer);
  if (!json.is_object() || !json.contains(place) || !json.at(place).is_number()) {
    return "not estimable";
  }
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(),
                                 json.at(place).get<double>(), std::chars_format::fixed, digits);
  return end.ec == std::errc() ? std::string(text.data(), end.ptr) : "out of range";
}

std::string plain(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += ' ';
      continue;
    }
    if (std::string_view("\\`*_[]<>#|").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string mark_of(const MapSet& set) {
  if (set.is_simulated) return "**Simulated: drawn from a declared model; nobody's faces.** ";
  if (set.is_prior) return "**Prior: no rating has validated these labels.** ";
  return "";
}

std::string counts_of(const MapSet& set) {
  std::int64_t cells = 0;
  std::int64_t estimated = 0;
  std::int64_t videos = 0;
  bool known = true;
  for (const RegionCells& region : set.cells) {
    cells += static_cast<std::int64_t>(region.reason.size());
    for (const std::uint8_t reason : region.reason) estimated += reason == 0 ? 1 : 0;
    known = known && region.n >= 0;
    videos += region.n;
  }
  std::string text =
      std::to_string(set.regions.size()) + " regions, " + std::to_string(set.contexts.size()) +
      " contexts, " + std::to_string(set.expressions.size()) + " expressions; " +
      std::to_string(estimated) + " of " + std::to_string(cells) + " cells have an estimate";
  text += known ? "; " + std::to_string(videos) + " videos in the analysis."
                : "; numbers of videos are not known.";
  return text;
}

std::string comparison_of(const MapSet& set) {
  const OrderedJson& c = set.comparison;
  if (!c.is_object()) return "The regions' maps have not been compared.";
  std::string text = "Mean correlation of two regions' maps r = " + number(c, "/pairwise/mean_r") +
                     " (" + number(c, "/pairwise/min") + " to " + number(c, "/pairwise/max") +
                     "), Spearman " + number(c, "/pairwise/mean_spearman") + ", winsorised r " +
                     number(c, "/pairwise/mean_r_winsorised") + ".";
  if (c.contains("/noise_corrected/estimable"_json_pointer) &&
      c["noise_corrected"]["estimable"] == true) {
    text += " Corrected for sampling noise: " + number(c, "/noise_corrected/mean_rho/estimate") +
            " (95% " + number(c, "/noise_corrected/mean_rho/lower") + " to " +
            number(c, "/noise_corrected/mean_rho/upper") + ", jackknife); variance preserved " +
            number(c, "/noise_corrected/variance_preserved/estimate") + " (" +
            number(c, "/noise_corrected/variance_preserved/lower") + " to " +
            number(c, "/noise_corrected/variance_preserved/upper") + ").";
  } else {
    text += " Similarity corrected for noise: not estimable.";
  }
  text += " A region against the mean of the others: " + number(c, "/region_vs_rest_summary/mean") +
          ", where averaging alone gives " +
          number(c, "/region_vs_rest_summary/expected_from_averaging") + ".";
  if (c.contains("preserved")) {
    const OrderedJson& preserved = c["preserved"];
    text += preserved.contains("preserved") && preserved["preserved"].is_number()
                ? " Preserved components, counted by flipping the signs of whole regions' maps: " +
                      number(c, "/preserved/preserved", 0) + " of at most " +
                      number(c, "/preserved/ceiling", 0) + "."
                : " Preserved components: not testable.";
  }
  if (c.contains("heterogeneity") && c["heterogeneity"].value("estimable", false)) {
    text += " Cells over all regions: " + number(c, "/heterogeneity/alike", 0) +
            " alike within a margin of " + number(c, "/heterogeneity/margin") + ", " +
            number(c, "/heterogeneity/different", 0) + " different, " +
            number(c, "/heterogeneity/undecided", 0) + " undecided, " +
            number(c, "/heterogeneity/not_estimable", 0) + " not estimable.";
  }
  return text;
}

}  // namespace

std::string study_summary(const StudyPagesFacts& facts) {
  std::string text = "# " + plain(facts.study_name) + "\n\nMade by Mien " +
                     plain(facts.program_version) +
                     ". A label is what raters would call a face, never what a person feels. "
                     "Results are for groups; online videos are not populations.\n";
  if (facts.declaration.has_value()) {
    const StudyDeclaration& declared = *facts.declaration;
    const auto line = [&](const char* name, const std::string& value) {
      text +=
          std::string("- ") + name + ": " + (value.empty() ? "not declared" : plain(value)) + "\n";
    };
    text += "\n";
    line("Purpose", declared.purpose);
    line("Legal basis", declared.legal_basis);
    line("Ethics approval", declared.ethics_approval);
    if (!declared.data_source.empty()) line("Source of the videos", declared.data_source);
    if (!declared.contact.empty()) line("Contact", declared.contact);
  }
  for (const MapSet& set : facts.sets) {
    text += "\n## " + plain(set.title) + "\n\n" + mark_of(set) +
            "Kind of association: " + plain(set.kind) + ". " + counts_of(set) + "\n\n";
    if (!set.whose_labels.empty()) {
      text += "Whose labels: " + plain(set.whose_labels) + " " + plain(set.reliability) + "\n\n";
    }
    text += comparison_of(set) + "\n";
    for (const std::string& note : set.notes) text += "\n- " + plain(note);
    if (!set.notes.empty()) text += "\n";
  }
  if (!facts.options.empty()) {
    text += "\n## Options\n\n";
    for (const auto& [name, value] : facts.options) {
      text += "- " + plain(name) + ": " + plain(value) + "\n";
    }
  }
  return text;
}

}  // namespace mien
