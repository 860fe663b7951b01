#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::actors::tensorboard {

/// What a TensorBoard event file has at one step: `Event` of TensorFlow's event.proto with a
/// `Summary` of summary.proto, in protobuf's wire format.
class SummaryEvent {
 public:
  SummaryEvent(double wall_time, std::int64_t step);

  void scalar(std::string_view tag, double value);
  /// The distribution of `values`, those that are not finite left out, in 30 buckets of one width
  /// at most, whole numbers near each other in one each. Nothing where none is left.
  void histogram(std::string_view tag, const std::vector<double>& values);
  [[nodiscard]] bool empty() const { return summary_.empty(); }
  [[nodiscard]] std::string bytes() const;

 private:
  void value(std::string_view tag, std::string_view field);

  double wall_time_;
  std::int64_t step_;
  std::string summary_;
};

/// The event that a file must begin with.
std::string first_event(double wall_time);

}  // namespace lorafleet::actors::tensorboard
