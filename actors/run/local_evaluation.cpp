#include "actors/run/local_evaluation.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "model/device/runtime.hpp"

namespace lorafleet::actors {

namespace {

/// No job of a run has this number.
constexpr std::uint64_t kLocalSeq = std::numeric_limits<std::uint64_t>::max();

LocalScore score_client(const LocalParts& parts, std::uint32_t client) {
  const auto& examples = parts.train[client];
  const auto scorer = parts.scorer(client);
  const auto own = parts.adapter(client);
  LocalScore score;
  score.client = client;
  score.train_examples = static_cast<std::int64_t>(examples->size());
  score.context_tokens = parts.context_tokens(client);
  score.base = scorer->evaluate(nullptr).total;
  score.global = scorer->evaluate(own).total;
  model::TrainJob job{client, kLocalSeq, parts.run_seed, parts.version, own, examples};
  job.trains = parts.trains;
  auto trained = parts.trainer->train(job);
  score.after_training =
      scorer->evaluate(std::make_shared<const model::Adapter>(std::move(trained.adapter))).total;
  return score;
}

}  // namespace

std::vector<LocalScore> evaluate_locally(const LocalParts& parts, std::stop_token stop) {
  std::vector<std::optional<LocalScore>> scores(parts.clients.size());
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    model::configure_thread(parts.threads);
    try {
      for (std::size_t i = next++; i < scores.size() && !stop.stop_requested(); i = next++) {
        scores[i] = score_client(parts, parts.clients[i]);
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
      workers.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  std::vector<LocalScore> finished;
  for (auto& score : scores) {
    if (score) finished.push_back(*score);
  }
  return finished;
}

}  // namespace lorafleet::actors
