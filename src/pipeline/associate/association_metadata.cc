#include "pipeline/associate/association_metadata.h"

#include <charconv>
#include <stdexcept>

#include "pipeline/study/program_version.h"

namespace mien {

std::string_view to_string(Within within) {
  switch (within) {
    case Within::kCountry:
      return "country";
    case Within::kNone:
      return "none";
    case Within::kBetweenCountries:
      return "between";
  }
  return "";
}

FileMetadata map_metadata(const MapOptions& options) {
  return {{"mien_version", std::string(kProgramVersion)},
          {"kind", std::string(to_string(options.estimator.kind))},
          {"within", std::string(to_string(options.estimator.within))},
          {"control", options.estimator.control == Control::kExpressions ? "expressions" : "none"},
          {"cluster", std::string(to_string(options.cluster))},
          {"bootstrap", std::to_string(options.bootstrap)},
          {"minimum", std::to_string(options.minimum)},
          {"seed", std::to_string(options.seed)},
          {"block_slots", "128 blocks a group at least, 16 a country at least"}};
}

Result<MapOptions> map_options(const FileMetadata& metadata, int threads) {
  MapOptions options;
  options.threads = threads;
  const auto value = [&](const std::string& key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string() : found->second;
  };
  bool known = false;
  for (const auto kind :
       {AssociationKind::kCorrelation, AssociationKind::kPartial, AssociationKind::kSemipartial,
        AssociationKind::kSlope, AssociationKind::kStandardisedSlope}) {
    if (to_string(kind) != value("kind")) continue;
    options.estimator.kind = kind;
    known = true;
  }
  options.estimator.within = value("within") == "none" ? Within::kNone : Within::kCountry;
  options.estimator.control =
      value("control") == "expressions" ? Control::kExpressions : Control::kNone;
  options.cluster = value("cluster") == "country" ? ClusterBy::kCountry : ClusterBy::kUploader;
  try {
    options.bootstrap = std::stoi(value("bootstrap"));
    options.minimum = std::stoll(value("minimum"));
    options.seed = std::stoull(value("seed"));
  } catch (const std::exception&) {
    known = false;
  }
  if (!known || options.minimum > kLargestMinimum) {
    return Error{ErrorCode::kCorrupt, "the sums do not say how maps were made of them"};
  }
  return options;
}

std::int64_t minimum_of(const FileMetadata& metadata) {
  const auto found = metadata.find("minimum");
  std::int64_t minimum = MapOptions{}.minimum;
  if (found == metadata.end()) return minimum;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), minimum);
  return minimum;
}

std::string first_difference(const FileMetadata& a, const FileMetadata& b, const std::string& in_a,
                             const std::string& in_b) {
  FileMetadata keys = a;
  keys.insert(b.begin(), b.end());
  const auto value = [](const FileMetadata& of, const std::string& key) {
    const auto found = of.find(key);
    return found == of.end() ? std::string() : found->second;
  };
  for (const auto& [key, unused] : keys) {
    if (value(a, key) == value(b, key)) continue;
    return key + " is '" + value(a, key) + "' " + in_a + " and '" + value(b, key) + "' " + in_b;
  }
  return "nothing differs";
}

}  // namespace mien
