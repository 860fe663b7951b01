#pragma once

#include <filesystem>
#include <vector>

#include "model/evaluation/evaluation.hpp"

namespace lorafleet::actors {

/// predictions.jsonl: a line for each held-out example with id, target, what the model wrote, what
/// it chose, and the scores of both.
void write_predictions(const std::vector<model::Prediction>& predictions,
                       const std::filesystem::path& file);

}  // namespace lorafleet::actors
