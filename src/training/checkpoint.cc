#include "training/checkpoint.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/outside_json.h"
#include "base/sha256.h"
#include "store/durable_file.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

std::array<const std::vector<float>*, 4> parts_of(const Checkpoint& c) {
  return {&c.parameters, &c.first_moment, &c.second_moment, &c.best};
}

}  // namespace

Status write_checkpoint(const std::filesystem::path& path, const std::string& key,
                        const Checkpoint& checkpoint) {
  std::string numbers;
  for (const std::vector<float>* part : parts_of(checkpoint))
    numbers.append(reinterpret_cast<const char*>(part->data()), part->size() * sizeof(float));
  Json epochs = Json::array();
  for (const EpochLoss& loss : checkpoint.epochs) epochs.push_back({loss.train, loss.validation});
  const Json head = {{"key", key},
                     {"epoch", checkpoint.epoch},
                     {"batch", checkpoint.batch},
                     {"step", checkpoint.step},
                     {"learning_rate", checkpoint.learning_rate},
                     {"stale", checkpoint.stale},
                     {"loss_sum", checkpoint.loss_sum},
                     {"weight_sum", checkpoint.weight_sum},
                     {"epochs", epochs},
                     {"best_epoch", checkpoint.best_epoch},
                     {"size", checkpoint.parameters.size()},
                     {"sha256", sha256_of_bytes(numbers)}};
  return write_file_durably(path, head.dump() + "\n" + numbers);
}

std::optional<Checkpoint> read_checkpoint(const std::filesystem::path& path,
                                          const std::string& key) {
  const auto bytes = read_whole_file(path);
  if (!bytes.ok()) return std::nullopt;
  const std::size_t line = bytes->find('\n');
  const Json head = parse_own_json<Json>(std::string_view(*bytes).substr(0, line));
  if (line == std::string::npos || head.is_discarded() || !head.is_object()) return std::nullopt;
  const std::string_view numbers = std::string_view(*bytes).substr(line + 1);
  try {
    if (head.at("key").get<std::string>() != key ||
        head.at("sha256").get<std::string>() != sha256_of_bytes(numbers))
      return std::nullopt;
    Checkpoint checkpoint;
    checkpoint.epoch = head.at("epoch").get<int>();
    checkpoint.batch = head.at("batch").get<std::size_t>();
    checkpoint.step = head.at("step").get<std::int64_t>();
    checkpoint.learning_rate = head.at("learning_rate").get<double>();
    checkpoint.stale = head.at("stale").get<int>();
    checkpoint.loss_sum = head.at("loss_sum").get<double>();
    checkpoint.weight_sum = head.at("weight_sum").get<double>();
    for (const Json& loss : head.at("epochs"))
      checkpoint.epochs.push_back({loss.at(0).get<double>(), loss.at(1).get<double>()});
    checkpoint.best_epoch = head.at("best_epoch").get<int>();
    const auto size = head.at("size").get<std::size_t>();
    if (numbers.size() % (4 * sizeof(float)) != 0 || size != numbers.size() / (4 * sizeof(float)))
      return std::nullopt;
    std::string_view left = numbers;
    for (std::vector<float>* part : {&checkpoint.parameters, &checkpoint.first_moment,
                                     &checkpoint.second_moment, &checkpoint.best}) {
      *part = numbers_of_bytes<float>(left.substr(0, size * sizeof(float)));
      left.remove_prefix(size * sizeof(float));
    }
    return checkpoint;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace mien
