#include "model/training/lora_cohort.hpp"

#include <c10/core/DeviceGuard.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "model/device/device_turns.hpp"
#include "model/device/out_of_memory.hpp"
#include "model/network/network.hpp"
#include "model/network/recompute_choice.hpp"
#include "model/network/step/step.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

std::int64_t tokens_of(JobTraining& job) {
  return static_cast<std::int64_t>(job.next().batch.tokens.size());
}

/// Settings that need less memory; `key`: one of them.
std::string advice(const TrainConfig& train, const std::string& key) {
  std::string text = "a lower train.batch_tokens or " + key;
  if (!recompute_choices().at(train.recompute).value) text += ", or train.recompute = \"layer\",";
  return text + " needs less";
}

}  // namespace

LoraCohort::LoraCohort(const TrainingParts& parts, std::size_t slot)
    : parts_(parts), slot_(slot), device_(parts.base->network().device()) {}

void LoraCohort::add(std::uint64_t ticket, const TrainJob& job) {
  waiting_.push_back({ticket, job});
}

std::vector<Cohort::Ended> LoraCohort::advance() {
  const auto needs_all = [](const Member& member) { return member.needs_all; };
  const bool alone = std::any_of(members_.begin(), members_.end(), needs_all) ||
                     (!waiting_.empty() && needs_all(waiting_.front()));
  const DeviceTurn turn(device_.str(), alone);
  const c10::DeviceGuard on_device(device_);
  begin_jobs();
  advance_together();
  std::vector<Ended> ended = leave();
  limits_.advanced();
  tell();
  return ended;
}

template <typename Work>
LoraCohort::Failure LoraCohort::attempt(const std::string& what, const Work& work) const {
  try {
    work();
  } catch (const c10::Error& full) {
    if (!is_out_of_memory(full)) return {std::current_exception(), false};
    const RuntimeFailure failure("there is no memory for " + what + "; " +
                                 advice(parts_.train, "slots.count") + " (" +
                                 full.what_without_backtrace() + ")");
    return {std::make_exception_ptr(failure), true};
  } catch (...) {
    return {std::current_exception(), false};
  }
  return {};
}

void LoraCohort::begin_jobs() {
  const auto needs_all = [](const Member& member) { return member.needs_all; };
  while (!waiting_.empty() && members_.size() < limits_.jobs()) {
    const bool alone =
        needs_all(waiting_.front()) || std::any_of(members_.begin(), members_.end(), needs_all);
    if (alone && !members_.empty()) return;
    Member& member = members_.emplace_back(std::move(waiting_.front()));
    waiting_.pop_front();
    member.failure = attempt("the weights of a job", [&] {
      member.training = std::make_unique<JobTraining>(parts_, member.job);
    });
    if (member.failure.is_memory) return;
  }
}

void LoraCohort::advance_together() {
  std::vector<Member*> left;
  for (Member& member : members_) {
    if (!member.failure.thrown && !member.training->done()) left.push_back(&member);
  }
  while (!left.empty()) {
    JobTraining& job = *left.front()->training;
    auto end = left.begin() + 1;
    if (may_share_a_pass(job.base(), job.next().dropout)) {
      end = std::stable_partition(left.begin() + 1, left.end(), [&](const Member* member) {
        return &member->training->base() == &job.base();
      });
    }
    advance_over_one_base({left.data(), static_cast<std::size_t>(end - left.begin())});
    left.erase(left.begin(), end);
  }
}

void LoraCohort::advance_over_one_base(Members members) {
  while (!members.empty()) {
    const std::size_t count = that_fit(members);
    if (share_a_pass(members.first(count))) members = members.subspan(count);
  }
}

/// Of the first ones, how many go into the next pass.
std::size_t LoraCohort::that_fit(Members members) const {
  std::int64_t tokens = tokens_of(*members.front()->training);
  std::size_t count = 1;
  for (; count < members.size(); ++count) {
    const std::int64_t own = tokens_of(*members[count]->training);
    if (own > limits_.tokens() - tokens) break;
    tokens += own;
  }
  return count;
}

/// False: there is no memory for so many.
bool LoraCohort::share_a_pass(Members members) {
  std::vector<StepPart> parts;
  std::vector<Dropout> before;
  std::int64_t tokens = 0;
  for (const Member* member : members) {
    parts.push_back(member->training->next());
    before.push_back(parts.back().lora.dropout());
    tokens += tokens_of(*member->training);
  }
  const std::string what = std::to_string(tokens) + " tokens";
  std::vector<StepResult> results;
  const Failure failure = attempt("a pass of " + what, [&] {
    results = forward_and_backward(members.front()->training->base(), parts);
  });
  if (failure.is_memory && members.size() > 1) {
    for (std::size_t i = 0; i < members.size(); ++i)
      parts[i].lora.dropout() = before[i];
    if (lacking_.empty())
      lacking_ = "a pass of " + std::to_string(members.size()) + " jobs with " + what;
    limits_.pass_failed(tokens);
    return false;
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    Member& member = *members[i];
    member.failure = failure;
    if (failure.thrown) continue;
    member.failure =
        attempt("a step of the optimiser", [&] { member.training->take(std::move(results[i])); });
  }
  return true;
}

/// Jobs that ended, or failed. Those that had no memory beside others, or beside what else computes
/// on the device, wait.
std::vector<Cohort::Ended> LoraCohort::leave() {
  std::vector<Ended> ended;
  std::vector<Member> staying;
  std::vector<Member> waiting;
  for (Member& member : members_) {
    const bool done = !member.failure.thrown && member.training->done();
    TrainResult result;
    if (done)
      member.failure = attempt("a job's result", [&] { result = member.training->finish(); });
    const bool was_last = members_.size() == 1 && member.needs_all;
    if (member.failure.is_memory && !was_last) {
      waiting.push_back(
          {member.ticket, std::move(member.job), member.needs_all || members_.size() == 1});
    } else if (done || member.failure.thrown) {
      ended.push_back({member.ticket, std::move(result), member.failure.thrown});
    } else {
      staying.push_back(std::move(member));
    }
  }
  if (!waiting.empty()) {
    if (lacking_.empty()) lacking_ = "one of its jobs";
    if (members_.size() > 1) limits_.job_failed(members_.size());
  }
  members_ = std::move(staying);
  std::move(waiting.rbegin(), waiting.rend(), std::front_inserter(waiting_));
  return ended;
}

void LoraCohort::tell() {
  if (lacking_.empty() || std::exchange(told_, true) || !parts_.warning) return;
  std::string goes_on = "once nothing else computes there";
  if (limits_.tokens() < std::numeric_limits<std::int64_t>::max()) {
    goes_on =
        "with up to " + std::to_string(limits_.tokens()) + " tokens a pass, or one job's at a time";
  } else if (limits_.jobs() < std::numeric_limits<std::size_t>::max()) {
    goes_on = "with up to " + std::to_string(limits_.jobs()) +
              (limits_.jobs() == 1 ? " job" : " jobs") + " at a time";
  }
  parts_.warning("slot " + std::to_string(slot_) + ": " + device_.str() + " has no memory for " +
                 lacking_ + ": it goes on " + goes_on + ", with the same results; " +
                 advice(parts_.train, "slots.cohort"));
}

}  // namespace lorafleet::model
