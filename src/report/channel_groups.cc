#include <algorithm>

#include "report/page_data.h"
#include "report/report_writer.h"

namespace mien {

namespace {

ChannelGroup group_of(const std::string& prefix) {
  if (prefix == "basic7")
    return {"basic7",
            "Basic expressions",
            "Seven labels of a small public face classifier (face_expression_model of "
            "@vladmandic/face-api); the people who labelled its training pictures are not "
            "documented.",
            "Its confusion on these videos is unknown. On labelled still pictures it errs often; "
            "see the model's entry in the documentation.",
            false,
            true};
  if (prefix == "action")
    return {"action",
            "Facial actions",
            "Formulas over face landmarks and appearance, named after the Action Units that they "
            "approximate. No emotion word, no rater.",
            "In units of the face's own size, corrected for head pose up to a stated limit; not "
            "calibrated against human Action Unit coders.",
            false,
            false};
  if (prefix == "label")
    return {"label",
            "Expression labels (prototype16)",
            "Sixteen labels as a weighting of facial actions and basic expressions, the weights "
            "taken from published descriptions.",
            "A prior that no rating has validated: how often raters would agree is not known.",
            true,
            true};
  if (prefix == "blendshape")
    return {"blendshape",
            "Blendshapes",
            "52 movements named after Apple's ARKit, by a network of MediaPipe over landmarks. No "
            "emotion word, no rater.",
            "How the values were made that the network learned from is not documented; not "
            "calibrated against human coders.",
            false,
            false};
  if (prefix == "au")
    return {"au",
            "Action Units",
            "Action Units of the Facial Action Coding System, read off blendshapes by a published "
            "table. No emotion word, no coder.",
            "No FACS intensities; agreement with human coders was not measured. AU6 and AU9 cannot "
            "be told and are left out.",
            false,
            false};
  return {prefix,
          prefix,
          "A model that the study's owner added; see its manifest.",
          "Nothing is known here about its reliability on these videos.",
          false,
          false};
}

}  // namespace

std::string channel_prefix(const std::string& channel) {
  return channel.substr(0, channel.find('_'));
}

std::vector<ChannelGroup> default_channel_groups(ChannelColumns channels) {
  std::vector<ChannelGroup> groups;
  for (const ColumnSpec& channel : channels) {
    const std::string prefix = channel_prefix(channel.name);
    const bool known = std::any_of(groups.begin(), groups.end(),
                                   [&](const ChannelGroup& g) { return g.prefix == prefix; });
    if (!known) groups.push_back(group_of(prefix));
  }
  return groups;
}

}  // namespace mien
