#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "stats/parallel.h"
#include "training/logistic_columns.h"

namespace mien {

namespace {

constexpr int kMostSteps = 60;
constexpr int kMostConjugateSteps = 60;
constexpr int kMostHalvings = 20;
constexpr double kGradientEnd = 1e-4;   // relative to that at the beginning
constexpr double kConjugateEnd = 0.05;  // relative to the gradient
constexpr double kArmijo = 1e-4;        // share of the fall that the slope promises
constexpr std::size_t kCasesAPiece = 8192;

at::Tensor view(std::span<const float> values, std::size_t rows, std::size_t columns) {
  return at::from_blob(const_cast<float*>(values.data()),  // NOLINT: only read
                       {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)},
                       at::kFloat);
}

std::vector<float> taken(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.contiguous();
  return {whole.data_ptr<float>(), whole.data_ptr<float>() + whole.numel()};
}

at::Tensor dots(const at::Tensor& a, const at::Tensor& b) {  // of columns
  return (a.to(at::kDouble) * b.to(at::kDouble)).sum(0);
}

}  // namespace

struct LogisticSolver::State {
  std::vector<at::Tensor> pieces;  // of the features
  std::size_t cases, width;
  int threads;

  // Parameters are [width + 1][columns], intercepts last.
  at::Tensor product(const at::Tensor& parameters) const {
    const auto inner = static_cast<std::int64_t>(width);
    const at::Tensor slopes = parameters.narrow(0, 0, inner);
    const at::Tensor intercepts = parameters.narrow(0, inner, 1);
    std::vector<at::Tensor> parts(pieces.size());
    for_each_piece(pieces.size(), threads, [&](std::size_t i) {
      const at::NoGradGuard guard;
      parts[i] = at::addmm(intercepts, pieces[i], slopes);
    });
    return at::cat(parts, 0);
  }

  at::Tensor transposed_product(const at::Tensor& pull) const {
    std::vector<at::Tensor> parts(pieces.size());
    for_each_piece(pieces.size(), threads, [&](std::size_t i) {
      const at::NoGradGuard guard;
      const at::Tensor part =
          pull.narrow(0, static_cast<std::int64_t>(i * kCasesAPiece), pieces[i].size(0));
      parts[i] = at::cat({pieces[i].t().mm(part), part.sum(0, true)}, 0);
    });
    at::Tensor sum = parts[0];
    for (std::size_t i = 1; i < parts.size(); ++i) sum += parts[i];
    return sum;
  }
};

LogisticSolver::LogisticSolver(std::span<const float> features, std::size_t cases,
                               std::size_t width, int threads)
    : state_(std::make_unique<State>()) {
  at::set_num_threads(1);
  const at::NoGradGuard guard;
  state_->cases = cases;
  state_->width = width;
  state_->threads = threads;
  for (std::size_t first = 0; first < cases; first += kCasesAPiece) {
    const std::size_t rows = std::min(kCasesAPiece, cases - first);
    state_->pieces.push_back(view(features.subspan(first * width, rows * width), rows, width));
  }
}

LogisticSolver::~LogisticSolver() = default;

void LogisticSolver::fit(std::span<const float> targets, std::span<const float> weights,
                         double penalty, LogisticColumns& columns) const {
  const at::NoGradGuard guard;
  const std::size_t count = targets.size() / state_->cases;
  const auto width = static_cast<std::int64_t>(state_->width);
  const at::Tensor raw = view(weights, state_->cases, count);
  const at::Tensor weight = raw / raw.to(at::kDouble).sum(0).to(at::kFloat).clamp_min(1e-30);
  const at::Tensor target = at::where(raw > 0, view(targets, state_->cases, count), 0.5);
  at::Tensor ridge = at::full({width + 1, 1}, penalty, at::kFloat);
  ridge[width] = 0;

  at::Tensor parameters = at::zeros({width + 1, static_cast<std::int64_t>(count)});
  if (!columns.bias.empty()) {
    parameters =
        at::cat({view(columns.weights, state_->width, count), view(columns.bias, 1, count)}, 0);
  }
  const auto objective = [&](const at::Tensor& z, const at::Tensor& at) {
    const at::Tensor loss = (at::softplus(z) - target * z).to(at::kDouble) * weight.to(at::kDouble);
    return loss.sum(0) + (ridge.to(at::kDouble) * at.to(at::kDouble).square()).sum(0) / 2;
  };
  at::Tensor z = state_->product(parameters);
  at::Tensor value = objective(z, parameters);
  at::Tensor end;
  for (int step = 0; step < kMostSteps; ++step) {
    const at::Tensor prob = at::sigmoid(z);
    const at::Tensor gradient =
        state_->transposed_product(weight * (prob - target)) + ridge * parameters;
    const at::Tensor length = dots(gradient, gradient).sqrt();
    if (step == 0) {
      // What a start at zero would see, so that a warm start does not move the goal.
      const at::Tensor rate = (weight * target).sum(0);
      const at::Tensor still = state_->transposed_product(weight * (rate - target));
      end = kGradientEnd * dots(still, still).sqrt().clamp_min(1e-3);
    }
    const at::Tensor going = (length > end).to(at::kFloat);
    if (going.sum().item<float>() == 0) break;
    const at::Tensor curvature = weight * prob * (1 - prob);

    // Conjugate gradients on H p = -g, all columns at once; a column that is done stands still.
    at::Tensor p = at::zeros_like(gradient);
    at::Tensor residual = -gradient * going;
    at::Tensor direction = residual.clone();
    at::Tensor power = dots(residual, residual);
    const at::Tensor goal = power * kConjugateEnd * kConjugateEnd;
    for (int inner = 0; inner < kMostConjugateSteps; ++inner) {
      const at::Tensor open = (power > goal).to(at::kDouble);
      if (open.sum().item<double>() == 0) break;
      const at::Tensor bent =
          state_->transposed_product(curvature * state_->product(direction)) + ridge * direction;
      const at::Tensor along = open * power / dots(direction, bent).clamp_min(1e-30);
      const at::Tensor pace = along.to(at::kFloat);
      p += pace * direction;
      residual -= pace * bent;
      const at::Tensor next = dots(residual, residual);
      direction = residual + (next / power.clamp_min(1e-30)).to(at::kFloat) * direction;
      power = at::where(open > 0, next, power);
    }
    const at::Tensor slope = dots(gradient, p);
    const at::Tensor dz = state_->product(p);
    at::Tensor size = going.to(at::kDouble);
    at::Tensor fallen = at::zeros_like(size);
    for (int halving = 0; halving < kMostHalvings; ++halving) {
      const at::Tensor tried =
          objective(z + size.to(at::kFloat) * dz, parameters + size.to(at::kFloat) * p);
      fallen = (tried <= value + kArmijo * size * slope).to(at::kDouble);
      if (fallen.min().item<double>() > 0) break;
      size = at::where(fallen > 0, size, size / 2);
    }
    size = size * fallen;  // single precision can do no better
    if (size.max().item<double>() == 0) break;
    parameters = parameters + size.to(at::kFloat) * p;
    z = state_->product(parameters);
    value = objective(z, parameters);
  }
  columns.weights = taken(parameters.narrow(0, 0, width));
  columns.bias = taken(parameters.narrow(0, width, 1));
}

std::vector<float> LogisticSolver::logits(const LogisticColumns& columns) const {
  const at::NoGradGuard guard;
  const std::size_t count = columns.bias.size();
  return taken(state_->product(
      at::cat({view(columns.weights, state_->width, count), view(columns.bias, 1, count)}, 0)));
}

}  // namespace mien
