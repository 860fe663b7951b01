#pragma once

#include <cstddef>
#include <vector>

namespace lorafleet::report {

/// A figure of a version, and where on each horizontal axis it lies.
struct CurvePoint {
  double seconds = 0.0;  ///< virtual time
  double version = 0.0;
  double bytes = 0.0;   ///< over the links since the start, both ways
  double tokens = 0.0;  ///< trained on since the start
  double value = 0.0;
  double energy_wh = 0.0;  ///< of all jobs that had ended
  friend bool operator==(const CurvePoint&, const CurvePoint&) = default;
};

/// Thins a stream of points: of neighbours that share a place it keeps the one with the least and
/// the one with the largest value, and of all points the first and the last. Never random.
class CurveSampler {
 public:
  /// Keeps at most `most` points, two of which are the first and the last; `most` is 6 or more.
  explicit CurveSampler(std::size_t most = 1000) : places_((most - 2) / 4 * 2) {}

  void add(const CurvePoint& point);
  /// In the order in which they came.
  [[nodiscard]] std::vector<CurvePoint> points() const;
  [[nodiscard]] std::size_t seen() const { return seen_; }

 private:
  struct Indexed {
    std::size_t index;
    CurvePoint point;
  };
  struct Bucket {
    Indexed least;
    Indexed largest;
    void include(const Indexed& one);
  };
  void halve();

  std::size_t places_;
  std::size_t stride_ = 1;  ///< points that share a place
  std::size_t seen_ = 0;
  Indexed first_{0, {}};
  Indexed last_{0, {}};
  std::vector<Bucket> buckets_;
};

}  // namespace lorafleet::report
