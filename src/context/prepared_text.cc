#include "context/prepared_text.h"

#include <utility>

#include "context/text_normalise.h"

namespace mien {

namespace {

// Enough to tell what a video is about; what follows is lists of addresses and credits.
constexpr std::size_t kMaxTitleBytes = 600;
constexpr std::size_t kReadDescriptionBytes = 1800;

// At a space where there is one in the last fifth, else between two characters.
void shorten(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  std::size_t end = most;
  while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  const std::size_t space = text.rfind(' ', end);
  if (space != std::string::npos && space >= most - most / 5) end = space;
  text.resize(end);
}

}  // namespace

PreparedText prepare_text(std::string_view title, std::string_view description) {
  NormalisedText first = normalise_text(title);
  NormalisedText second = normalise_text(description);
  PreparedText prepared;
  prepared.given = !title.empty() || !description.empty();
  prepared.not_text = 2 * (first.bad_bytes + second.bad_bytes) > title.size() + description.size();
  if (prepared.not_text) return prepared;
  shorten(first.text, kMaxTitleBytes);
  shorten(second.text, kReadDescriptionBytes);
  prepared.language = guess_language(first.text + "\n" + second.text);
  const std::string emoji = first.emoji.empty() ? second.emoji : first.emoji;
  if (first.letters > 0) prepared.title = std::move(first.text);
  if (second.letters > 0) prepared.description = std::move(second.text);
  if (!emoji.empty() && !prepared.title.empty()) prepared.title += ' ';
  prepared.title += emoji;
  return prepared;
}

std::string_view unreadable(const PreparedText& text) {
  if (!text.given) return kNoText;
  if (text.not_text) return kNotText;
  return text.title.empty() && text.description.empty() ? kNoWords : std::string_view();
}

}  // namespace mien
