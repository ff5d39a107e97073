#include "expression/channel.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "expression/action_units.h"
#include "expression/actions.h"
#include "expression/blendshapes.h"
#include "expression/expression_crop.h"
#include "expression/expression_model.h"
#include "expression/prototype.h"
#include "expression/track_features.h"

namespace mien {
namespace {

constexpr const char* kBasic7Model = "face_expression";
constexpr const char* kLabelPrefix = "label";

std::string prefix_of(const Manifest& manifest) {
  return manifest.channel.empty() ? manifest.id : manifest.channel;
}

ColumnSpec column_of(const Manifest& manifest, const std::string& label) {
  const std::string kind = manifest.activation == "softmax" ? "Probability" : "Score";
  return {prefix_of(manifest) + "_" + label, ColumnType::kDouble,
          kind + " of the label '" + label + "', by the model " + manifest.id + " " +
              manifest.version +
              "; what raters might call the face, not what the person feels. Whose labels: " +
              manifest.whose_labels + "."};
}

ColumnSpec column_of(const ActionSpec& action) {
  return {"action_" + std::string(action.name), ColumnType::kDouble,
          std::string(action.description) + " (" + std::string(action.action_units) + "), in " +
              std::string(action.unit) + "; 0 is a typical neutral face, not the person's own."};
}

ColumnSpec column_of(const Prototype& prototype, const std::string& label) {
  return {std::string(kLabelPrefix) + "_" + label, ColumnType::kDouble,
          "Score of the label '" + label + "' in [0, 1], by " + prototype.id() + ". " +
              prototype.notice()};
}

}  // namespace

// All numbers of one face stand in one row: basic7, further models, actions, blendshapes, Action
// Units, labels, each only where asked for or needed by another. Columns are places in that row.
struct ChannelScorer::State {
  std::vector<ColumnSpec> row{};
  std::vector<ColumnSpec> columns{};
  std::vector<std::size_t> column_places{};
  std::vector<ExpressionModel> models{};
  bool has_actions = false;
  std::optional<Prototype> prototype{};
  std::vector<std::size_t> prototype_places{};
  std::optional<Blendshapes> blendshapes{};
  std::optional<ActionUnits> action_units{};
  StageClock action_clock{};
  StageClock label_clock{};
  std::optional<FeatureExtractor> features{};
  std::optional<std::size_t> head_columns{};

  // Columns that no frame fills, and what the head reads.
  Status add_head(const ModelSet& set, const std::string& id) {
    MIEN_TRY(head, ExpressionHead::open(set, id));
    for (ColumnSpec& column : columns_of(facts_of(head.manifest()))) {
      row.push_back(std::move(column));
    }
    MIEN_TRY(opened, FeatureExtractor::open(set, head.manifest().features.blocks));
    features = std::move(opened);
    return Ok{};
  }

  Status add_all_features(const ModelSet& set, const std::vector<std::string>& extra) {
    MIEN_TRY(blocks, feature_blocks(set, extra));
    MIEN_TRY(opened, FeatureExtractor::open(set, blocks));
    features = std::move(opened);
    return Ok{};
  }

  Status add_model(const ModelSet& set, const std::string& id) {
    MIEN_TRY(model, ExpressionModel::open(set, id));
    for (const std::string& label : model.manifest().labels) {
      row.push_back(column_of(model.manifest(), label));
    }
    models.push_back(std::move(model));
    return Ok{};
  }

  void add_actions() {
    has_actions = true;
    for (const ActionSpec& action : action_specs()) row.push_back(column_of(action));
  }

  Status add_prototype(const std::filesystem::path& file) {
    MIEN_TRY(read, Prototype::read(file, action_units.has_value()));
    for (const std::string& input : read.inputs()) {
      const auto found = std::find_if(
          row.begin(), row.end(), [&](const ColumnSpec& column) { return column.name == input; });
      if (found == row.end()) {
        return Error{ErrorCode::kMismatch, file.string() + ": there is no channel '" + input +
                                               "'; name one of basic7 or action"};
      }
      prototype_places.push_back(static_cast<std::size_t>(found - row.begin()));
    }
    for (const std::string& label : read.labels()) row.push_back(column_of(read, label));
    prototype = std::move(read);
    return Ok{};
  }

  Status add_blendshapes(const ModelSet& set) {
    MIEN_TRY(opened, Blendshapes::open(set));
    for (ColumnSpec& column : blendshape_columns(opened.manifest()))
      row.push_back(std::move(column));
    blendshapes = std::move(opened);
    return Ok{};
  }

  Status add_action_units() {
    MIEN_TRY(opened, ActionUnits::open(blendshapes->manifest().labels));
    for (ColumnSpec& column : action_unit_columns()) row.push_back(std::move(column));
    action_units = std::move(opened);
    return Ok{};
  }

  // Makes columns of a stretch of the row. Where two columns would have one name, the later is
  // refused.
  Status show(std::size_t first, std::size_t count) {
    for (std::size_t place = first; place < first + count; ++place) {
      const auto is_same = [&](const ColumnSpec& known) { return known.name == row[place].name; };
      if (std::any_of(columns.begin(), columns.end(), is_same)) {
        return Error{ErrorCode::kMismatch, "the column '" + row[place].name +
                                               "' is there already; give the model a channel of " +
                                               "its own in its manifest"};
      }
      columns.push_back(row[place]);
      column_places.push_back(place);
    }
    return Ok{};
  }
};

Result<ChannelScorer> ChannelScorer::open(const ModelSet& models, const ChannelOptions& options) {
  auto state = std::make_unique<State>();
  bool needs_prototype = options.label && !options.head;
  struct Stretch {
    std::size_t first;
    std::size_t count;
  };
  std::vector<Stretch> stretches;  // in column order, which is not the row's
  const auto since = [&](std::size_t first) { return Stretch{first, state->row.size() - first}; };

  std::vector<Stretch> further;
  std::size_t first = 0;
  if (options.basic7 || needs_prototype) MIEN_TRY_VOID(state->add_model(models, kBasic7Model));
  if (options.basic7) stretches.push_back(since(first));
  for (const std::string& id : options.expression_models) {
    first = state->row.size();
    auto added = state->add_model(models, id);
    if (!added.ok()) return std::move(added).error().with_context("expression model '" + id + "'");
    further.push_back(since(first));
    if (prefix_of(state->models.back().manifest()) == kLabelPrefix) needs_prototype = false;
  }
  first = state->row.size();
  if (options.action || needs_prototype) state->add_actions();
  if (options.action) stretches.push_back(since(first));
  std::vector<Stretch> after_labels;
  first = state->row.size();
  if (options.needs_blendshapes()) MIEN_TRY_VOID(state->add_blendshapes(models));
  if (options.blendshape) after_labels.push_back(since(first));
  first = state->row.size();
  if (options.action_units) {
    MIEN_TRY_VOID(state->add_action_units());
    after_labels.push_back(since(first));
  }
  first = state->row.size();
  if (needs_prototype) {
    MIEN_TRY_VOID(state->add_prototype(options.prototype_file));
    stretches.push_back(since(first));
  }
  stretches.insert(stretches.end(), after_labels.begin(), after_labels.end());
  stretches.insert(stretches.end(), further.begin(), further.end());
  if (options.head) {
    first = state->row.size();
    auto added = state->add_head(models, options.head->id);
    if (!added.ok()) {
      return std::move(added).error().with_context("expression model '" + options.head->id + "'");
    }
    stretches.push_back(since(first));
  }
  for (const Stretch& stretch : stretches) {
    MIEN_TRY_VOID(state->show(stretch.first, stretch.count));
  }
  if (options.head) state->head_columns = state->columns.size() - stretches.back().count;
  if (options.features) MIEN_TRY_VOID(state->add_all_features(models, options.extra_features));
  return ChannelScorer(std::move(state));
}

ChannelScorer::ChannelScorer(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChannelScorer::ChannelScorer(ChannelScorer&&) noexcept = default;
ChannelScorer& ChannelScorer::operator=(ChannelScorer&&) noexcept = default;
ChannelScorer::~ChannelScorer() = default;

const std::vector<ColumnSpec>& ChannelScorer::columns() const {
  return state_->columns;
}

Result<std::vector<float>> ChannelScorer::score(const ImageView& image, double scale,
                                                const FaceObservation& face) {
  MIEN_CHECK(face.has_landmarks, "only faces with reason kNone are scored");
  std::vector<float> row;
  row.reserve(state_->row.size());
  const CropSquare square = expression_square(face);
  for (ExpressionModel& model : state_->models) {
    MIEN_TRY(scores, model.score(image, scale, square));
    row.insert(row.end(), scores.begin(), scores.end());
  }
  if (state_->has_actions) {
    const StageClock::Call call(state_->action_clock);
    const Actions actions = measure_actions(face.landmarks);
    row.insert(row.end(), actions.begin(), actions.end());
  }
  if (state_->blendshapes) {
    MIEN_TRY(shapes, state_->blendshapes->score(image, scale, face));
    row.insert(row.end(), shapes.begin(), shapes.end());
    if (state_->action_units) {
      const std::vector<float> units = state_->action_units->from(shapes);
      row.insert(row.end(), units.begin(), units.end());
    }
  }
  if (state_->prototype) {
    const StageClock::Call call(state_->label_clock);
    std::vector<float> inputs;
    inputs.reserve(state_->prototype_places.size());
    for (const std::size_t place : state_->prototype_places) inputs.push_back(row[place]);
    const std::vector<float> labels = state_->prototype->score(inputs);
    row.insert(row.end(), labels.begin(), labels.end());
  }
  row.resize(state_->row.size(), std::numeric_limits<float>::quiet_NaN());  // the head's
  std::vector<float> scores;
  scores.reserve(state_->column_places.size());
  for (const std::size_t place : state_->column_places) scores.push_back(row[place]);
  return scores;
}

std::size_t ChannelScorer::feature_size() const {
  return state_->features ? state_->features->size() : 0;
}

Result<std::vector<float>> ChannelScorer::features(const ImageView& image, double scale,
                                                   const FaceObservation& face,
                                                   std::int64_t grid_index) {
  if (!state_->features) return std::vector<float>();
  return state_->features->extract(image, scale, face, grid_index);
}

std::optional<std::size_t> ChannelScorer::head_columns() const {
  return state_->head_columns;
}

std::vector<StageTime> ChannelScorer::stage_times() const {
  std::vector<StageTime> times;
  for (const ExpressionModel& model : state_->models) {
    times.push_back({prefix_of(model.manifest()), model.clock().calls, model.clock().seconds});
  }
  const auto add = [&times](const char* stage, const StageClock& clock) {
    times.push_back({stage, clock.calls, clock.seconds});
  };
  if (state_->has_actions) add("action", state_->action_clock);
  if (state_->prototype) add(kLabelPrefix, state_->label_clock);
  if (state_->blendshapes) {
    const std::vector<StageTime> shapes = state_->blendshapes->stage_times();
    times.insert(times.end(), shapes.begin(), shapes.end());
  }
  if (state_->features) {
    const std::vector<StageTime> read = state_->features->stage_times();
    times.insert(times.end(), read.begin(), read.end());
  }
  return times;
}

}  // namespace mien
