#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace lorafleet::report {

/// What a sweep says to one of its questions. Numbers that it does not have are nan.
struct Answer {
  std::string claim;
  std::string answer;  ///< "supported", "contradicted", "undecided"
  std::string compared;
  std::string reason;  ///< why nothing could be said, where that is so
  bool ratio = false;
  std::size_t seeds = 0;
  double estimate = 0.0;
  double low = 0.0;
  double high = 0.0;
  double p_holm = 0.0;
  double effect = 0.0;      ///< d_z
  double could_show = 0.0;  ///< with so many seeds
};

/// The answers in a sweep's folder; none where it asks nothing. Throws InputError that names the
/// file.
std::vector<Answer> answers_of_sweep(const std::filesystem::path& folder);

}  // namespace lorafleet::report
