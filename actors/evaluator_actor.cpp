#include "actors/evaluator_actor.hpp"
#include "partition/support/error.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <string>

namespace lorafleet::actors {

EvaluatorActor::EvaluatorActor(caf::actor_config& config,
                               std::shared_ptr<const model::Scorer> scorer, bool in_background)
    : EvaluatorHandle::base(config), scorer_(std::move(scorer)), lower_priority_(in_background) {}

EvaluatorActor::behavior_type EvaluatorActor::make_behavior() {
  return {[this](const EvaluateVersion& order) -> caf::result<VersionEvaluated> {
    if (lower_priority_) {
      constexpr int kNice = 5;  // about a third of a training thread's share
      ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
      lower_priority_ = false;
    }
    try {
      return VersionEvaluated{order.version,
                              std::make_shared<const model::Evaluation>(
                                  order.fully ? scorer_->evaluate_fully(order.adapter)
                                              : scorer_->evaluate(order.adapter))};
    } catch (const std::exception& failure) {
      return caf::make_error(caf::sec::runtime_error, "evaluation of version " +
                                                          std::to_string(order.version.value) +
                                                          " failed: " + message_of(failure));
    }
  }};
}

}  // namespace lorafleet::actors
