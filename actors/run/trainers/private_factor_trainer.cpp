#include "actors/run/trainers/private_factor_trainer.hpp"

#include <string>
#include <utility>

#include "model/adapter/factor_selection.hpp"

namespace lorafleet::actors {

namespace {

/// `state` with the vector of this name replaced, or added at the end.
model::PrivateStatePtr with_vector(const model::PrivateState* state, std::string_view name,
                                   std::vector<float> values) {
  auto changed = std::make_shared<model::PrivateState>();
  if (state != nullptr) *changed = *state;
  for (auto& [known, old] : changed->vectors) {
    if (known != name) continue;
    old = std::move(values);
    return changed;
  }
  changed->vectors.emplace_back(std::string(name), std::move(values));
  return changed;
}

}  // namespace

model::Adapter with_private_b(const model::Adapter& global, const model::PrivateState* state) {
  model::Adapter own = global;
  const std::vector<float>* b = state == nullptr ? nullptr : state->find(kPrivateBName);
  const auto selection = model::FactorSelection::factors_alone(*global.layout, model::Factors::b);
  if (b != nullptr && b->size() == selection.size()) selection.scatter(*b, own.values);
  return own;
}

PrivateFactorTrainer::PrivateFactorTrainer(std::shared_ptr<const model::Trainer> inner)
    : WrappedTrainer(std::move(inner)) {}

model::TrainJob PrivateFactorTrainer::before(const model::TrainJob& job) const {
  model::TrainJob own = job;
  own.start = std::make_shared<const model::Adapter>(with_private_b(*job.start, job.state.get()));
  return own;
}

model::TrainResult PrivateFactorTrainer::after(const model::TrainJob& job,
                                               model::TrainResult result) const {
  const auto b = model::FactorSelection::factors_alone(*job.start->layout, model::Factors::b);
  const auto& state = result.state ? result.state : job.state;
  result.state = with_vector(state.get(), kPrivateBName, b.gather(result.adapter.values));
  b.scatter(b.gather(job.start->values), result.adapter.values);
  return result;
}

}  // namespace lorafleet::actors
