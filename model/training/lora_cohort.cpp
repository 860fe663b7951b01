#include "model/training/lora_cohort.hpp"

#include <c10/core/DeviceGuard.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <string>
#include <utility>

#include "model/network/network.hpp"
#include "model/network/step/step.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

using Jobs = std::span<JobTraining* const>;

RuntimeFailure too_large(const StepPart& part, const c10::OutOfMemoryError& full) {
  return RuntimeFailure(
      "there is no memory for a pass of " + std::to_string(part.batch.tokens.size()) +
      " tokens; a lower train.batch_tokens or slots.count, or train.recompute = " +
      "\"layer\", needs less (" + full.what_without_backtrace() + ")");
}

/// One pass over one base.
void share_a_pass(Jobs jobs) {
  std::vector<StepPart> parts;
  for (JobTraining* job : jobs)
    parts.push_back(job->next());
  std::vector<Dropout> before;
  for (const StepPart& part : parts)
    before.push_back(part.lora.dropout());
  std::vector<StepResult> results;
  try {
    results = forward_and_backward(jobs.front()->base(), parts);
  } catch (const c10::OutOfMemoryError& full) {
    if (jobs.size() == 1) throw too_large(parts.front(), full);
  }
  if (results.empty()) {
    for (std::size_t i = 0; i < jobs.size(); ++i)
      parts[i].lora.dropout() = before[i];
    share_a_pass(jobs.first(jobs.size() / 2));
    share_a_pass(jobs.subspan(jobs.size() / 2));
    return;
  }
  for (std::size_t i = 0; i < jobs.size(); ++i)
    jobs[i]->take(std::move(results[i]));
}

}  // namespace

void advance_together(Jobs jobs) {
  std::vector<JobTraining*> left(jobs.begin(), jobs.end());
  while (!left.empty()) {
    const BaseModel* base = &left.front()->base();
    auto end = left.begin() + 1;
    if (may_share_a_pass(*base, left.front()->next().dropout)) {
      end = std::stable_partition(left.begin() + 1, left.end(),
                                  [&](JobTraining* job) { return &job->base() == base; });
    }
    share_a_pass({left.data(), static_cast<std::size_t>(end - left.begin())});
    left.erase(left.begin(), end);
  }
}

LoraCohort::LoraCohort(const TrainingParts& parts)
    : parts_(parts), device_(parts.base->network().device()) {}

void LoraCohort::add(std::uint64_t ticket, const TrainJob& job) {
  const c10::DeviceGuard on_device(device_);
  try {
    members_.push_back({ticket, std::make_unique<JobTraining>(parts_, job)});
  } catch (...) {
    failed_.push_back({ticket, {}, std::current_exception()});
  }
}

std::vector<Cohort::Ended> LoraCohort::advance() {
  const c10::DeviceGuard on_device(device_);
  std::vector<Ended> ended = std::exchange(failed_, {});
  std::vector<JobTraining*> going;
  for (const Member& member : members_) {
    if (!member.training->done()) going.push_back(member.training.get());
  }
  std::exception_ptr failure;
  try {
    advance_together(going);
  } catch (...) {
    failure = std::current_exception();
  }
  std::erase_if(members_, [&](Member& member) {
    if (!failure && !member.training->done()) return false;
    ended.push_back({member.ticket, {}, failure});
    try {
      if (!failure) ended.back().result = member.training->finish();
    } catch (...) {
      ended.back().failure = std::current_exception();
    }
    return true;
  });
  return ended;
}

}  // namespace lorafleet::model
