#include "expression/channel.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "expression/expression_crop.h"
#include "expression/expression_model.h"

namespace mien {
namespace {

constexpr const char* kBasic7Model = "face_expression";

std::string prefix_of(const Manifest& manifest) {
  return manifest.channel.empty() ? manifest.id : manifest.channel;
}

std::string description_of(const Manifest& manifest, const std::string& label) {
  const std::string kind = manifest.activation == "sigmoid" ? "Score" : "Probability";
  return kind + " of the label '" + label + "' in [0, 1], by the model " + manifest.id + " " +
         manifest.version + "; what raters might call the face, not what the person feels. " +
         "Whose labels: " + manifest.whose_labels + ".";
}

}  // namespace

struct ChannelScorer::State {
  std::vector<ColumnSpec> columns{};
  std::vector<ExpressionModel> models{};  // those whose scores are columns, in column order

  // Where two columns would have one name, the later model is refused.
  Status add_column(ColumnSpec column, const std::string& of) {
    const bool is_taken = std::any_of(columns.begin(), columns.end(), [&](const ColumnSpec& known) {
      return known.name == column.name;
    });
    if (is_taken) {
      return Error{ErrorCode::kMismatch, of + ": its column '" + column.name +
                                             "' is there already; give the model a channel of " +
                                             "its own in its manifest"};
    }
    columns.push_back(std::move(column));
    return Ok{};
  }

  Status add_model(const ModelSet& set, const std::string& id) {
    MIEN_TRY(model, ExpressionModel::open(set, id));
    const Manifest& manifest = model.manifest();
    for (const std::string& label : manifest.labels) {
      MIEN_TRY_VOID(add_column(
          {prefix_of(manifest) + "_" + label, ColumnType::kDouble, description_of(manifest, label)},
          manifest.path.string()));
    }
    models.push_back(std::move(model));
    return Ok{};
  }
};

Result<ChannelScorer> ChannelScorer::open(const ModelSet& models, const ChannelOptions& options) {
  auto state = std::make_unique<State>();
  if (options.basic7) MIEN_TRY_VOID(state->add_model(models, kBasic7Model));
  for (const std::string& id : options.expression_models) {
    auto added = state->add_model(models, id);
    if (!added.ok()) return std::move(added).error().with_context("expression model '" + id + "'");
  }
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
  std::vector<float> scores;
  scores.reserve(state_->columns.size());
  const CropSquare square = expression_square(face);
  for (ExpressionModel& model : state_->models) {
    MIEN_TRY(of_model, model.score(image, scale, square));
    scores.insert(scores.end(), of_model.begin(), of_model.end());
  }
  return scores;
}

std::vector<StageTime> ChannelScorer::stage_times() const {
  std::vector<StageTime> times;
  for (const ExpressionModel& model : state_->models) {
    times.push_back({prefix_of(model.manifest()), model.clock().calls, model.clock().seconds});
  }
  return times;
}

}  // namespace mien
