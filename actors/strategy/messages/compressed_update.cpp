#include "actors/strategy/messages/compressed_update.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "model/adapter/factor_tensors.hpp"

namespace lorafleet::strategy {
namespace {

std::vector<float> residual_of(const model::TrainJob& job, std::size_t size) {
  const auto* kept = job.state ? job.state->find(kErrorFeedback) : nullptr;
  return kept != nullptr && kept->size() == size ? *kept : std::vector<float>(size, 0.0f);
}

model::PrivateStatePtr with_residual(const model::PrivateStatePtr& state,
                                     std::vector<float> residual) {
  auto next = state ? std::make_shared<model::PrivateState>(*state)
                    : std::make_shared<model::PrivateState>();
  const auto found =
      std::find_if(next->vectors.begin(), next->vectors.end(),
                   [](const auto& vector) { return vector.first == kErrorFeedback; });
  if (found != next->vectors.end()) {
    found->second = std::move(residual);
  } else {
    next->vectors.emplace_back(kErrorFeedback, std::move(residual));
  }
  return next;
}

}  // namespace

model::TrainResult compressed_update(const CodecPtr& codec, bool error_feedback,
                                     model::Factors carried, const model::TrainJob& job,
                                     model::TrainResult result) {
  if (!codec || !model::all_finite(result.adapter)) return result;
  const auto& start = job.start->values;
  auto& trained = result.adapter.values;
  if (trained.size() != start.size()) {
    throw std::invalid_argument("a compressed update must have the layout of its start");
  }
  const model::AdapterLayout& layout = *result.adapter.layout;
  std::vector<float> residual =
      error_feedback ? residual_of(job, start.size()) : std::vector<float>(start.size(), 0.0f);
  std::vector<float> change(start.size());
  for (std::size_t i = 0; i < change.size(); ++i) {
    change[i] = static_cast<float>(static_cast<double>(trained[i]) - start[i] + residual[i]);
  }
  const auto read = decoded(layout, carried, codec, change);
  for (const model::TensorRange& range : model::factor_tensors(layout, carried)) {
    for (std::size_t i = range.offset; i < range.offset + range.size; ++i) {
      trained[i] = start[i] + read[i];
      residual[i] = change[i] - read[i];
    }
  }
  if (error_feedback) {
    result.state = with_residual(result.state ? result.state : job.state, std::move(residual));
  }
  return result;
}

}  // namespace lorafleet::strategy
