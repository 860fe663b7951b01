#pragma once

#include <memory>

#include "actors/messages.hpp"

namespace lorafleet::actors {

/// Scores global adapters beside the training, in the order in which they were made.
class EvaluatorActor final : public EvaluatorHandle::base {
 public:
  /// `in_background`: the actor has a thread of its own and lowers its priority, so that the slots
  /// come first.
  EvaluatorActor(caf::actor_config& config, std::shared_ptr<const model::Scorer> scorer,
                 bool in_background);
  behavior_type make_behavior() override;
  const char* name() const override { return "evaluator"; }

 private:
  std::shared_ptr<const model::Scorer> scorer_;
  bool lower_priority_;
};

}  // namespace lorafleet::actors
