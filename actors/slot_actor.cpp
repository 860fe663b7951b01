#include "actors/slot_actor.hpp"

#include <utility>

#include "partition/support/error.hpp"

namespace lorafleet::actors {

namespace {

std::string reason_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& thrown) {
    return message_of(thrown);
  } catch (...) {
    return "unknown";
  }
}

}  // namespace

SlotActor::SlotActor(caf::actor_config& config, std::shared_ptr<const model::Trainer> trainer,
                     std::size_t slot, std::shared_ptr<SlotBoard> board)
    : SlotHandle::base(config),
      trainer_(std::move(trainer)),
      cohort_(trainer_->cohort(slot)),
      slot_(slot),
      board_(std::move(board)) {}

SlotActor::behavior_type SlotActor::make_behavior() {
  return {[this](const RunJob& order) { return begin(order); },
          [this](const AdvanceJobs&) { return go_on(); }, [this](const NextPass&) { advance(); }};
}

caf::result<JobResult> SlotActor::begin(const RunJob& order) {
  auto promise = make_response_promise<JobResult>();
  cohort_->add(++tickets_, order.job);
  promised_.emplace(tickets_, Promised{promise, order.job.client});
  return promise;
}

// By way of the mailbox, where jobs may wait that came while the first was added.
caf::result<JobsAdvanced> SlotActor::go_on() {
  advanced_ = make_response_promise<JobsAdvanced>();
  send(this, NextPass{});
  return advanced_;
}

void SlotActor::advance() {
  std::vector<model::Cohort::Ended> all = cohort_->advance();
  if (all.empty() && !promised_.empty()) {
    send(this, NextPass{});
    return;
  }
  for (model::Cohort::Ended& ended : all)
    end(std::move(ended));
  advanced_.deliver(JobsAdvanced{});
}

void SlotActor::end(model::Cohort::Ended ended) {
  auto node = promised_.extract(ended.ticket);
  Promised& own = node.mapped();
  if (ended.failure) {
    own.promise.deliver(caf::make_error(caf::sec::runtime_error,
                                        "training of client " + std::to_string(own.client) +
                                            " failed: " + reason_of(ended.failure)));
    return;
  }
  auto result = std::make_shared<const model::TrainResult>(std::move(ended.result));
  if (board_) board_->add_job(slot_, result->stats.tokens);
  own.promise.deliver(JobResult{std::move(result)});
}

// The promises refer back to this actor.
void SlotActor::on_exit() {
  promised_.clear();
  advanced_ = {};
  cohort_.reset();
}

}  // namespace lorafleet::actors
