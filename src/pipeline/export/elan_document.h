// A video's windows as a document of ELAN (Max Planck Institute for Psycholinguistics; schema
// EAFv3.0.xsd): one tier for each track and label that reaches the threshold, on it one annotation
// for each window that does, with the score as its value. Written by pugixml.
#pragma once

#include <string>

#include "pipeline/export/exported_video.h"

namespace mien {

// The document names the video's file where it is known. It has no date of its own, so that the
// same tables give the same bytes: DATE is 1970-01-01.
std::string elan_document(const ExportedVideo& video);

}  // namespace mien
