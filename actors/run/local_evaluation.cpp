#include "actors/run/local_evaluation.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "model/device/process.hpp"

namespace lorafleet::actors {

namespace {

/// No job of a run has this number, nor those that are a little smaller.
constexpr std::uint64_t kLocalSeq = std::numeric_limits<std::uint64_t>::max();

/// As many jobs of the client alone, each from what the one before left, as a run has versions for
/// it: job j trains as one from version j does. Both factors are trained, whatever the rule sends.
model::AdapterPtr train_alone(const LocalParts& parts, std::uint32_t client,
                              model::Cohort& cohort) {
  model::AdapterPtr own = parts.start(client);
  model::PrivateStatePtr state;
  for (std::int64_t done = 0; done < parts.alone_jobs; ++done) {
    const auto number = static_cast<std::uint64_t>(done);
    model::TrainJob job{client, kLocalSeq - 1 - number, parts.run_seed, number,
                        own,    parts.train[client]};
    job.state = state;
    auto trained = model::train_alone(cohort, job);
    own = std::make_shared<const model::Adapter>(std::move(trained.adapter));
    state = std::move(trained.state);
  }
  return own;
}

LocalScore score_client(const LocalParts& parts, std::uint32_t client, std::size_t slot) {
  const auto& examples = parts.train[client];
  const auto scorer = parts.scorer(client, slot);
  const auto cohort = parts.trainer->cohort(slot);
  const auto own = parts.adapter(client);
  LocalScore score;
  score.client = client;
  score.train_examples = static_cast<std::int64_t>(examples->size());
  score.context_tokens = parts.context_tokens(client);
  score.base = scorer->evaluate(parts.bare_base ? nullptr : parts.start(client)).total;
  score.global = scorer->evaluate(own).total;
  model::TrainJob job{client, kLocalSeq, parts.run_seed, parts.version, own, examples};
  job.trains = parts.trains;
  auto trained = model::train_alone(*cohort, job);
  score.after_training =
      scorer->evaluate(std::make_shared<const model::Adapter>(std::move(trained.adapter))).total;
  if (parts.alone_jobs > 0)
    score.alone = scorer->evaluate(train_alone(parts, client, *cohort)).total;
  return score;
}

}  // namespace

std::vector<LocalScore> evaluate_locally(const LocalParts& parts, std::stop_token stop) {
  std::vector<std::optional<LocalScore>> scores(parts.clients.size());
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&](std::size_t slot) {
    model::configure_thread(parts.threads);
    try {
      for (std::size_t i = next++; i < scores.size() && !stop.stop_requested(); i = next++) {
        scores[i] = score_client(parts, parts.clients[i], slot);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      next = scores.size();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < std::min(parts.slots, scores.size()); ++i)
      workers.emplace_back(work, i);
  }
  if (failure) std::rethrow_exception(failure);
  std::vector<LocalScore> finished;
  for (auto& score : scores) {
    if (score) finished.push_back(*score);
  }
  return finished;
}

}  // namespace lorafleet::actors
