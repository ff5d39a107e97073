// For tests: people who move about, the faces that a detector would see of them, and who is who.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "base/random.h"
#include "face/descriptor_rule.h"
#include "face/frame_analyser.h"

namespace mien::testing {

inline constexpr double kRateHz = 6;

using Vector = std::vector<float>;

inline Vector unit(Vector v) {
  double squares = 0;
  for (const float x : v) squares += static_cast<double>(x) * static_cast<double>(x);
  for (float& x : v) x = static_cast<float>(static_cast<double>(x) / std::sqrt(squares));
  return v;
}

inline Vector noise(Random& random) {
  Vector v(512);
  for (float& x : v) x = static_cast<float>(random.normal());
  return unit(v);
}

// As faceres behaves: cosine distance of about 0.10 within a person and 0.55 between people.
inline const Vector& fixed(std::uint64_t seed) {
  static std::map<std::uint64_t, Vector> made;
  const auto [at, is_new] = made.try_emplace(seed);
  if (is_new) {
    Random random(seed);
    at->second = noise(random);
  }
  return at->second;
}

inline Vector descriptor_of(int person, Random& random) {
  const Vector& shared = fixed(1);
  const Vector& theirs = fixed(static_cast<std::uint64_t>(person) + 100);
  const Vector now = noise(random);
  Vector v(shared.size());
  for (std::size_t i = 0; i < v.size(); ++i) {
    v[i] = 0.67F * shared[i] + 0.67F * theirs[i] + 0.32F * now[i];
  }
  return unit(v);
}

struct Actor {
  int person = 0;
  std::function<Point2(double)> centre;  // source px at a time in s
  float size_px = 80;
  std::function<bool(double)> seen = [](double) { return true; };
};

struct Scene {
  std::vector<Actor> actors;
  double seconds = 5;
  double jitter = 0.02;  // of the size, standard deviation of position and size
  bool descriptors = true;
  double missed = 0;  // share of detections that are lost
  std::uint64_t seed = 1;
};

struct Frames {
  std::vector<FrameFaces> frames;
  std::vector<std::vector<int>> people;  // truth, in the order of the faces
};

inline Frames play(const Scene& scene) {
  Random random(scene.seed);
  Frames result;
  const int count = static_cast<int>(scene.seconds * kRateHz);
  for (int k = 0; k < count; ++k) {
    const double t = k / kRateHz;
    FrameFaces frame;
    frame.grid_index = k;
    frame.pts_us = static_cast<std::int64_t>(std::llround(t * 1e6));
    std::vector<int> people;
    for (const Actor& actor : scene.actors) {
      const Point2 centre = actor.centre(t);
      const auto wobble = [&] { return static_cast<float>(scene.jitter * random.normal()); };
      const float size = actor.size_px * std::exp(wobble());
      const float x = centre.x + actor.size_px * wobble();
      const float y = centre.y + actor.size_px * wobble();
      const Vector descriptor = descriptor_of(actor.person, random);
      const bool lost = random.uniform() < scene.missed;
      if (!actor.seen(t) || lost) continue;
      FaceObservation face;
      face.detection.box = {x - size / 2, y - size / 2, size, size};
      face.detection.score_prob = 0.9F;
      if (scene.descriptors) face.descriptor = descriptor;
      frame.faces.push_back(face);
      people.push_back(actor.person);
    }
    result.frames.push_back(frame);
    result.people.push_back(people);
  }
  return result;
}

// As the analyser does: descriptors only where the rule wants them.
inline void thin_descriptors(Frames& played) {
  DescriptorRule rule;
  for (FrameFaces& frame : played.frames) {
    const std::vector<bool> wanted = rule.wanted(frame.faces, frame.pts_us);
    for (std::size_t i = 0; i < frame.faces.size(); ++i) {
      if (!wanted[i]) frame.faces[i].descriptor.clear();
    }
  }
}

inline std::function<Point2(double)> at(float x, float y) {
  return [=](double) { return Point2{x, y}; };
}
inline std::function<Point2(double)> walk(float x, float y, float speed_x, float speed_y = 0) {
  return [=](double t) {
    return Point2{x + speed_x * static_cast<float>(t), y + speed_y * static_cast<float>(t)};
  };
}

}  // namespace mien::testing
