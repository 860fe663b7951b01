#include "actors/report/data/curve.hpp"

#include <algorithm>

namespace lorafleet::report {

void CurveSampler::Bucket::include(const Indexed& one) {
  if (one.point.value < least.point.value) least = one;
  if (one.point.value > largest.point.value) largest = one;
}

void CurveSampler::add(const CurvePoint& point) {
  const Indexed one{seen_++, point};
  if (one.index == 0) first_ = one;
  last_ = one;
  while (one.index / stride_ >= places_)
    halve();
  const std::size_t place = one.index / stride_;
  if (place == buckets_.size()) {
    buckets_.push_back({one, one});
  } else {
    buckets_[place].include(one);
  }
}

void CurveSampler::halve() {
  for (std::size_t i = 0; i < buckets_.size(); i += 2) {
    Bucket merged = buckets_[i];
    if (i + 1 < buckets_.size()) {
      merged.include(buckets_[i + 1].least);
      merged.include(buckets_[i + 1].largest);
    }
    buckets_[i / 2] = merged;
  }
  buckets_.erase(buckets_.begin() + static_cast<std::ptrdiff_t>((buckets_.size() + 1) / 2),
                 buckets_.end());
  stride_ *= 2;
}

std::vector<CurvePoint> CurveSampler::points() const {
  std::vector<Indexed> kept;
  if (seen_ > 0) kept = {first_, last_};
  for (const Bucket& bucket : buckets_) {
    kept.push_back(bucket.least);
    kept.push_back(bucket.largest);
  }
  const auto before = [](const Indexed& a, const Indexed& b) { return a.index < b.index; };
  const auto same = [](const Indexed& a, const Indexed& b) { return a.index == b.index; };
  std::sort(kept.begin(), kept.end(), before);
  kept.erase(std::unique(kept.begin(), kept.end(), same), kept.end());
  std::vector<CurvePoint> points;
  for (const Indexed& one : kept)
    points.push_back(one.point);
  return points;
}

}  // namespace lorafleet::report
