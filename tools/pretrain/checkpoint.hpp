#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

namespace lorafleet::pretrain {

/// A training between two steps.
struct TrainingState {
  std::vector<float> weights;
  std::vector<float> first;  ///< AdamW's moments
  std::vector<float> second;
  nlohmann::ordered_json facts;  ///< what the training is, and how far it came
};

/// Where a training leaves it in its folder.
std::filesystem::path checkpoint_file(const std::filesystem::path& folder);

/// Written under another name and renamed. Throws RuntimeFailure.
void save_checkpoint(const std::filesystem::path& folder, const TrainingState& state);

/// Throws InputError naming the file where it is none, or of another number of weights than `size`.
TrainingState load_checkpoint(const std::filesystem::path& folder, std::size_t size);

}  // namespace lorafleet::pretrain
